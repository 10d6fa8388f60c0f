// One call of the function, and where calls come from: the Runtime API, or the managed runtime in this process.
import type { SqsBatchResponse } from "./sqs-event.js";

/** One call of the function. Exactly one of `respond` and `fail` is called. */
export interface Invocation {
  /** The payload, read. Throws when it cannot be. */
  event(): unknown;
  /** How long there is until Lambda ends it, in milliseconds. */
  remainingMs(): number;
  /** Answers. Resolves when Lambda has taken the answer, and rejects when it has not. */
  respond(response: SqsBatchResponse): Promise<void>;
  /** Answers that the call has failed: all its messages come again. */
  fail(error: unknown): Promise<void>;
}

/** Where calls come from. */
export interface Invocations {
  /** Called before the first `next` of a life. */
  open(): void;
  /** The next call; undefined when the signal has aborted. Rejects when there will be none any more. */
  next(signal: AbortSignal): Promise<Invocation | undefined>;
  /** Lets go of everything, answers that are on their way included. */
  close(): void;
}
