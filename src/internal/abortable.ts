// Waits for a promise only so long, whether or not what made it heeds that.
import type { Clock } from "./clock.js";

/** Settles as the promise does, or rejects with the signal's reason as soon as it aborts. */
export function abortable<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    promise.then(
      (value) => {
        signal.removeEventListener("abort", onAbort);
        resolve(value);
      },
      (error: unknown) => {
        signal.removeEventListener("abort", onAbort);
        reject(error as Error);
      },
    );
  });
}

/** Settles as the promise does, or rejects after so long. */
export function withTimeout<Value>(
  promise: Promise<Value>,
  timeout: { readonly clock: Clock; readonly timeoutMs: number; readonly createError: () => Error },
): Promise<Value> {
  return new Promise((resolve, reject) => {
    const timer = timeout.clock.setTimer(() => reject(timeout.createError()), timeout.timeoutMs);
    promise.then(
      (value) => {
        timer.cancel();
        resolve(value);
      },
      (error: unknown) => {
        timer.cancel();
        reject(error as Error);
      },
    );
  });
}
