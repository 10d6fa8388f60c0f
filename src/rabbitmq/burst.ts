// Notices when more was written at once than a channel passes on to a quorum queue right away.
import type { Clock } from "../internal/clock.js";

/**
 * A channel has 32 settlements on their way to a quorum queue. Others it gathers until the queue has answered, and forgets
 * them when it is closed, though it has answered for them (RabbitMQ 3.10: `SOFT_LIMIT` of `rabbit_fifo_client`).
 */
const PASSED_ON_AT_ONCE = 32;
/** So many within so little time may have been gathered. */
const WINDOW_MS = 100;
/** After which they are passed on: the queue has answered, and what was gathered goes in one. */
const PASSED_ON_MS = 500;

/** Watches what is written on a channel. */
export class Burst {
  readonly #clock: Clock;
  /** When the last ones were written, in a ring. */
  readonly #times: number[] = Array.from({ length: PASSED_ON_AT_ONCE }, () => -Infinity);
  #next = 0;
  #lastAt = -Infinity;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A settlement was written. */
  note(): void {
    const now = this.#clock.now();
    if (now - (this.#times[this.#next] as number) < WINDOW_MS) this.#lastAt = now;
    this.#times[this.#next] = now;
    this.#next = (this.#next + 1) % PASSED_ON_AT_ONCE;
  }

  /** For how long the channel must not be closed. */
  get restMs(): number {
    return Math.max(0, this.#lastAt + PASSED_ON_MS - this.#clock.now());
  }
}
