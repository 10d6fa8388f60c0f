// Calls that come from the managed runtime, in this process.
import { MillraceError } from "../errors.js";
import { createDeferred, type Deferred } from "../internal/deferred.js";
import type { Invocation, Invocations } from "./invocation.js";
import type { SqsBatchResponse } from "./sqs-event.js";

/** A call of the function that `lambdaHandler` has made. */
class Call implements Invocation {
  readonly #event: unknown;
  readonly #answered: Deferred<SqsBatchResponse> = createDeferred();
  readonly remainingMs: () => number;

  constructor(event: unknown, remainingMs: () => number) {
    this.#event = event;
    this.remainingMs = remainingMs;
  }

  get answered(): Promise<SqsBatchResponse> {
    return this.#answered.promise;
  }

  event(): unknown {
    return this.#event;
  }

  async respond(response: SqsBatchResponse): Promise<void> {
    this.#answered.resolve(response);
  }

  async fail(error: unknown): Promise<void> {
    this.#answered.reject(error);
  }
}

/** Hands the calls on to the runner. Several may be in hand at once, where Lambda makes several. */
export class CalledInvocations implements Invocations {
  readonly #calls: Call[] = [];
  #isOpen = false;
  #wake: (() => void) | undefined;

  /** One call. Rejects when its event cannot be read, or when the consumer stops before it was taken. */
  async call(event: unknown, remainingMs: () => number): Promise<SqsBatchResponse> {
    if (!this.#isOpen) throw createStoppedError();
    const call = new Call(event, remainingMs);
    this.#calls.push(call);
    this.#wake?.();
    return call.answered;
  }

  open(): void {
    this.#isOpen = true;
  }

  async next(signal: AbortSignal): Promise<Invocation | undefined> {
    const wake = (): void => this.#wake?.();
    signal.addEventListener("abort", wake);
    while (this.#calls.length === 0 && !signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    signal.removeEventListener("abort", wake);
    return signal.aborted ? undefined : this.#calls.shift();
  }

  close(): void {
    this.#isOpen = false;
    for (const call of this.#calls.splice(0)) void call.fail(createStoppedError());
  }
}

function createStoppedError(): MillraceError {
  return new MillraceError("STOPPED", "The consumer was stopped: the event was not worked on, and comes again.");
}
