// What a handler keeps over many messages, such as threads: made ready before the first, ended after the last.
import type { Clock } from "../internal/clock.js";
import type { Worker } from "../worker/worker.js";
import type { Reporter } from "./reporter.js";

/** The life of a consumer, from a start to its stop, as a handler sees it that keeps something. */
export interface HandlerHost {
  /** Where time is read and timers are set. */
  readonly clock: Clock;
  /** The most handlers that run at once now, where the worker says it. */
  readonly slots: number | undefined;
  /** Whether the consumer stops: nothing more is started. */
  readonly isStopping: boolean;
  /** Has `listener` called when the consumer begins to stop. */
  onStopping(listener: () => void): void;
  /**
   * Has `end` called when the consumer stops, after the last handler, and waited for. The same function only once. Answers
   * false when the consumer has stopped: nothing may be kept for it any more.
   */
  onStop(end: () => void | Promise<void>): boolean;
  /** Takes an error that no message can carry. */
  report(error: unknown): void;
}

/** One message's turn at a handler that keeps messages for a while, to work on several together. */
export interface HandlerTurn {
  /** Why the message is not wanted any more, if so: what the context's signal says, without the cost of one. */
  readonly abortReason: Error | undefined;
  /** Has `callback` called when the message is not wanted any more. */
  whenAborted(callback: () => void): void;
  /** The one before it in its lane, if that is not through. */
  readonly before: HandlerTurn | undefined;
  /** The handler has the message and does not work on it yet. Its time limits pause until `work`. */
  keep(): void;
  /** As long as `mayJoin` says so, the next of its lane is started beside it. */
  letNextJoin(mayJoin: () => boolean): void;
  /** Has `callback` called when those before it in its lane are done. If one is not, its signal aborts instead. */
  whenFirst(callback: () => void): void;
  /** The work begins: time limits count from now. */
  work(): void;
}

/** What a handler brings along that keeps something. */
export interface HandlerTraits {
  /** How many handlers run at once where the user has not said it. */
  readonly concurrency: number;
  /** The fewest that must be able to run at once, and why. */
  readonly fewest?: { readonly slots: number; readonly because: string };
  /** Makes ready before any message is asked for. `start()` rejects when it does. */
  prepare?(host: HandlerHost): Promise<void>;
}

/** Where a handler has its traits. */
const TRAITS: unique symbol = Symbol.for("millrace.traits");

/** The host, by a handler's context: so it comes through whatever the user has wrapped around the handler. */
export function hostOf(context: object): HandlerHost | undefined {
  return (context as { readonly handlerHost?: HandlerHost }).handlerHost;
}

/** The message's turn, by the context; undefined for a context that no consumer has made. */
export function turnOf(context: object): HandlerTurn | undefined {
  return (context as { readonly handlerTurn?: HandlerTurn }).handlerTurn;
}

/** What a handler brings along, if it keeps something. */
export function traitsOf(handler: object): HandlerTraits | undefined {
  return (handler as { readonly [TRAITS]?: HandlerTraits } | undefined)?.[TRAITS];
}

/** Gives a handler its traits: those of the handler that it wraps, for one. */
export function withTraits<Callable extends object>(handler: Callable, traits: HandlerTraits | undefined): Callable {
  if (traits !== undefined) Object.defineProperty(handler, TRAITS, { value: traits });
  return handler;
}

/** What the host of a session is made with. */
export interface HandlerLifeParts {
  readonly handler: object;
  readonly reporter: Pick<Reporter, "report">;
  readonly clock: Clock;
  readonly worker: Pick<Worker, "slots">;
}

/** The host of one session. */
export class HandlerLife implements HandlerHost {
  readonly clock: Clock;
  readonly #worker: Pick<Worker, "slots">;
  readonly #reporter: Pick<Reporter, "report">;
  readonly #traits: HandlerTraits | undefined;
  readonly #stoppingListeners: Array<() => void> = [];
  readonly #ends = new Set<() => void | Promise<void>>();
  #isStopping = false;
  #hasEnded = false;

  constructor({ handler, reporter, clock, worker }: HandlerLifeParts) {
    this.#reporter = reporter;
    this.#traits = traitsOf(handler);
    this.clock = clock;
    this.#worker = worker;
  }

  get slots(): number | undefined {
    return this.#worker.slots;
  }

  get isStopping(): boolean {
    return this.#isStopping;
  }

  async prepare(): Promise<void> {
    await this.#traits?.prepare?.(this);
  }

  onStopping(listener: () => void): void {
    this.#stoppingListeners.push(listener);
  }

  onStop(end: () => void | Promise<void>): boolean {
    if (!this.#hasEnded) this.#ends.add(end);
    return !this.#hasEnded;
  }

  report(error: unknown): void {
    this.#reporter.report(error);
  }

  /** The consumer begins to stop. */
  stopping(): void {
    this.#isStopping = true;
    for (const listener of this.#stoppingListeners) listener();
  }

  /** Ends what the handler keeps. A failure is reported. */
  async end(): Promise<void> {
    this.#hasEnded = true;
    const results = await Promise.allSettled(Array.from(this.#ends, async (end) => end()));
    for (const result of results) if (result.status === "rejected") this.report(result.reason);
  }
}
