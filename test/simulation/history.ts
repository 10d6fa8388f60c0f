// What a history is made of: plain data, so that it can be replayed, printed and cut down.
import type { RetryPause } from "millrace";
import type { FaultSettings } from "millrace/testing";

/** What a handler says in the end. The first four give the message up; the others want it back. */
export type Ending =
  | "return"
  | "returnText"
  | "ack"
  | "drop"
  | "deadLetter"
  | "retry"
  | "release"
  | "throwError"
  | "throwUndefined"
  | "throwText"
  | "throwRetry";

/** One run of a handler. */
export interface Turn {
  readonly ending: Ending;
  readonly durationMs: number;
  /** Whether it ends, and throws, before it has awaited anything. */
  readonly isSynchronous: boolean;
  /** Whether it ends (by rejecting with the reason) as soon as its signal aborts. */
  readonly isHeedful: boolean;
  readonly retrySeconds: number;
  /** What a retry pauses. */
  readonly pauses: RetryPause | undefined;
  /** Calls `extend` with so many seconds at the start. */
  readonly extendSeconds: number | undefined;
  /** Calls `stop` with this time-out, not awaited, in its middle. */
  readonly stopTimeoutMs: number | undefined;
  /** Whether it asks for its signal: without that, none is made for it. */
  readonly hasSignal: boolean;
}

export interface PlannedMessage {
  /** The index of its queue. */
  readonly queue: number;
  readonly sentAtMs: number;
  readonly weight: number;
  /** The number of its message group: its order on a FIFO queue, its tenant on any. */
  readonly group: number;
  /** Besides its body. */
  readonly paddingBytes: number;
  /** What its runs do, in order; further runs return at once. */
  readonly turns: readonly Turn[];
}

export interface PoolPlan {
  readonly kind: "pool";
  readonly maxWorkers: number;
  readonly minWorkers: number;
  readonly waitingRoom: number;
  readonly waitingRoomMs: number;
  readonly idleTimeoutMs: number;
  /** Whether workers own something; starting one takes `startMs`, and the first `failures` attempts fail. */
  readonly resource: { readonly startMs: number; readonly failures: number } | undefined;
}

export interface SemaphorePlan {
  readonly kind: "semaphore";
  readonly permits: number;
  readonly isWeighted: boolean;
}

/** The pool that a consumer makes of its `concurrency`. */
interface OwnPoolPlan {
  readonly kind: "own";
  readonly concurrency: number;
}

/** A share of the pool of the consumer's group. */
export interface SharePlan {
  readonly kind: "share";
  readonly weight: number;
  readonly priority: number;
  readonly maxRunning: number | undefined;
}

export type WorkerPlan = PoolPlan | SemaphorePlan | OwnPoolPlan | SharePlan;

export interface RatePlan {
  readonly perSecond: number;
  readonly burst: number | undefined;
}

export interface TenantPlan {
  readonly maxRunning: number | undefined;
  readonly rate: RatePlan | undefined;
  readonly maxWaitMs: number;
  readonly keepFromAttempt: number;
}

/** A handler of batches. */
export interface BatchPlan {
  readonly size: number;
  readonly waitMs: number;
  /** By what messages are gathered: all together, by group, or by the number of the message modulo 3. */
  readonly key: "none" | "group" | "thirds";
}

/** What a listener does at an event, the first few times. */
export interface Reaction {
  readonly event: "started" | "stopping" | "stopped" | "messageStarted" | "settled" | "error" | "paused" | "received";
  readonly action: "start" | "stop" | "pause" | "resume";
  readonly times: number;
}

type RetryKind = "default" | "exponential" | "constant" | "deadLetter" | "throws" | "nonsense";

export interface ConsumerPlan {
  /** The index of its queue. */
  readonly queue: number;
  readonly worker: WorkerPlan;
  readonly tenants: TenantPlan | undefined;
  readonly rate: RatePlan | undefined;
  /** In messages of the largest size; undefined without a budget. */
  readonly maxInFlightMessages: number | undefined;
  readonly batches: BatchPlan | undefined;
  readonly reactions: readonly Reaction[];
  /** By how much its timers fire too late, or too early if negative, at most. */
  readonly timerSkewMs: readonly [early: number, late: number];
  readonly visibilityTimeoutSeconds: number;
  readonly waitTimeSeconds: number;
  readonly maxReceives: number;
  readonly settleMaxAgeMs: number;
  readonly maxSettleRequests: number;
  readonly maxUnconfirmed: number;
  readonly pollGraceMs: number;
  readonly requestTimeoutMs: number;
  readonly abortGraceMs: number;
  readonly handlerTimeoutMs: number | undefined;
  readonly overdueAfterMs: number | undefined;
  readonly retry: RetryKind;
  /** Whether its listeners and its logger throw. */
  readonly isHostile: boolean;
}

export interface FaultPeriod {
  readonly fromMs: number;
  readonly toMs: number;
  /** Whether nothing at all is answered well meanwhile. */
  readonly isOutage: boolean;
  /** Whether every request is refused with `AccessDeniedException`. */
  readonly isDenied: boolean;
  readonly faults: Partial<FaultSettings>;
}

export interface Command {
  readonly atMs: number;
  readonly consumer: number;
  readonly action: "start" | "stop" | "pause" | "resume" | "setRate" | "resize" | "setTenants" | "update";
  /** Of a stop. */
  readonly timeoutMs: number;
  /** Of another rate; without it, there is none from then on. */
  readonly rate?: RatePlan | undefined;
  /** Of a resize: how many handlers may run at once. Of an update: the weight. */
  readonly slots?: number | undefined;
  /** Of other limits for tenants. */
  readonly tenants?: TenantPlan | undefined;
}

export interface QueuePlan {
  readonly isFifo: boolean;
  /** After how many receives it moves a message to its dead letters; undefined for a queue that has none. */
  readonly maxReceiveCount: number | undefined;
}

/** All consumers of a history as one `ConsumerGroup`. */
export interface GroupPlan {
  readonly pool: PoolPlan;
  readonly sharedReceives: number;
  readonly sharedSettleRequests: number;
}

/** A process that stands still: nothing of a consumer happens, its timers and its answers come afterwards. */
export interface Stall {
  readonly consumer: number;
  readonly fromMs: number;
  readonly toMs: number;
}

export interface History {
  readonly seed: number;
  readonly queues: readonly QueuePlan[];
  readonly messages: readonly PlannedMessage[];
  readonly consumers: readonly ConsumerPlan[];
  readonly group: GroupPlan | undefined;
  readonly commands: readonly Command[];
  readonly faultPeriods: readonly FaultPeriod[];
  readonly stalls: readonly Stall[];
  /** When the wall clock is set, and by how much. */
  readonly wallClockJumps: ReadonlyArray<{ readonly atMs: number; readonly byMs: number }>;
  /** By which things of one moment get their order; undefined for that in which they came about. */
  readonly shuffleSeed: number | undefined;
  readonly latencyMs: readonly [least: number, most: number];
  readonly abortedPollsSwallowMessages: boolean;
  /** Until when it goes as planned. After that there are no more faults, and everything must come to its end. */
  readonly endsAtMs: number;
  /** Whether the consumers go on until the queue is empty, or are stopped and another one empties it. */
  readonly finale: "goOn" | "stop";
  /** How much of the time the processes have nothing to do; 0 when the processor is the limit. */
  readonly idleShare: number;
}

/** Faults that can keep a request from being done or its answer from coming; the others only bring odd messages. */
const DISRUPTIVE = [
  "throttling",
  "serverErrors",
  "connectionResets",
  "lostAnswers",
  "hangs",
  "failedEntries",
] as const satisfies ReadonlyArray<keyof FaultSettings>;

export function isDisruptive({ faults, isDenied }: FaultPeriod): boolean {
  return isDenied || DISRUPTIVE.some((name) => faults[name] !== undefined && faults[name] !== 0);
}

/** Faults by which a message comes when it should not, or an old handle still works. */
export function isOdd({ faults }: FaultPeriod): boolean {
  return [faults.duplicates, faults.duplicatesInOneReceive, faults.oldReceiptHandlesWork].some(
    (value) => value !== undefined && value !== 0 && value !== false,
  );
}
