// The canned server in one process, a subject in another, and what the one says of the other.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { QueueCounts, QueueSettings } from "./canned-queue.js";
import type { ServerAnswer, ServerOrder } from "./canned-server-orders.js";
import { Child } from "./child.js";
import type { Look, SubjectAnswer, SubjectOrder } from "./subject-orders.js";
import type { Work } from "./work.js";

const SERVER_CORE = 0;
const SUBJECT_CORE = 1;
/** How often a subject is looked at while it works. */
const LOOK_MS = 100;
/** For how long nothing may happen while a subject has messages in its hands and no more come. */
const PATIENCE_MS = 30_000;

/** A subject, and how it is used. */
export interface Subject {
  /** The name of its file in `subjects`. */
  readonly module: string;
  readonly way: string;
  readonly concurrency: number;
}

/** What it is to do. */
export interface Scene {
  readonly work: Work;
  readonly queue?: QueueSettings | undefined;
  readonly visibilityTimeoutSeconds?: number | undefined;
  readonly maxInFlightBytes?: number | undefined;
  /** Whether its garbage can be collected when it is looked at. */
  readonly collectsGarbage?: boolean | undefined;
  /** Whether it has a core to itself, but for what is bound to the same. Default: it has. */
  readonly isBound?: boolean | undefined;
}

/** Both sides at one moment. */
export interface Sight {
  readonly subject: Look;
  readonly queue: QueueCounts;
}

/** What was between two moments. */
export interface Span {
  readonly messages: number;
  readonly perSecond: number;
  readonly cpuMicroseconds: number;
  /** CPU time of the subject by time that passed: 1 is one core. */
  readonly cores: number;
  readonly requestsPerMessage: number;
}

export interface StageOptions {
  /** Whether the server speaks TLS. */
  readonly isSecure?: boolean;
  /** Where the subjects leave their CPU profiles, if they are wanted. */
  readonly profileFolder?: string | undefined;
}

/** The server, for one bench. */
export class Stage implements Disposable {
  readonly #server: Child<ServerOrder, ServerAnswer>;
  readonly #folder = mkdtempSync(join(tmpdir(), "millrace-bench-"));
  readonly #env: Record<string, string>;
  readonly #execArgv: readonly string[];
  #queues = 0;

  private constructor(
    server: Child<ServerOrder, ServerAnswer>,
    { endpoint = "", certificate }: ServerAnswer,
    profileFolder: string | undefined,
  ) {
    this.#server = server;
    this.#execArgv = profileFolder === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${profileFolder}`];
    this.#env = {
      AWS_ENDPOINT_URL_SQS: endpoint,
      AWS_REGION: "us-east-1",
      AWS_ACCESS_KEY_ID: "bench",
      AWS_SECRET_ACCESS_KEY: "bench",
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
    };
    if (certificate !== undefined) {
      const file = join(this.#folder, "certificate.pem");
      writeFileSync(file, certificate);
      this.#env["NODE_EXTRA_CA_CERTS"] = file;
    }
  }

  static async open({ isSecure = false, profileFolder }: StageOptions = {}): Promise<Stage> {
    const server = new Child<ServerOrder, ServerAnswer>("canned-server-process.js", { core: SERVER_CORE });
    const answer = await server.ask({ kind: "start", isSecure });
    return new Stage(server, answer, profileFolder);
  }

  /** Starts a subject in a process of its own, on a queue of its own that is empty. */
  async start(subject: Subject, scene: Scene): Promise<Actor> {
    this.#queues += 1;
    const settings = scene.queue ?? {};
    const answer = await this.#server.ask({ kind: "createQueue", name: `queue-${this.#queues}`, settings });
    const { queueUrl = "" } = answer;
    const execArgv = [...this.#execArgv, ...(scene.collectsGarbage === true ? ["--expose-gc"] : [])];
    const child = new Child<SubjectOrder, SubjectAnswer>("subject-process.js", {
      core: scene.isBound === false ? undefined : SUBJECT_CORE,
      execArgv,
      env: this.#env,
    });
    const actor = new Actor(subject, { server: this.#server, child, queueUrl });
    const { module, way, concurrency } = subject;
    const { visibilityTimeoutSeconds, maxInFlightBytes } = scene;
    const setup = { queueUrl, way, concurrency, visibilityTimeoutSeconds, maxInFlightBytes };
    await actor.ask({ kind: "start", module, setup, work: scene.work });
    return actor;
  }

  /** How long a process that does nothing else takes to load packages, in milliseconds. */
  async timeLoading(names: readonly string[]): Promise<number> {
    using child = new Child<SubjectOrder, SubjectAnswer>("subject-process.js", { core: SUBJECT_CORE, env: this.#env });
    const { loadMs = Number.NaN } = await child.ask({ kind: "load", names });
    return loadMs;
  }

  [Symbol.dispose](): void {
    this.#server[Symbol.dispose]();
    rmSync(this.#folder, { recursive: true });
  }
}

interface ActorParts {
  readonly server: Child<ServerOrder, ServerAnswer>;
  readonly child: Child<SubjectOrder, SubjectAnswer>;
  readonly queueUrl: string;
}

/** A subject that runs. */
export class Actor implements Disposable {
  readonly #subject: Subject;
  readonly #parts: ActorParts;

  constructor(subject: Subject, parts: ActorParts) {
    this.#subject = subject;
    this.#parts = parts;
  }

  /** Gives it an order, and throws what came of it when it could not be done. */
  async ask(order: SubjectOrder): Promise<SubjectAnswer> {
    try {
      return await this.#parts.child.ask(order);
    } catch (cause) {
      throw new Error(`${this.#name}: ${(cause as Error).message}`, { cause });
    }
  }

  /** Puts so many messages into its queue; without a number, it is never empty. */
  async supply(messages?: number): Promise<void> {
    await this.#parts.server.ask({ kind: "supply", queueUrl: this.#parts.queueUrl, messages });
  }

  /** Sends so many messages a second to its queue. */
  async send(perSecond: number): Promise<void> {
    await this.#parts.server.ask({ kind: "send", queueUrl: this.#parts.queueUrl, perSecond });
  }

  async look({ collectsGarbage = false }: { collectsGarbage?: boolean } = {}): Promise<Sight> {
    const [{ look: subject }, queue] = await Promise.all([this.ask({ kind: "look", collectsGarbage }), this.count()]);
    if (subject === undefined) throw new Error(`${this.#name} cannot be looked at`);
    return { subject, queue };
  }

  async count(): Promise<QueueCounts> {
    const { counts } = await this.#parts.server.ask({ kind: "count", queueUrl: this.#parts.queueUrl });
    if (counts === undefined) throw new Error("The server does not count");
    return counts;
  }

  /** Looks twice, with so long in between. */
  async watch(ms: number): Promise<Span> {
    const before = await this.look();
    await sleep(ms);
    return between(before, await this.look());
  }

  /**
   * Looks twice, with so much CPU time of the subject in between: on a busy machine, as much work is done as on a quiet one.
   *
   * @param atMostMs - For subjects that wait most of the time. Time in which others had the core is not counted.
   */
  async watchCpu(cpuMs: number, atMostMs: number): Promise<Span> {
    const before = await this.look();
    let after = before;
    while (after.subject.cpuMicroseconds - before.subject.cpuMicroseconds < cpuMs * 1_000) {
      const elapsedMs = after.subject.atMs - before.subject.atMs;
      if (elapsedMs - (after.subject.heldUpMs - before.subject.heldUpMs) > atMostMs) break;
      await sleep(LOOK_MS);
      after = await this.look();
    }
    return between(before, after);
  }

  /**
   * Sends nothing more, waits for what is on its way, and ends it.
   *
   * @throws When a message was not handled, or handled and not deleted, or deleted twice.
   */
  async finish(): Promise<void> {
    await this.supply(0);
    let sight = await this.look();
    let changedAt = performance.now();
    while (!isDone(sight) && performance.now() - changedAt < PATIENCE_MS) {
      await sleep(10);
      const before = sight;
      sight = await this.look();
      if (progressOf(sight) !== progressOf(before)) changedAt = performance.now();
    }
    await this.ask({ kind: "stop" });
    const { subject, queue } = await this.look();
    this[Symbol.dispose]();
    if (isDone({ subject, queue }) && queue.duplicates === 0) return;
    const { given, deleted, duplicates } = queue;
    throw new Error(
      `${this.#name}: ${given} messages were given, ${subject.handled} handled, ${deleted} deleted, ${duplicates} of them twice`,
    );
  }

  get #name(): string {
    return `${this.#subject.module} (${this.#subject.way}, ${this.#subject.concurrency})`;
  }

  [Symbol.dispose](): void {
    this.#parts.child[Symbol.dispose]();
  }
}

function isDone({ subject, queue }: Sight): boolean {
  return queue.given === queue.deleted && queue.given === subject.handled;
}

function progressOf({ subject, queue }: Sight): number {
  return subject.handled + queue.given + queue.deleted;
}

/** What a message cost, and how many there were. */
export function between(before: Sight, after: Sight): Span {
  const messages = after.subject.handled - before.subject.handled;
  const deleted = after.queue.deleted - before.queue.deleted;
  const elapsedMs = after.subject.atMs - before.subject.atMs;
  const cpuMicroseconds = after.subject.cpuMicroseconds - before.subject.cpuMicroseconds;
  return {
    messages,
    perSecond: (messages / elapsedMs) * 1_000,
    cpuMicroseconds: cpuMicroseconds / messages,
    cores: cpuMicroseconds / 1_000 / elapsedMs,
    requestsPerMessage: (countRequests(after.queue) - countRequests(before.queue)) / deleted,
  };
}

/** Of every kind. */
export function countRequests({ requests }: QueueCounts): number {
  return Object.values(requests).reduce((sum, count) => sum + count, 0);
}
