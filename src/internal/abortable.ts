// Waits for a promise only so long, whether or not what made it heeds that.
import type { Clock, Timer } from "./clock.js";
import type { Registry } from "./registry.js";

/** Settles as the promise does, or rejects with the signal's reason as soon as it aborts. */
export function abortable<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    const leave = (): void => signal.removeEventListener("abort", onAbort);
    promise.then(leave, leave);
    promise.then(resolve, reject);
  });
}

/** How long to wait, and where the timer is to be found while it is set: whoever takes it back ends the wait. */
export interface Timeout {
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly timers: Pick<Registry<Timer, Timer>, "add" | "delete">;
  readonly createError: () => Error;
}

/** Settles as the promise does, or rejects after so long. */
export function withTimeout<Value>(promise: Promise<Value>, timeout: Timeout): Promise<Value> {
  return new Promise((resolve, reject) => {
    const { clock, timeoutMs, timers, createError } = timeout;
    const leave = (): void => {
      timers.delete(waiting);
      timer.cancel();
    };
    const giveUp = (): void => {
      leave();
      reject(createError());
    };
    const waiting: Timer = { cancel: giveUp };
    const timer = clock.setTimer(giveUp, timeoutMs);
    timers.add(waiting);
    promise.then(leave, leave);
    promise.then(resolve, reject);
  });
}
