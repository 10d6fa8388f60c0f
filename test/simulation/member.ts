// One consumer of a history, with everything that is written down about it.
import {
  constantRetry,
  Consumer,
  deadLetter,
  exponentialRetry,
  type Handler,
  type Message,
  type MillraceError,
  type Outcome,
  PoolWorker,
  type RetryPolicy,
  SemaphoreWorker,
  type SqsPort,
  type StopResult,
  type Worker,
} from "millrace";
import type { RandomSource, VirtualClock } from "millrace/testing";
import { CountingClock } from "./counting-clock.js";
import type { Run } from "./handler-side.js";
import type { ConsumerPlan, PoolPlan } from "./history.js";
import type { WitnessedRequest } from "./witness-port.js";

/** What a member is made with. */
export interface MemberOptions {
  readonly index: number;
  readonly plan: ConsumerPlan;
  readonly queueUrl: string;
  readonly port: SqsPort;
  readonly handler: Handler<Message>;
  readonly clock: VirtualClock;
  readonly random: RandomSource;
  /** Instead of the planned retry policy. */
  readonly retry: RetryPolicy | undefined;
  /** Instead of the planned worker. */
  readonly replaceWorker: (() => Worker) | undefined;
  readonly weightOf: (body: string | undefined) => number;
  readonly onStopped: (member: Member, result: StopResult) => void;
  readonly onEvent: (member: Member, text: string) => void;
}

export class Member {
  readonly index: number;
  readonly plan: ConsumerPlan;
  readonly consumer: Consumer;
  readonly clock: CountingClock;
  /** The most handlers, or permits, at once. */
  readonly capacity: number;
  /** The most messages that may wait here. */
  readonly room: number;
  readonly running: Set<Run> = new Set();
  readonly requestsOut: Set<WitnessedRequest> = new Set();
  /** Handles that came to it, and by which receive. */
  readonly handles: Map<string, WitnessedRequest> = new Map();
  /** Copies of messages that it has sent to the dead letters, by body. */
  readonly copies: Set<string> = new Set();
  readonly errors: Array<{ readonly error: MillraceError; readonly atMs: number }> = [];
  readonly startsAtMs: number[] = [];
  /** When its last life ended; what came before that is not its present life's concern. */
  lastStoppedAtMs: number = -Infinity;
  /** How many errors there were before the latest stop. */
  errorsBeforeStop = 0;
  /** When the stop that is under way was called first. */
  stopCalledAtMs: number | undefined;
  resumes = 0;
  resourcesStarting = 0;
  resourcesAlive = 0;
  resourceFailures = 0;

  constructor(options: MemberOptions) {
    const { plan, clock, handler, port, queueUrl, random } = options;
    this.index = options.index;
    this.plan = plan;
    this.clock = new CountingClock(clock);
    this.capacity = plan.worker.kind === "pool" ? plan.worker.maxWorkers : plan.worker.permits;
    this.room = plan.worker.kind === "pool" ? plan.worker.waitingRoom : 0;
    this.consumer = new Consumer(handler, {
      queueUrl,
      client: port,
      random,
      clock: this.clock,
      worker: options.replaceWorker?.() ?? this.#createWorker(options),
      retry: options.retry ?? createRetry(plan, random),
      visibilityTimeoutSeconds: plan.visibilityTimeoutSeconds,
      waitTimeSeconds: plan.waitTimeSeconds,
      maxReceives: plan.maxReceives,
      settleMaxAgeMs: plan.settleMaxAgeMs,
      maxSettleRequests: plan.maxSettleRequests,
      maxUnconfirmed: plan.maxUnconfirmed,
      pollGraceMs: plan.pollGraceMs,
      requestTimeoutMs: plan.requestTimeoutMs,
      abortGraceMs: plan.abortGraceMs,
      handlerTimeoutMs: plan.handlerTimeoutMs,
      overdueAfterMs: plan.overdueAfterMs,
      logger: plan.isHostile ? HOSTILE_LOGGER : undefined,
    });
    this.#listen(options);
  }

  /** When it was last told to start. */
  get startCalledAtMs(): number {
    return this.startsAtMs.at(-1) ?? -Infinity;
  }

  get isAlive(): boolean {
    return this.consumer.state === "starting" || this.consumer.state === "running";
  }

  /**
   * When a message came to it. Not by a poll that was aborted in the very moment in which it was answered: that strands
   * what it brought (see `pollGraceMs`).
   */
  cameAtMs(handle: string | undefined): number | undefined {
    const receive = this.handles.get(handle ?? "");
    return receive?.abortSignal?.aborted === true ? undefined : receive?.endedAtMs;
  }

  get permitsTaken(): number {
    let taken = 0;
    for (const run of this.running) taken += this.permitsOf(run);
    return taken;
  }

  permitsOf(run: Run): number {
    const { worker } = this.plan;
    return worker.kind === "semaphore" && worker.isWeighted ? Math.min(run.weight, worker.permits) : 1;
  }

  /** Places that receives have asked for and not yet been answered about; an aborted one asks no more. */
  get placesAsked(): number {
    let asked = 0;
    for (const { asked: places, abortSignal } of this.requestsOut) asked += abortSignal?.aborted === true ? 0 : places;
    return asked;
  }

  #createWorker({ plan, clock, weightOf }: MemberOptions): Worker {
    if (plan.worker.kind === "pool") return this.#createPool(plan.worker, clock);
    const { permits, isWeighted } = plan.worker;
    const weight = isWeighted ? (message: Message) => weightOf(message.Body) : undefined;
    return new SemaphoreWorker<Message>({ permits, weight });
  }

  #createPool({ resource, kind: _kind, ...options }: PoolPlan, clock: VirtualClock): Worker {
    if (resource === undefined) return new PoolWorker(options);
    return new PoolWorker<number>({
      ...options,
      onWorkerStart: async ({ id }) => {
        this.resourcesStarting += 1;
        if (resource.startMs > 0) await new Promise<void>((done) => clock.setTimer(() => done(), resource.startMs));
        this.resourcesStarting -= 1;
        if (this.resourceFailures < resource.failures) {
          this.resourceFailures += 1;
          throw new Error("a resource could not be made");
        }
        this.resourcesAlive += 1;
        return id;
      },
      onWorkerStop: () => {
        this.resourcesAlive -= 1;
        if (this.plan.isHostile) throw new Error("a resource could not be ended");
      },
    });
  }

  #listen({ onStopped, onEvent, plan }: MemberOptions): void {
    const { consumer } = this;
    consumer.on("stopped", (result) => {
      onStopped(this, result);
    });
    consumer.on("stopping", () => {
      this.errorsBeforeStop = this.errors.length;
    });
    consumer.on("error", (error) => {
      this.errors.push({ error, atMs: this.clock.now() });
      onEvent(this, `error ${error.code}: ${error.message.slice(0, 120)}`);
    });
    consumer.on("redelivered", ({ message }) => onEvent(this, `redelivered ${shortId(message.MessageId)}`));
    consumer.on("messageRevoked", ({ message }) => onEvent(this, `revoked ${shortId(message.MessageId)}`));
    consumer.on("settled", ({ message, outcome }) =>
      onEvent(this, `settled ${shortId(message.MessageId)}: ${describeOutcome(outcome)}`),
    );
    if (!plan.isHostile) return;
    for (const name of ["received", "messageStarted", "messageFinished", "settled", "error", "stopping"] as const) {
      consumer.on(name, () => {
        throw new Error(`a listener of ${name} has failed`);
      });
      consumer.on(name, async () => Promise.reject(new Error(`a listener of ${name} has rejected`)));
    }
  }
}

/** `…-000000000012` as `m12`. */
export function shortId(messageId: string | undefined): string {
  return `m${Number(messageId?.slice(-12))}`;
}

function describeOutcome(outcome: Outcome): string {
  return outcome.kind === "retry" ? `retry after ${outcome.afterSeconds} s` : outcome.kind;
}

function createRetry({ retry }: ConsumerPlan, random: RandomSource): RetryPolicy | undefined {
  switch (retry) {
    case "default":
      return undefined;
    case "exponential":
      return exponentialRetry({ baseSeconds: 2, maxSeconds: 40, random });
    case "constant":
      return constantRetry({ delaySeconds: 3 });
    case "deadLetter":
      return () => deadLetter("the policy says so");
    case "throws":
      return () => {
        throw new Error("a retry policy has failed");
      };
    case "nonsense":
      return () => "soon" as never;
  }
}

function fail(): never {
  throw new Error("a logger has failed");
}

const HOSTILE_LOGGER = { debug: fail, info: fail, warn: fail, error: fail };
