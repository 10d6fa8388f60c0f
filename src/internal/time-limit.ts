// A moment that ends waiting, and that can be brought forward while somebody waits.
import type { Clock, Timer } from "./clock.js";
import { createDeferred } from "./deferred.js";

/** A limit for one or several waits, one after the other. */
export class TimeLimit {
  readonly #clock: Clock;
  readonly #over = createDeferred();
  #dueAt = Infinity;
  #timer: Timer | undefined;
  #isOver = false;

  constructor(clock: Clock, timeoutMs: number) {
    this.#clock = clock;
    this.shorten(timeoutMs);
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Moves the limit to `timeoutMs` from now, if that is earlier. */
  shorten(timeoutMs: number): void {
    const dueAt = this.#clock.now() + timeoutMs;
    if (dueAt >= this.#dueAt || this.#isOver) return;
    this.#dueAt = dueAt;
    this.#timer?.cancel();
    this.#timer = this.#clock.setTimer(() => {
      this.#isOver = true;
      this.#over.resolve();
    }, timeoutMs);
  }

  /** Waits for the promise, but no longer than the limit. True when the promise came first; its rejection is passed on. */
  async allows(promise: Promise<unknown>): Promise<boolean> {
    return Promise.race([promise.then(() => true), this.#over.promise.then(() => false)]);
  }

  /** Takes the timer back. The limit will not be over any more. */
  cancel(): void {
    this.#timer?.cancel();
  }
}
