// What a handler keeps over many messages, such as threads: made ready before the first, ended after the last.
import type { Reporter } from "./reporter.js";

/** The life of a consumer, from a start to its stop, as a handler sees it that keeps something. */
export interface HandlerHost {
  /**
   * Has `end` called when the consumer stops, after the last handler, and waited for. The same function only once. Answers
   * false when the consumer has stopped: nothing may be kept for it any more.
   */
  onStop(end: () => void | Promise<void>): boolean;
  /** Takes an error that no message can carry. */
  report(error: unknown): void;
}

/** What a handler brings along that keeps something. */
export interface HandlerTraits {
  /** How many handlers run at once where the user has not said it. */
  readonly concurrency: number;
  /** Makes ready before any message is asked for. `start()` rejects when it does. */
  prepare(host: HandlerHost): Promise<void>;
}

/** Where a handler has its traits. */
const TRAITS: unique symbol = Symbol.for("millrace.traits");

/** The host, by a handler's context: so it comes through whatever the user has wrapped around the handler. */
export function hostOf(context: object): HandlerHost | undefined {
  return (context as { readonly handlerHost?: HandlerHost }).handlerHost;
}

/** What a handler brings along, if it keeps something. */
export function traitsOf(handler: object): HandlerTraits | undefined {
  return (handler as { readonly [TRAITS]?: HandlerTraits })[TRAITS];
}

/** Gives a handler its traits: those of the handler that it wraps, for one. */
export function withTraits<Callable extends object>(handler: Callable, traits: HandlerTraits | undefined): Callable {
  if (traits !== undefined) Object.defineProperty(handler, TRAITS, { value: traits });
  return handler;
}

/** The host of one session. */
export class HandlerLife implements HandlerHost {
  readonly #reporter: Pick<Reporter, "report">;
  readonly #traits: HandlerTraits | undefined;
  readonly #ends = new Set<() => void | Promise<void>>();
  #hasEnded = false;

  constructor({ handler, reporter }: { handler: object; reporter: Pick<Reporter, "report"> }) {
    this.#reporter = reporter;
    this.#traits = traitsOf(handler);
  }

  async prepare(): Promise<void> {
    await this.#traits?.prepare(this);
  }

  onStop(end: () => void | Promise<void>): boolean {
    if (!this.#hasEnded) this.#ends.add(end);
    return !this.#hasEnded;
  }

  report(error: unknown): void {
    this.#reporter.report(error);
  }

  /** Ends what the handler keeps. A failure is reported. */
  async end(): Promise<void> {
    this.#hasEnded = true;
    const results = await Promise.allSettled(Array.from(this.#ends, async (end) => end()));
    for (const result of results) if (result.status === "rejected") this.report(result.reason);
  }
}
