// Collects items, sends them in batches, and settles each one by itself.
import type PQueue from "p-queue";
import { MillraceError } from "../errors.js";
import { Backoff } from "../internal/backoff.js";
import type { Clock, Timer } from "../internal/clock.js";
import { createDeferred, type Deferred } from "../internal/deferred.js";

/** What became of one entry of a batch. */
export type EntryResult =
  | { readonly status: "done" }
  /** Failed; trying again may help. */
  | { readonly status: "failed"; readonly error: unknown }
  /** Refused; trying again cannot help. */
  | { readonly status: "refused"; readonly error: unknown };

/** What a harvester is made with. All of it is required: whoever builds a harvester knows its source. */
export interface HarvesterOptions<Item> {
  /**
   * Sends one batch and answers with a result per item, in the items' order. Rejecting means that every entry failed
   * and may succeed later.
   */
  readonly send: (items: readonly Item[]) => Promise<readonly EntryResult[]>;
  /** The most items of a batch. */
  readonly maxBatchSize: number;
  /**
   * How long the oldest item waits for a batch to fill, in milliseconds. Counted from the first item, never reset. With 0
   * it goes at the end of the turn, with what was added in the same one.
   */
  readonly maxAgeMs: number;
  /** Until when (on the clock) a failed item is worth trying again. Asked anew at each failure. */
  readonly retryUntil: (item: Item) => number;
  /** Bounds how many batches are out at once; harvesters may share one. */
  readonly queue: PQueue;
  /**
   * The longest that failed items rest before they are tried again, and others are held back, in milliseconds. At most, and by
   * default, 5,000.
   */
  readonly maxRestMs?: number;
  /** Which batches go first when the queue is busy: the highest. */
  readonly priority: number;
  /** Where time is read and timers are set. */
  readonly clock: Clock;
  /** Numbers from 0 up to 1, for the jitter between attempts. */
  readonly random?: (() => number) | undefined;
  /** The most bytes of a batch, where the source limits them. */
  readonly maxBatchBytes?: number;
  /** The bytes of one item. It must not throw. */
  readonly bytesOf?: (item: Item) => number;
  /**
   * Whether a batch that was rejected with this error says that any other would be, too: they are held back then, but for one
   * at each attempt. Default: always. It must not throw.
   */
  readonly concernsAll?: (error: unknown) => boolean;
  /** Called for each item when it is settled, before its promise is. It must not throw. */
  readonly onSettled?: (item: Item, error: unknown) => void;
}

interface Entry<Item> {
  readonly item: Item;
  /** For those who wait for the one item. */
  readonly deferred: Deferred<void> | undefined;
}

const RETRY_BASE_MS = 100;
const RETRY_MAX_MS = 5_000;

/**
 * ```
 *  add ──▶ collecting ──(batch full, first item old enough, or flush)──▶ queue ──▶ send ──▶ each entry settled by itself
 *              ▲                                                                     │
 *              └───────── resting, for the length of the back-off ◀──(failed)────────┘
 * ```
 *
 * An item is settled with its own entry's result and no other's. While every batch is rejected, one at a time goes out: the
 * source is down, or refuses us, and a request for each of many batches would only say so again.
 */
export class Harvester<Item> {
  readonly #options: HarvesterOptions<Item>;
  readonly #backoff: Backoff;
  #pending = 0;
  #collecting: Array<Entry<Item>> = [];
  /** When the first of them was added. */
  #collectingSince = 0;
  /** What is to be sent as soon as the queue lets a batch through; the batch is made then, so that more can join it. */
  #due: Array<Entry<Item>> = [];
  #batchesQueued = 0;
  /** Batches that have been sent and not answered. */
  readonly #out: Array<ReadonlyArray<Entry<Item>>> = [];
  #resting: Array<Entry<Item>> = [];
  #ageTimer: Timer | undefined;
  #restTimer: Timer | undefined;
  /** Whether the last batch that was answered was rejected: until one is not, what is due waits. */
  #isDown = false;
  /** Whether a batch was sent before its rest was over since one was done. */
  #hasHurried = false;
  #isClosing = false;
  #givenUp: { readonly reason: unknown } | undefined;
  #onEmpty: Deferred<void> | undefined;

  constructor(options: HarvesterOptions<Item>) {
    this.#options = options;
    const maxMs = Math.min(RETRY_MAX_MS, options.maxRestMs ?? RETRY_MAX_MS);
    this.#backoff = new Backoff({ baseMs: RETRY_BASE_MS, maxMs, random: options.random });
  }

  /** Items that were added and are not settled. */
  get pending(): number {
    return this.#pending;
  }

  /** Adds an item. Resolves when the source has confirmed it; rejects when it was refused, or not in time. */
  add(item: Item): Promise<void> {
    const deferred = createDeferred();
    this.#enter(item, deferred);
    return deferred.promise;
  }

  /** Adds an item without a promise: `onSettled` tells what became of it. */
  put(item: Item): void {
    this.#enter(item, undefined);
  }

  /** Sends what has been collected, without waiting for more. */
  flush(): void {
    if (this.#collecting.length === 0) return;
    this.#due.push(...this.#collecting);
    this.#collecting = [];
    this.#queueBatches();
  }

  /**
   * Has those of the items that wait for their turn sent before all others, at this priority. Answers which they are: the
   * rest is being collected, out, or at rest after a failure. While every batch is rejected it is none.
   */
  hasten(items: ReadonlySet<Item>, priority: number): ReadonlySet<Item> {
    const first = this.#isDown ? [] : this.#due.filter(({ item }) => items.has(item));
    if (first.length === 0) return new Set();
    this.#due = [...first, ...this.#due.filter(({ item }) => !items.has(item))];
    const turns = Math.ceil(first.length / this.#options.maxBatchSize);
    this.#batchesQueued += turns;
    for (let turn = 0; turn < turns; turn += 1) void this.#options.queue.add(() => this.#sendNext(), { priority });
    return new Set(first.map(({ item }) => item));
  }

  /**
   * The source answers others again. While every batch is rejected, the next one goes out now, whatever rests; but only once
   * until one is done: it may be us whom the source refuses.
   */
  sourceIsBack(): void {
    if (!this.#isDown || this.#restTimer === undefined || this.#hasHurried) return;
    this.#hasHurried = true;
    this.#tryAgain();
  }

  /**
   * Sends everything, now and from now on without waiting for a batch to fill, and resolves when every item is settled.
   * When the signal aborts, what is left is rejected with its reason.
   */
  async close(signal: AbortSignal): Promise<void> {
    this.#isClosing = true;
    this.#isDown = false;
    this.#endRest(); // Those who close may not have the time that a back-off takes.
    this.flush();
    this.#queueBatches(); // What waited for an answer to the one batch that is out.
    const giveUp = (): void => this.#giveUp(signal.reason);
    if (signal.aborted) giveUp();
    signal.addEventListener("abort", giveUp, { once: true });
    if (this.#pending > 0) await (this.#onEmpty ??= createDeferred()).promise;
    signal.removeEventListener("abort", giveUp);
    this.#ageTimer?.cancel();
    this.#ageTimer = undefined;
    this.#endRest(); // Nothing rests, but the timer may be set: for what was held back, and has been sent.
  }

  #enter(item: Item, deferred: Deferred<void> | undefined): void {
    const entry: Entry<Item> = { item, deferred };
    this.#pending += 1;
    if (this.#givenUp === undefined) this.#collect(entry);
    else this.#settle(entry, this.#givenUp.reason);
  }

  #collect(entry: Entry<Item>): void {
    if (this.#collecting.length === 0) this.#collectingSince = this.#options.clock.now();
    this.#collecting.push(entry);
    const { maxBatchSize, maxAgeMs } = this.#options;
    if (this.#isClosing || this.#collecting.length >= maxBatchSize) this.flush();
    else if (this.#ageTimer === undefined) this.#watchAge(maxAgeMs);
  }

  #watchAge(delayMs: number): void {
    this.#ageTimer = this.#options.clock.setTimer(() => {
      this.#ageTimer = undefined;
      if (this.#collecting.length === 0) return;
      // The timer may have been set for an earlier first item, which left with a full batch.
      const remainingMs = this.#collectingSince + this.#options.maxAgeMs - this.#options.clock.now();
      if (remainingMs > 0) this.#watchAge(remainingMs);
      else this.flush();
    }, delayMs);
  }

  /** Asks the queue for as many turns as there are batches to send. */
  #queueBatches(): void {
    const { queue, priority, maxBatchSize } = this.#options;
    if (this.#isDown) return;
    while (this.#batchesQueued * maxBatchSize < this.#due.length) {
      this.#batchesQueued += 1;
      void queue.add(() => this.#sendNext(), { priority });
    }
  }

  #sendNext(): Promise<void> | void {
    this.#batchesQueued -= 1;
    return this.#isDown ? undefined : this.#sendBatch();
  }

  async #sendBatch(): Promise<void> {
    const batch = this.#takeBatch();
    if (batch.length === 0) {
      this.#isDown = false; // There is nothing to find out with.
      return;
    }
    this.#out.push(batch);
    const answering = this.#ask(batch);
    this.#queueBatches(); // Bytes may have made it a small one.
    const results = await answering;
    this.#out.splice(this.#out.indexOf(batch), 1);
    if (this.#givenUp !== undefined) return; // All of them are settled.
    const failed = batch.filter((entry, index) => !this.#take(entry, results[index]));
    if (failed.length === 0 && !this.#isDown) this.#backoff.reset();
    else if (failed.length > 0 || this.#due.length > 0) this.#rest(failed);
    else this.#isDown = false;
  }

  #takeBatch(): Array<Entry<Item>> {
    const { maxBatchSize, maxBatchBytes = Infinity, bytesOf = () => 0 } = this.#options;
    let batchBytes = 0;
    let size = 0;
    for (const entry of this.#due.slice(0, maxBatchSize)) {
      batchBytes += bytesOf(entry.item);
      if (size > 0 && batchBytes > maxBatchBytes) break;
      size += 1;
    }
    return this.#due.splice(0, size);
  }

  async #ask(batch: ReadonlyArray<Entry<Item>>): Promise<readonly EntryResult[]> {
    try {
      const results: unknown = await this.#options.send(batch.map((entry) => entry.item));
      if (this.#isDown) this.#isUp();
      return Array.isArray(results) ? (results as EntryResult[]) : [];
    } catch (error) {
      if (this.#options.concernsAll?.(error) !== false) this.#goDown(error);
      return batch.map(() => ({ status: "failed", error }));
    }
  }

  #isUp(): void {
    this.#isDown = false;
    this.#hasHurried = false;
    this.#queueBatches();
  }

  /** Holds back what is due; but for what has no more time. */
  #goDown(error: unknown): void {
    this.#isDown = true;
    const waiting = this.#due;
    this.#due = []; // Whoever is told may add items.
    const left = waiting.filter((entry) => !this.#take(entry, { status: "failed", error }));
    this.#due = [...left, ...this.#due];
  }

  /** Settles the entry by its result. False when it is to be tried again. */
  #take(entry: Entry<Item>, result: EntryResult | undefined): boolean {
    if (result?.status === "done") {
      this.#settle(entry, undefined);
      return true;
    }
    let error: unknown =
      result?.error ?? new MillraceError("REQUEST_FAILED", "The answer to a batch had no result for an entry.");
    try {
      const mayRetry = result?.status !== "refused" && this.#givenUp === undefined;
      if (mayRetry && this.#options.retryUntil(entry.item) > this.#options.clock.now()) return false;
    } catch (thrown) {
      error = thrown;
    }
    this.#settle(entry, error);
    return true;
  }

  #rest(entries: Array<Entry<Item>>): void {
    this.#resting.push(...entries);
    this.#restTimer ??= this.#options.clock.setTimer(() => this.#tryAgain(), this.#backoff.nextDelayMs());
  }

  #tryAgain(): void {
    this.#endRest();
    this.flush();
    if (this.#isDown) this.#probe();
  }

  /** One batch, with what has waited longest for its turn. */
  #probe(): void {
    const { queue, priority } = this.#options;
    void queue.add(() => this.#sendBatch(), { priority });
  }

  #endRest(): void {
    this.#restTimer?.cancel();
    this.#restTimer = undefined;
    // What was rejected goes behind what waits: a batch that is rejected for its own sake is not to be the only one asked for.
    if (this.#isDown) this.#due.push(...this.#collecting, ...this.#resting);
    this.#collecting = this.#isDown ? [] : [...this.#resting, ...this.#collecting];
    this.#resting = [];
  }

  #giveUp(reason: unknown): void {
    this.#givenUp = { reason };
    this.#endRest();
    const entries = [...this.#out.flat(), ...this.#due, ...this.#collecting];
    this.#collecting = [];
    this.#due = [];
    for (const entry of entries) this.#settle(entry, reason);
  }

  #settle(entry: Entry<Item>, error: unknown): void {
    this.#pending -= 1;
    this.#options.onSettled?.(entry.item, error);
    if (error === undefined) entry.deferred?.resolve();
    else entry.deferred?.reject(error);
    if (this.#pending > 0) return;
    this.#onEmpty?.resolve();
    this.#onEmpty = undefined;
  }
}
