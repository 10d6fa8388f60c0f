// The one way in which millrace reads and waits for time, so that tests can bring a clock of their own.
import { performance as ownPerformance } from "node:perf_hooks";

/** A timer that has been set and can be taken back. */
export interface Timer {
  /** Takes the timer back. Does nothing when it has fired or was cancelled already. */
  cancel(): void;
}

/**
 * Where millrace reads the time and sets its timers.
 *
 * Leave it alone in production. `millrace/testing` has a `VirtualClock`, on which an hour passes in a moment.
 */
export interface Clock {
  /** Milliseconds since some fixed moment; never goes back. */
  now(): number;
  /**
   * Calls `callback` once, `delayMs` milliseconds from now.
   *
   * @param delayMs - Milliseconds; fractions are allowed, and less than 0 counts as 0: at the end of this turn of the
   * event loop, after what else is going on at this moment.
   */
  setTimer(callback: () => void, delayMs: number): Timer;
  /**
   * Milliseconds in which this process had nothing to do, since some fixed moment. Where it is there, requests that are out
   * are kept few while the processor is the limit.
   */
  idleMs?(): number;
}

/** The longest delay that `setTimeout` takes; a longer one would fire at once. */
const LONGEST_TIMEOUT_MS = 2_147_483_647;

/** The time of this process: monotonic, so that a change of the wall clock moves no deadline. */
export const systemClock: Clock = {
  now: () => performance.now(),
  // Timers that tests have faked come with a global that has only `now`.
  idleMs: () => ownPerformance.eventLoopUtilization().idle,
  setTimer(callback, delayMs) {
    if (delayMs <= 0) {
      const handle = setImmediate(callback); // setTimeout would make a millisecond of it.
      return { cancel: () => clearImmediate(handle) };
    }
    const handle = setTimeout(callback, Math.min(delayMs, LONGEST_TIMEOUT_MS));
    return { cancel: () => clearTimeout(handle) };
  },
};
