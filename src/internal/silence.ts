// A promise where none was asked for: its rejection must not end the process.
import { types } from "node:util";

/** Handles the rejection of what a function of the user's has answered with, should it be a promise. */
export function silence(answer: unknown): void {
  whenRejected(answer, () => undefined);
}

/** Has `callback` called when it is a promise, of whatever realm and class, and rejects. Never throws. */
export function whenRejected(answer: unknown, callback: (reason: unknown) => void): void {
  if (!types.isPromise(answer)) return;
  try {
    // Its own `then` and `catch` may be anything.
    void Promise.prototype.then.call(answer, undefined, callback);
  } catch {
    // A class of promises that cannot be derived from.
  }
}
