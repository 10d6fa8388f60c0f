// How long acknowledgements wait for each other when the service takes fewer calls than there would be.
import type { Clock } from "../internal/clock.js";

/** At first: one process makes 250 calls a second with it, of the 300 that a FIFO queue takes without high throughput. */
const FIRST_MS = 4;
/** For ten processes or so that share a queue's calls. */
const MOST_MS = 40;
/** After so long without a throttled call it is half as much. */
const HALVED_AFTER_MS = 60_000;
/** Less is not worth a timer. */
const LEAST_MS = 1;

/**
 * The age at which a batch goes out. It is what the options say, until calls are throttled: the acknowledgements of a FIFO
 * queue go one by one, and the quota counts calls, not messages. It doubles with each refusal, and fades.
 */
export class Gathering {
  readonly #clock: Clock;
  readonly #usualMs: number;
  #addedMs = 0;
  #changedAt = -Infinity;

  constructor(clock: Clock, usualMs: number) {
    this.#clock = clock;
    this.#usualMs = usualMs;
  }

  get ageMs(): number {
    if (this.#addedMs === 0) return this.#usualMs;
    const faded = this.#addedMs * 2 ** ((this.#changedAt - this.#clock.now()) / HALVED_AFTER_MS);
    if (faded < LEAST_MS) this.#addedMs = 0;
    return Math.max(this.#usualMs, this.#addedMs === 0 ? 0 : faded);
  }

  /** A call was throttled. Those that were out at the same time say nothing more. */
  throttled(sentAt: number): void {
    if (sentAt < this.#changedAt) return;
    this.#addedMs = Math.min(MOST_MS, Math.max(FIRST_MS, 2 * this.ageMs));
    this.#changedAt = this.#clock.now();
  }
}
