// Reads off what a history meets: from its plan, and from what comes about.
import type { MillraceError, Outcome, StopResult } from "millrace";
import type { Coverage } from "./coverage.js";
import type { Run } from "./handler-side.js";
import type { ConsumerPlan, FaultPeriod, History } from "./history.js";
import type { Member } from "./member.js";
import type { WitnessedRequest } from "./witness-port.js";

const HOURS_MS = 3_600_000;

export function meetHistory(coverage: Coverage, history: History): void {
  const { consumers, queues, group, wallClockJumps, endsAtMs, idleShare } = history;
  for (const plan of consumers) meetPlan(coverage, plan);
  if (consumers.length > 1 && group === undefined) coverage.meet("worker", "two consumers");
  if (queues.some(({ isFifo }) => isFifo)) coverage.meet("worker", "fifo queue");
  if (queues.some(({ maxReceiveCount }) => maxReceiveCount !== undefined)) coverage.meet("worker", "redrive policy");
  if (wallClockJumps.length > 0) coverage.meet("time", "wall clock set");
  if (idleShare === 0) coverage.meet("time", "no time to spare");
  if (endsAtMs > HOURS_MS) coverage.meet("time", "hours");
}

function meetPlan(coverage: Coverage, plan: ConsumerPlan): void {
  const { worker, batches, tenants, rate, maxInFlightMessages, isHostile, reactions, timerSkewMs } = plan;
  if (worker.kind === "pool") coverage.meet("worker", "pool");
  if (worker.kind === "own") coverage.meet("worker", "own pool");
  if (worker.kind === "share") coverage.meet("worker", "share of a group");
  if (worker.kind === "semaphore") coverage.meet("worker", worker.isWeighted ? "weighted semaphore" : "semaphore");
  if (worker.kind === "pool" && worker.resource !== undefined) coverage.meet("worker", "resources");
  if (batches !== undefined) coverage.meet("worker", "batches");
  if (tenants !== undefined) coverage.meet("worker", "tenants");
  if (rate !== undefined) coverage.meet("worker", "rate");
  if (maxInFlightMessages !== undefined) coverage.meet("worker", "byte budget");
  if (isHostile) coverage.meet("worker", "hostile listeners");
  if (reactions.length > 0) coverage.meet("worker", "listeners that stop and start");
  if (timerSkewMs.some((skew) => skew !== 0)) coverage.meet("time", "timers that are not exact");
}

/** A handler has ended. */
export function meetRun(coverage: Coverage, run: Run, { plan }: Member): void {
  const { turn, toldAtMs, said, startedAtMs, endedAtMs = startedAtMs } = run;
  coverage.meet("said", turn.ending);
  if (turn.isSynchronous) coverage.meet("said", "synchronous");
  if (!turn.hasSignal) coverage.meet("said", "without a signal");
  if (turn.extendSeconds !== undefined) coverage.meet("said", "extend");
  const isRetry = turn.ending === "retry" || turn.ending === "throwRetry";
  if (isRetry && turn.pauses === "queue") coverage.meet("said", "retry that pauses the queue");
  if (isRetry && turn.pauses === "key") coverage.meet("said", "retry that pauses the tenant");
  if (toldAtMs !== undefined)
    coverage.meet("said", said === "back" && turn.isHeedful ? "heeded its signal" : "ended after its signal");
  if (endedAtMs - startedAtMs > plan.visibilityTimeoutSeconds * 1_000)
    coverage.meet("message", "visibility shorter than the handler");
  if (endedAtMs - startedAtMs > 12 * HOURS_MS) coverage.meet("message", "twelve hours");
}

/** A stop is called. */
export function meetCommand(
  coverage: Coverage,
  member: Member,
  { timeoutMs, isOutage, now }: { timeoutMs: number; isOutage: boolean; now: number },
): void {
  const { consumer } = member;
  coverage.meet("stop called", consumer.state);
  if (!member.isAlive) {
    if (member.stopCalledAtMs !== undefined) coverage.meet("stop called", "twice");
    return;
  }
  const { running, waiting } = consumer.stats();
  if (member.startCalledAtMs === now) coverage.meet("stop called", "at once with the start");
  if (timeoutMs === 0) coverage.meet("stop called", "without time");
  if (timeoutMs === Infinity) coverage.meet("stop called", "without limit");
  if (running > 0) coverage.meet("stop called", "with handlers running");
  if (waiting > 0) coverage.meet("stop called", "with messages waiting");
  if (isOutage) coverage.meet("stop called", "in an outage");
}

export function meetStopped(coverage: Coverage, result: StopResult): void {
  const { isDrained, messagesReleased, handlersAborted, handlersAbandoned, settlementsLost } = result;
  if (isDrained && messagesReleased === 0) coverage.meet("stop left", "nothing");
  if (handlersAborted > 0) coverage.meet("stop left", "handlers aborted");
  if (handlersAbandoned > 0) coverage.meet("stop left", "handlers abandoned");
  if (settlementsLost > 0) coverage.meet("stop left", "settlements lost");
  if (messagesReleased > 0) coverage.meet("stop left", "messages given back");
}

export function meetSettled(coverage: Coverage, { kind }: Outcome): void {
  coverage.meet("settled", kind);
}

export function meetError(coverage: Coverage, { code }: MillraceError): void {
  coverage.meetIfListed("error", code);
  if (code === "ACKNOWLEDGEMENT_LOST" || code === "SETTLEMENT_FAILED") coverage.meet("settled", "lost");
}

/** Faults have begun. */
export function meetFaults(coverage: Coverage, { faults, isOutage, isDenied }: FaultPeriod): void {
  if (isOutage) coverage.meet("switch", "outage");
  if (isDenied) coverage.meet("switch", "access denied");
  const names = Object.keys(faults);
  for (const name of names) coverage.meetIfListed("switch", name);
  if (names.length > 10) coverage.meet("switch", "all at once");
}

const BY_ERROR: Readonly<Record<string, string>> = {
  RequestThrottled: "throttled",
  InternalFailure: "500 or 503",
  ServiceUnavailable: "500 or 503",
  AccessDeniedException: "access denied",
  Error: "connection reset",
};

/** A request was answered, or has failed. */
export function meetRequest(coverage: Coverage, request: WitnessedRequest, { consumer }: Member): void {
  const { error, failedPositions, failedForGood, abortedAtMs } = request;
  if (error !== undefined) coverage.meetIfListed("request", BY_ERROR[error] ?? "");
  if (failedPositions.size > 0) coverage.meet("request", failedForGood ? "entries failed for good" : "entries failed");
  if (abortedAtMs !== undefined)
    coverage.meet("request", consumer.state === "running" ? "given up" : "aborted by a stop");
}

/** What the service's own books say, at the end. */
export function meetJournal(
  coverage: Coverage,
  entries: ReadonlyArray<{ readonly kind: string; readonly duplicateOf?: string; readonly isEffective?: boolean }>,
): void {
  for (const { kind, duplicateOf, isEffective } of entries) {
    if (kind === "redriven") coverage.meet("message", "redriven");
    if (isEffective === false) coverage.meet("message", "old handle");
    if (duplicateOf === "inFlight") coverage.meet("message", "duplicate of one in flight");
    if (duplicateOf === "deleted") coverage.meet("message", "duplicate of one deleted");
    if (duplicateOf === "sameReceive") coverage.meet("message", "twice in a receive");
    if (duplicateOf === "sameAttempt") coverage.meet("message", "repeated receive");
  }
}
