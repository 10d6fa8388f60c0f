// Whether the processor is what everything waits for: nothing comes sooner then for being asked for more often.
import type { Clock } from "./clock.js";

/** Judged by so long a time: a single turn of the event loop says nothing. */
const WINDOW_MS = 50;
/** A loop that has less to spare looks for what has come, and finds something, whenever it looks. */
const LEAST_IDLE_SHARE = 0.02;

/** How busy the event loop is. */
export class Load {
  readonly #clock: Clock;
  #since: number;
  #idleBefore: number;
  #isFull = false;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#since = clock.now();
    this.#idleBefore = clock.idleMs?.() ?? 0;
  }

  /** Whether it had hardly a moment to spare of late. Where the clock does not tell, it had. */
  isFull(now: number): boolean {
    const lastedMs = now - this.#since;
    if (lastedMs < WINDOW_MS || this.#clock.idleMs === undefined) return this.#isFull;
    const idle = this.#clock.idleMs();
    this.#isFull = idle - this.#idleBefore < LEAST_IDLE_SHARE * lastedMs;
    this.#since = now;
    this.#idleBefore = idle;
    return this.#isFull;
  }
}
