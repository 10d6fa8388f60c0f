// A clock whose time passes only when a test says so, and then at once.

import { setImmediate } from "node:timers";
import type { Clock, Timer } from "../internal/clock.js";
import { DeadlineQueue, type Scheduled } from "../internal/deadline-queue.js";

/** What `VirtualClock.runUntil` takes. */
export interface RunUntilOptions {
  /**
   * How much virtual time may pass before it gives up, in milliseconds.
   *
   * @defaultValue 86_400_000, a day
   */
  readonly timeoutMs?: number;
}

const DAY_MS = 86_400_000;

/** Turns of the event loop that count as "everything that can happen now has happened". */
const SETTLE_TURNS = 3;

/** As many timers at one moment mean that something sets a timer of 0 ms for ever. */
const MOST_TIMERS_AT_ONE_MOMENT = 1_000_000;

interface CancelListener {
  forget(timer: VirtualTimer): void;
}

class VirtualTimer implements Timer {
  readonly moment: Moment;
  readonly #listener: CancelListener;
  callback: (() => unknown) | undefined;

  constructor(callback: () => unknown, moment: Moment, listener: CancelListener) {
    this.callback = callback;
    this.moment = moment;
    this.#listener = listener;
  }

  cancel(): void {
    if (this.callback === undefined) return;
    this.callback = undefined;
    this.#listener.forget(this);
  }
}

/**
 * All timers that fall due at the same time, in the order in which they were set: the heap itself would not keep the
 * order of equal deadlines.
 */
class Moment implements Scheduled {
  dueAt = 0;
  queueIndex = -1;
  readonly timers: VirtualTimer[] = [];
  /** Index of the first timer that has not had its turn. */
  nextIndex = 0;
  /** Timers that have neither fired nor been cancelled. */
  pending = 0;
}

/**
 * A clock for tests: an hour passes in a moment, and nothing happens between two timers that could not happen in
 * reality.
 *
 * Timers fire one at a time, earliest first and in the order in which they were set. After each, every promise chain
 * it started runs to its end before the next one fires. What waits for the real event loop more than once in a row
 * (sockets, files, worker threads, chains of `setImmediate`) is not waited for: use `settle` in between.
 *
 * An error thrown by a timer's callback, or the rejection of a promise it returned, rejects the call that was moving
 * the time.
 *
 * @example
 * ```ts
 * const clock = new VirtualClock();
 * clock.setTimer(() => console.log("a minute later"), 60_000);
 * await clock.advance(60_000);
 * ```
 */
export class VirtualClock implements Clock {
  /** What a timer tells of its cancelling: one for all timers, so that setting one costs no closure. */
  readonly #cancelled: CancelListener = { forget: (timer) => this.#forget(timer) };
  readonly #moments = new DeadlineQueue<Moment>();
  readonly #momentByTime = new Map<number, Moment>();
  readonly #failures: unknown[] = [];
  #nowMs: number;
  #pendingTimers = 0;
  #firedAtThisMoment = 0;
  #isMoving = false;

  /** @param startMs - What `now()` says at first; 0 unless told otherwise. */
  constructor(startMs = 0) {
    this.#nowMs = startMs;
  }

  /** How many timers have been set that neither fired nor were cancelled. */
  get pendingTimers(): number {
    return this.#pendingTimers;
  }

  /** When the next timer falls due, in milliseconds of this clock; undefined when there is none. */
  get nextTimerAt(): number | undefined {
    return this.#moments.peek()?.dueAt;
  }

  now(): number {
    return this.#nowMs;
  }

  /**
   * Calls `callback` when the clock has been moved `delayMs` milliseconds ahead.
   *
   * @throws RangeError when the delay is not a finite number.
   */
  setTimer(callback: () => unknown, delayMs: number): Timer {
    if (!Number.isFinite(delayMs)) throw new RangeError(`delayMs must be a finite number, got ${delayMs}`);
    const moment = this.#momentAt(this.#nowMs + Math.max(delayMs, 0));
    const timer = new VirtualTimer(callback, moment, this.#cancelled);
    moment.timers.push(timer);
    moment.pending += 1;
    this.#pendingTimers += 1;
    return timer;
  }

  /** Lets everything happen that needs no time: all promise chains, and a few turns of the event loop. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < SETTLE_TURNS; turn += 1) await nextTurn();
    this.#throwFailure();
  }

  /** Moves the time by `ms` milliseconds and fires what falls due on the way. */
  async advance(ms: number): Promise<void> {
    if (!(ms >= 0 && ms < Infinity)) throw new RangeError(`ms must be a finite number of at least 0, got ${ms}`);
    const targetMs = this.#nowMs + ms;
    await this.#move(async () => {
      await this.settle();
      while (await this.#fireNext(targetMs));
      this.#goTo(targetMs);
      await this.settle();
    });
  }

  /**
   * Moves the time from timer to timer, until the condition holds.
   *
   * @throws Error when no timer is left, or the time is up, and the condition still does not hold.
   */
  async runUntil(condition: () => boolean, options?: RunUntilOptions): Promise<void>;
  /**
   * Moves the time from timer to timer until the promise settles, and settles as it did.
   *
   * @throws Error when no timer is left, or the time is up, and the promise is still pending.
   */
  async runUntil<Value>(promise: PromiseLike<Value>, options?: RunUntilOptions): Promise<Value>;
  async runUntil(target: PromiseLike<unknown> | (() => boolean), options: RunUntilOptions = {}): Promise<unknown> {
    if (typeof target === "function") {
      await this.#runUntil(target, options);
      return undefined;
    }
    let isSettled = false;
    const markSettled = (): void => {
      isSettled = true;
    };
    target.then(markSettled, markSettled);
    await this.#runUntil(() => isSettled, options);
    return target;
  }

  async #runUntil(isDone: () => boolean, { timeoutMs = DAY_MS }: RunUntilOptions): Promise<void> {
    const startMs = this.#nowMs;
    const limitMs = startMs + timeoutMs;
    await this.#move(async () => {
      await this.settle();
      while (!isDone()) {
        if (await this.#fireNext(limitMs)) continue;
        await this.settle();
        if (isDone()) return;
        if (this.#pendingTimers === 0) throw new Error("Nothing is left that could happen: no timer is pending");
        if ((this.nextTimerAt as number) <= limitMs) continue;
        this.#goTo(limitMs);
        throw new Error(`Did not come to pass within ${timeoutMs} ms of virtual time`);
      }
    });
  }

  async #move(action: () => Promise<void>): Promise<void> {
    if (this.#isMoving) throw new Error("This clock is being moved already: await the other call first");
    this.#isMoving = true;
    try {
      await action();
    } finally {
      this.#isMoving = false;
    }
  }

  /** Fires one timer that is due by `limitMs` and lets its promise chains end; false when there is none. */
  async #fireNext(limitMs: number): Promise<boolean> {
    const moment = this.#moments.peek();
    if (moment === undefined || moment.dueAt > limitMs) return false;
    this.#goTo(moment.dueAt);
    const callback = this.#take(moment);
    this.#assertTimeMoves();
    this.#call(callback);
    // One turn of the event loop: by then every microtask has run, however long the chain.
    await nextTurn();
    this.#throwFailure();
    return true;
  }

  #take(moment: Moment): () => unknown {
    for (;;) {
      const timer = moment.timers[moment.nextIndex] as VirtualTimer;
      moment.nextIndex += 1;
      const { callback } = timer;
      if (callback === undefined) continue;
      timer.callback = undefined;
      this.#forget(timer);
      return callback;
    }
  }

  #call(callback: () => unknown): void {
    try {
      const result = callback();
      if (result instanceof Promise) result.catch((error: unknown) => this.#failures.push(error));
    } catch (error) {
      this.#failures.push(error);
    }
  }

  #throwFailure(): void {
    if (this.#failures.length > 0) throw this.#failures.shift();
  }

  #momentAt(dueAt: number): Moment {
    let moment = this.#momentByTime.get(dueAt);
    if (moment === undefined) {
      moment = new Moment();
      this.#momentByTime.set(dueAt, moment);
      this.#moments.add(moment, dueAt);
    }
    return moment;
  }

  #forget({ moment }: VirtualTimer): void {
    this.#pendingTimers -= 1;
    moment.pending -= 1;
    if (moment.pending > 0) return;
    this.#moments.remove(moment);
    this.#momentByTime.delete(moment.dueAt);
  }

  #goTo(timeMs: number): void {
    if (timeMs <= this.#nowMs) return;
    this.#nowMs = timeMs;
    this.#firedAtThisMoment = 0;
  }

  #assertTimeMoves(): void {
    this.#firedAtThisMoment += 1;
    if (this.#firedAtThisMoment <= MOST_TIMERS_AT_ONE_MOMENT) return;
    throw new Error(`The time stands still: ${MOST_TIMERS_AT_ONE_MOMENT} timers fired at ${this.#nowMs} ms`);
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
