// What a consumer has done so far, in numbers.
import type { Outcome } from "../runner/outcome.js";
import type { RunnerEvents } from "../runner/runner.js";

/** Counts since the consumer was made; they go on over restarts. */
export interface Counters {
  /** Messages that came. */
  received: number;
  /** Handlers that were called. */
  started: number;
  /** Handlers that threw something that is not an outcome, or were given up on. */
  failed: number;
  /** Handlers whose signal aborted because of `handlerTimeoutMs`. */
  timedOut: number;
  /** Messages that the source took back while they were here. */
  revoked: number;
  /** Messages that came again while they were still here, and were not run a second time. */
  redelivered: number;
  /** Outcomes that the source has confirmed, by kind. */
  settled: Record<Outcome["kind"], number>;
  /** Outcomes that the source did not confirm. */
  settlementsLost: number;
  /** Requests for messages that were answered. */
  receives: number;
  /** Of those, the ones that brought nothing. */
  emptyReceives: number;
  /** Errors that were reported. */
  errors: number;
}

export function createCounters(): Counters {
  return {
    received: 0,
    started: 0,
    failed: 0,
    timedOut: 0,
    revoked: 0,
    redelivered: 0,
    settled: { ack: 0, retry: 0, release: 0, drop: 0, deadLetter: 0 },
    settlementsLost: 0,
    receives: 0,
    emptyReceives: 0,
    errors: 0,
  };
}

/** The counters as they are now. */
export function copyCounters(counters: Counters): Counters {
  return { ...counters, settled: { ...counters.settled } };
}

/** Counts a fact that the runner told. */
export function countFact<Name extends keyof RunnerEvents>(
  counters: Counters,
  name: Name,
  facts: RunnerEvents[Name],
): void {
  if (name === "redelivered") counters.redelivered += 1;
  if (name !== "received") return;
  counters.receives += 1;
  if ((facts as RunnerEvents["received"]).count === 0) counters.emptyReceives += 1;
}
