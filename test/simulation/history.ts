// What a history is made of: plain data, so that it can be replayed, printed and cut down.
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
  /** Calls `extend` with so many seconds at the start. */
  readonly extendSeconds: number | undefined;
  /** Calls `stop` with this time-out, not awaited, in its middle. */
  readonly stopTimeoutMs: number | undefined;
}

export interface PlannedMessage {
  readonly sentAtMs: number;
  readonly weight: number;
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

type RetryKind = "default" | "exponential" | "constant" | "deadLetter" | "throws" | "nonsense";

export interface ConsumerPlan {
  readonly worker: PoolPlan | SemaphorePlan;
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
  readonly action: "start" | "stop" | "pause" | "resume" | "setRate";
  /** Of a stop. */
  readonly timeoutMs: number;
  /** Of a rate; without it, there is none from then on. */
  readonly perSecond?: number | undefined;
}

export interface History {
  readonly seed: number;
  /** After how many receives the queue moves a message to its dead letters; undefined for a queue that has none. */
  readonly maxReceiveCount: number | undefined;
  readonly messages: readonly PlannedMessage[];
  readonly consumers: readonly ConsumerPlan[];
  readonly commands: readonly Command[];
  readonly faultPeriods: readonly FaultPeriod[];
  readonly latencyMs: readonly [least: number, most: number];
  readonly abortedPollsSwallowMessages: boolean;
  /** Until when it goes as planned. After that there are no more faults, and everything must come to its end. */
  readonly endsAtMs: number;
  /** Whether the consumers go on until the queue is empty, or are stopped and another one empties it. */
  readonly finale: "goOn" | "stop";
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
