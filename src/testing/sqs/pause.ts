// Waiting inside the service, in ways that an abort ends.

import type { Clock } from "../../internal/clock.js";
import { requestAborted } from "./errors.js";

/** Waits on the clock; rejects with an `AbortError` as soon as the caller aborts. */
export function pause(clock: Clock, ms: number, abortSignal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (abortSignal?.aborted === true) {
      reject(requestAborted());
      return;
    }
    const timer = clock.setTimer(() => {
      abortSignal?.removeEventListener("abort", abort);
      resolve();
    }, ms);
    const abort = (): void => {
      timer.cancel();
      reject(requestAborted());
    };
    abortSignal?.addEventListener("abort", abort, { once: true });
  });
}

/** Never resolves; rejects with an `AbortError` when the caller aborts. */
export function untilAborted(abortSignal: AbortSignal | undefined): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (abortSignal?.aborted === true) reject(requestAborted());
    else abortSignal?.addEventListener("abort", () => reject(requestAborted()), { once: true });
  });
}
