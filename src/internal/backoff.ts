// Growing delays between attempts, with jitter.

export interface BackoffOptions {
  /** The ceiling of the first delay. */
  readonly baseMs: number;
  /** The highest that the ceiling grows to. */
  readonly maxMs: number;
  /** Numbers from 0 up to 1. */
  readonly random?: (() => number) | undefined;
}

/**
 * Exponential back-off. The ceiling doubles with every failure; the delay is drawn between half the ceiling and the
 * ceiling, so that many clients that failed together do not come back together, and none comes back at once.
 */
export class Backoff {
  readonly #options: BackoffOptions;
  #failures = 0;

  constructor(options: BackoffOptions) {
    this.#options = options;
  }

  /** Failures since the last success. */
  get failures(): number {
    return this.#failures;
  }

  nextDelayMs(): number {
    const { baseMs, maxMs, random = Math.random } = this.#options;
    const ceilingMs = Math.min(maxMs, baseMs * 2 ** Math.min(this.#failures, 30));
    this.#failures += 1;
    return (ceilingMs * (1 + random())) / 2;
  }

  reset(): void {
    this.#failures = 0;
  }
}
