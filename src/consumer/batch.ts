// One batch: messages that a handler works on together, and what becomes of each.
import { describeValue, isInstance, MillraceError } from "../errors.js";
import type { Timer } from "../internal/clock.js";
import { createDeferred } from "../internal/deferred.js";
import { silence } from "../internal/silence.js";
import { isOutcome, type Outcome, release } from "../runner/outcome.js";
import type { HandlerContext } from "./context.js";
import { type HandlerTurn, turnOf } from "./handler-life.js";

/** One message of a batch. */
export interface BatchItem<Message = unknown, Resource = unknown> {
  /** The message. */
  readonly message: Message;
  /** Its own context: `attempt`, `groupId`, a `signal` of its own. */
  readonly context: HandlerContext<Resource>;
}

/** What a handler of batches is told besides the items. It may be taken apart. */
export interface BatchContext {
  /**
   * Aborts when the work on every item is no longer wanted: when the handler's time is over, or the time of a stop. When a
   * single item's lease is lost, only the signal of that item's own context aborts.
   */
  readonly signal: AbortSignal;
  /** The key that all items have; empty without the option `key`. */
  readonly key: string;
}

/**
 * What a handler of batches returns: nothing, when every item is done; an outcome for all; or a list with an entry for each
 * item, in order: an outcome, an error when this one has failed (the retry policy decides), or undefined when it is done.
 */
export type BatchAnswer = void | Outcome | ReadonlyArray<Outcome | Error | undefined>;

/**
 * Called with each batch. Throwing fails every item: the retry policy decides about each. See {@link BatchAnswer} for what it
 * returns.
 */
export type BatchHandler<Message = unknown, Resource = unknown> = (
  items: ReadonlyArray<BatchItem<Message, Resource>>,
  batch: BatchContext,
) => BatchAnswer | Promise<BatchAnswer>;

/** A message on its way into a batch and through it. */
export class BatchEntry<Message, Resource> {
  readonly item: BatchItem<Message, Resource>;
  readonly key: string;
  readonly turn: HandlerTurn;
  readonly #deferred = createDeferred<unknown>();
  /** The batch that it is in; before, it waits for those before it in its lane. */
  batch: Batch<Message, Resource> | undefined;

  constructor(item: BatchItem<Message, Resource>, key: string) {
    this.item = item;
    this.key = key;
    this.turn = turnOf(item.context) ?? new LoneTurn(item.context.signal);
  }

  /** Settles with what becomes of the message. */
  get outcome(): Promise<unknown> {
    return this.#deferred.promise;
  }

  get isAborted(): boolean {
    return this.turn.abortReason !== undefined;
  }

  /** The message leaves before the handler had it. */
  leave(): void {
    const reason = this.turn.abortReason;
    const isStop = reason instanceof MillraceError && reason.code === "STOPPED";
    if (isStop) this.succeed(release());
    else this.fail(reason);
  }

  succeed(value: unknown): void {
    this.#deferred.resolve(value);
  }

  fail(error: unknown): void {
    this.#deferred.reject(error);
  }
}

/** The turn of a message whose context no consumer has made. */
class LoneTurn implements HandlerTurn {
  readonly before: undefined;
  readonly #signal: AbortSignal;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  get abortReason(): Error | undefined {
    return this.#signal.aborted ? (this.#signal.reason as Error) : undefined;
  }

  whenAborted(callback: () => void): void {
    this.#signal.addEventListener("abort", callback, { once: true });
  }

  keep(): void {}

  letNextJoin(): void {}

  whenFirst(): void {}

  work(): void {}
}

/** The messages that are gathered, or worked on, together. */
export class Batch<Message, Resource> implements BatchContext {
  readonly key: string;
  readonly #size: number;
  /** In order, by their turns. */
  readonly #entries = new Map<HandlerTurn, BatchEntry<Message, Resource>>();
  #controller: AbortController | undefined;
  #isClosed = false;
  #isRunning = false;
  /** Whether it is to be handed over as it is. */
  isDue = false;
  timer: Timer | undefined;
  /** Whether it takes more. The same function for all its entries. */
  readonly mayJoin = (): boolean => !this.#isClosed;

  constructor(key: string, size: number) {
    this.key = key;
    this.#size = size;
  }

  get count(): number {
    return this.#entries.size;
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** Whether it is to be handed over. */
  get isReady(): boolean {
    return this.isDue || this.#isClosed;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      this.review();
    }
    return this.#controller.signal;
  }

  has(turn: HandlerTurn): boolean {
    return this.#entries.has(turn);
  }

  add(entry: BatchEntry<Message, Resource>): void {
    entry.batch = this;
    this.#entries.set(entry.turn, entry);
    if (this.#entries.size >= this.#size) this.#isClosed = true;
  }

  remove(entry: BatchEntry<Message, Resource>): void {
    entry.batch = undefined;
    this.#entries.delete(entry.turn);
  }

  /** Takes out those before which another of their lane is not done, and not in this batch any more. */
  takeStranded(): Array<BatchEntry<Message, Resource>> {
    const stranded: Array<BatchEntry<Message, Resource>> = [];
    for (const entry of this.#entries.values()) {
      const before = entry.turn.before;
      if (before === undefined || this.has(before)) continue;
      this.remove(entry);
      stranded.push(entry);
    }
    return stranded;
  }

  /** Aborts the signal when all entries' signals have aborted. */
  review(): void {
    const entries = [...this.#entries.values()];
    if (this.#controller === undefined || !entries.every(({ isAborted }) => isAborted)) return;
    this.#controller.abort(entries.at(-1)?.turn.abortReason);
  }

  /** Has the handler called, and settles each entry. Never rejects. */
  async run(handler: BatchHandler<Message, Resource>): Promise<void> {
    this.#isClosed = true;
    this.#isRunning = true;
    const entries = [...this.#entries.values()];
    for (const { turn } of entries) turn.work();
    try {
      const answer = await handler(
        entries.map(({ item }) => item),
        this,
      );
      const results = readAnswer(answer, entries.length);
      for (const [index, entry] of entries.entries()) {
        const result = results[index];
        if (isInstance(result, Error)) entry.fail(result);
        else entry.succeed(result);
      }
    } catch (error) {
      for (const entry of entries) entry.fail(error);
    }
  }
}

/** The answer as a list. */
function readAnswer(answer: unknown, count: number): ReadonlyArray<Outcome | Error | undefined> {
  if (answer === undefined) return [];
  if (isOutcome(answer)) return Array.from({ length: count }, () => answer);
  if (!Array.isArray(answer)) throw createAnswerError(`with ${describeValue(answer)}`);
  const results: readonly unknown[] = answer;
  for (const result of results) silence(result);
  if (results.length !== count) throw createAnswerError(`with a list of ${results.length} for ${count} items`);
  for (const [index, result] of results.entries()) {
    if (result === undefined || isOutcome(result) || isInstance(result, Error)) continue;
    throw createAnswerError(`with ${describeValue(result)} for item ${index}`);
  }
  return results as ReadonlyArray<Outcome | Error | undefined>;
}

function createAnswerError(what: string): MillraceError {
  const expected = "nothing, an outcome, or a list with an outcome, an error or undefined for each item, in order";
  return new MillraceError("BATCH_ANSWER_INVALID", `The handler of batches answered ${what}. Expected: ${expected}.`);
}
