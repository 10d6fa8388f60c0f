// Runs one history: a service, its consumers and their handlers, on one clock.
import { SimulatedSqs, SqsServiceError, VirtualClock, type FaultSettings, type SqsOperation } from "millrace/testing";
import type { MillraceError, StopResult } from "millrace";
import {
  checkEnd,
  checkRequestBegan,
  checkRequestEnded,
  checkRunBegan,
  checkStep,
  checkStopped,
} from "./checks/checks.js";
import { Draw } from "./draw.js";
import { HandlerSide } from "./handler-side.js";
import { type Command, type FaultPeriod, type History, isDisruptive } from "./history.js";
import { Member } from "./member.js";
import { NO_SABOTAGE, type Sabotage } from "./sabotage.js";
import { ServiceView } from "./service-view.js";
import { Trace } from "./trace.js";
import { type Violation, Violations } from "./violation.js";
import { createWitnessPort, type WitnessedRequest } from "./witness-port.js";

/** What consumers ask of the service: faults concern these, and not the sender of the messages. */
const OPERATIONS: readonly SqsOperation[] = [
  "ReceiveMessage",
  "DeleteMessageBatch",
  "ChangeMessageVisibilityBatch",
  "SendMessageBatch",
  "GetQueueAttributes",
  "GetQueueUrl",
];

const QUEUE = "jobs";
const DEAD_LETTERS = "jobs-dead";

/** How long the end may take: handlers, retries and leases are all over within some minutes. */
const LONGEST_END_MS = 3_600_000;

const LONGEST_LATENCY_MS = 300;

const MOST_REQUESTS_AT_ONE_MOMENT = 1_000;

export interface PlayOptions {
  /** Breaks something on purpose. */
  readonly sabotage?: Sabotage | undefined;
  readonly isTraced?: boolean;
}

export class World {
  readonly history: History;
  readonly clock: VirtualClock;
  readonly sqs: SimulatedSqs;
  readonly violations: Violations;
  readonly trace: Trace;
  readonly view: ServiceView;
  readonly handlers: HandlerSide;
  readonly members: Member[] = [];
  readonly requests: WitnessedRequest[] = [];
  readonly sabotage: Sabotage;
  queueUrl = "";
  deadLetterUrl = "";
  /** Whether what was planned is over. */
  isEnding = false;
  readonly #draw: Draw;
  #sent = 0;

  constructor(history: History, { sabotage = NO_SABOTAGE, isTraced = false }: PlayOptions) {
    this.history = history;
    this.sabotage = sabotage;
    this.clock = new VirtualClock();
    this.#draw = new Draw(history.seed ^ 0x5eed);
    this.sqs = new SimulatedSqs({ clock: this.clock, random: this.#draw.random, journal: true });
    this.violations = new Violations(() => this.clock.now());
    this.trace = new Trace(this, isTraced);
    const { journal } = this.sqs;
    if (journal === undefined) throw new Error("The service keeps no journal");
    this.view = new ServiceView(journal, QUEUE);
    this.handlers = new HandlerSide({
      history,
      clock: this.clock,
      began: (run) => {
        this.members[run.consumer]?.running.add(run);
        this.trace.note(run.consumer, () => `starts m${Number(run.messageId.slice(-12))} (${run.turn.ending})`);
        checkRunBegan(this, run);
      },
      ended: (run) => {
        this.members[run.consumer]?.running.delete(run);
        this.trace.note(run.consumer, () => `ends m${Number(run.messageId.slice(-12))}: ${run.said}`);
      },
      stop: (consumer, timeoutMs) => {
        if (!this.isEnding) void this.stop(this.members[consumer] as Member, timeoutMs);
      },
    });
  }

  /** Plays the history to its end, or to its first violation. */
  async play(): Promise<void> {
    await this.#createQueues();
    this.history.consumers.forEach((plan, index) => this.addMember({ ...plan }, index));
    this.#schedule();
    await this.clock.runUntil(() => this.#step() || this.clock.now() >= this.history.endsAtMs);
    if (!this.violations.any) await this.#end();
  }

  addMember(plan: History["consumers"][number], index: number): Member {
    const { sabotage } = this;
    const port = createWitnessPort(this.sqs, index, {
      now: () => this.clock.now(),
      began: (request) => {
        this.requests.push(request);
        this.members[index]?.requestsOut.add(request);
        this.trace.noteRequest(request, "began");
        checkRequestBegan(this, request);
        return !this.#isFlooded();
      },
      ended: (request) => {
        this.members[index]?.requestsOut.delete(request);
        this.trace.noteRequest(request, "ended");
        checkRequestEnded(this, request);
      },
    });
    const member = new Member({
      index,
      plan,
      queueUrl: this.queueUrl,
      port: sabotage.port(port),
      handler: sabotage.handler(this.handlers.createHandler(index)),
      clock: this.clock,
      random: this.#draw.random,
      retry: sabotage.retry,
      replaceWorker: sabotage.worker,
      weightOf: (body) => this.handlers.weightOf(body),
      onStopped: (stopped, result) => {
        this.trace.note(stopped.index, () => `stopped: ${JSON.stringify(result)}`);
        checkStopped(this, stopped, result);
        stopped.stopCalledAtMs = undefined;
        stopped.lastStoppedAtMs = this.clock.now();
      },
      onEvent: ({ index: consumer }, text) => this.trace.note(consumer, () => text),
    });
    this.members.push(member);
    return member;
  }

  start(member: Member): Promise<boolean> {
    this.trace.note(member.index, () => "start()");
    member.startsAtMs.push(this.clock.now());
    return member.consumer.start().then(
      () => true,
      (reason: unknown) => {
        const error = reason as MillraceError;
        this.trace.note(member.index, () => `start() rejects: ${error.code}`);
        if (!this.#mayRefuse(member, error)) this.violations.add("startRefused", `${error.code}: ${error.message}`);
        return false;
      },
    );
  }

  stop(member: Member, timeoutMs: number): Promise<StopResult> {
    this.trace.note(member.index, () => `stop(${timeoutMs})`);
    if (member.isAlive) member.stopCalledAtMs ??= this.clock.now();
    const stopping = member.consumer.stop({ timeoutMs });
    stopping.catch((error: unknown) => this.violations.add("crash", `stop() rejected: ${String(error)}`));
    return stopping;
  }

  /** Whether no request can have met a fault since then. */
  wasCalmSince(atMs: number): boolean {
    const now = this.clock.now();
    return this.history.faultPeriods.every(
      (period) => !isDisruptive(period) || period.fromMs > now || period.toMs + 1_000 < atMs,
    );
  }

  /** Whether some requests take so long that a stop, or a heartbeat, may run out of time without any fault. */
  get isSlow(): boolean {
    const { latencyMs, faultPeriods } = this.history;
    const latencies = [latencyMs, ...faultPeriods.map(({ faults }) => faults.latencyMs ?? 0)];
    return latencies.flat(2).some((latency) => latency > LONGEST_LATENCY_MS);
  }

  get wasAlwaysCalm(): boolean {
    return this.wasCalmSince(-1);
  }

  /** A loop that asks without end would never let the clock move again. */
  #isFlooded(): boolean {
    const earlier = this.requests.at(-MOST_REQUESTS_AT_ONE_MOMENT);
    if (earlier === undefined || earlier.sentAtMs < this.clock.now()) return false;
    this.violations.add("requests", `${MOST_REQUESTS_AT_ONE_MOMENT} requests at one moment`);
    return true;
  }

  #mayRefuse({ plan }: Member, { code }: MillraceError): boolean {
    if (code === "STOPPED") return true;
    if (code === "ACCESS_DENIED") return this.history.faultPeriods.some(({ isDenied }) => isDenied);
    return code === "WORKER_START_FAILED" && plan.worker.kind === "pool" && plan.worker.resource !== undefined;
  }

  /** Called when nothing more can happen at this moment. True when the history is to end. */
  #step(): boolean {
    if (!this.violations.any) checkStep(this);
    return this.violations.any;
  }

  async #createQueues(): Promise<void> {
    const deadLetters = await this.sqs.createQueue({ QueueName: DEAD_LETTERS });
    this.deadLetterUrl = deadLetters.QueueUrl;
    const { maxReceiveCount } = this.history;
    const deadLetterTargetArn = `arn:aws:sqs:us-east-1:000000000000:${DEAD_LETTERS}`;
    const { QueueUrl } = await this.sqs.createQueue({
      QueueName: QUEUE,
      Attributes:
        maxReceiveCount === undefined
          ? {}
          : { RedrivePolicy: JSON.stringify({ deadLetterTargetArn, maxReceiveCount }) },
    });
    this.queueUrl = QueueUrl;
  }

  #schedule(): void {
    const { messages, commands, faultPeriods, endsAtMs } = this.history;
    this.#setCommonFaults();
    faultPeriods.forEach((period) => {
      this.clock.setTimer(() => this.#beginFaults(period), period.fromMs);
      this.clock.setTimer(() => this.#setCommonFaults(), period.toMs);
    });
    messages.forEach(({ sentAtMs }, index) => {
      this.clock.setTimer(() => this.#send(String(index)), sentAtMs);
    });
    for (const command of commands) {
      const member = this.members[command.consumer];
      if (member === undefined || command.atMs >= endsAtMs) continue;
      this.clock.setTimer(() => this.#obey(member, command), command.atMs);
    }
    this.clock.setTimer(() => undefined, endsAtMs);
  }

  #obey(member: Member, { action, timeoutMs, perSecond }: Command): void {
    const { consumer, index } = member;
    if (action === "start") return void this.start(member);
    if (action === "stop") return void this.stop(member, timeoutMs);
    this.trace.note(index, () => (action === "setRate" ? `setRate(${perSecond})` : `${action}()`));
    if (action === "pause") consumer.pause();
    else if (action === "resume") this.#resume(member);
    else consumer.setRate(perSecond === undefined ? undefined : { perSecond });
  }

  #resume(member: Member): void {
    member.resumes += 1;
    member.consumer.resume();
  }

  #send(body: string): void {
    void this.sqs.sendMessage({ QueueUrl: this.queueUrl, MessageBody: body }).then(() => (this.#sent += 1));
  }

  #setCommonFaults(): void {
    const { latencyMs, abortedPollsSwallowMessages } = this.history;
    this.sqs.clearFaults();
    this.#setFaults({ latencyMs, abortedPollsSwallowMessages, operations: OPERATIONS });
    this.trace.note(undefined, () => "no faults");
  }

  #setFaults(faults: Partial<FaultSettings>): void {
    Object.assign(this.sqs.faults, faults);
  }

  #beginFaults({ faults, isDenied }: FaultPeriod): void {
    this.#setFaults(faults);
    if (isDenied) this.#setFaults({ script: deny });
    this.trace.note(undefined, () => `faults: ${isDenied ? "access denied" : JSON.stringify(faults)}`);
  }

  /** Faults are over: the queue must become empty, the consumers must stop, and everything must add up. */
  async #end(): Promise<void> {
    this.isEnding = true;
    if (this.history.finale === "stop") await this.#stopAll();
    this.handlers.isPlain = this.history.finale === "stop";
    this.trace.note(undefined, () => "the end begins");
    for (const member of this.members) {
      this.#resume(member);
      member.consumer.setRate(undefined);
    }
    for (const member of this.members) await this.#ensureStarted(member);
    await this.#runUntil(() => this.#isEmpty(), "the queue is not empty");
    await this.#stopAll();
    if (!this.violations.any) await checkEnd(this);
  }

  async #ensureStarted(member: Member): Promise<void> {
    for (let attempt = 0; attempt < 10 && !this.violations.any; attempt += 1) {
      let isStarted: boolean | undefined;
      void this.start(member).then((answer) => (isStarted = answer));
      await this.#runUntil(() => isStarted !== undefined, `consumer ${member.index} does not start`);
      if (isStarted === true) return;
    }
  }

  async #stopAll(): Promise<void> {
    let left = this.members.length;
    for (const member of this.members) {
      void this.stop(member, 25_000).then(() => (left -= 1));
    }
    await this.#runUntil(() => left === 0, "a consumer does not stop");
  }

  #isEmpty(): boolean {
    if (this.#sent < this.history.messages.length) return false;
    const { visible, inFlight, delayed } = this.sqs.counts(this.queueUrl);
    return visible + inFlight + delayed === 0;
  }

  async #runUntil(isDone: () => boolean, otherwise: string): Promise<void> {
    if (this.violations.any) return;
    try {
      await this.clock.runUntil(() => this.#step() || isDone(), { timeoutMs: LONGEST_END_MS });
    } catch (error) {
      this.violations.add("stuck", `${otherwise}: ${(error as Error).message}`);
    }
  }
}

const DENIED = new SqsServiceError("AccessDeniedException", "Not allowed.", { httpStatusCode: 403 });

function deny({ operation }: { operation: SqsOperation }): { kind: "error"; error: Error } | undefined {
  return OPERATIONS.includes(operation) ? { kind: "error", error: DENIED } : undefined;
}

/** What came of a history. */
export interface Result {
  readonly history: History;
  readonly violations: readonly Violation[];
  readonly world: World;
}

/** Plays a history with every source of chance seeded, and catches what nobody else does. */
export async function playHistory(history: History, options: PlayOptions = {}): Promise<Result> {
  const world = new World(history, options);
  const crash = (error: unknown): void => world.violations.add("crash", `unhandled: ${describe(error)}`);
  const { random } = Math;
  Math.random = new Draw(history.seed ^ 0xface).random;
  process.on("unhandledRejection", crash);
  process.on("uncaughtException", crash);
  try {
    await world.play();
  } catch (error) {
    world.violations.add("crash", describe(error));
  } finally {
    process.off("unhandledRejection", crash);
    process.off("uncaughtException", crash);
    Math.random = random;
    world.sqs.close();
  }
  return { history, violations: world.violations.list, world };
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
