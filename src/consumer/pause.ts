// A rest from receiving: until the user ends it, for a time that a handler has asked for, or both.
import type { Clock, Timer } from "../internal/clock.js";

/** What a pause works with. */
export interface PauseParts {
  readonly clock: Clock;
  /** Called when it begins. `forMs` is undefined when no time was given. */
  readonly onPaused: (forMs: number | undefined) => void;
  /** Called when it is over. */
  readonly onResumed: () => void;
}

/**
 * Whether a consumer is paused. Of several times the one that ends last counts, and a pause without a time outlasts them
 * all; `end` ends every one.
 */
export class Pause {
  readonly #parts: PauseParts;
  #isUntilResumed = false;
  #timer: Timer | undefined;
  #endsAt = -Infinity;

  constructor(parts: PauseParts) {
    this.#parts = parts;
  }

  get isOn(): boolean {
    return this.#isUntilResumed || this.#timer !== undefined;
  }

  begin(): void {
    const wasOn = this.isOn;
    this.#isUntilResumed = true;
    if (!wasOn) this.#parts.onPaused(undefined);
  }

  beginFor(durationMs: number): void {
    const wasOn = this.isOn;
    const endsAt = this.#parts.clock.now() + durationMs;
    if (endsAt <= this.#endsAt) return;
    this.#endsAt = endsAt;
    this.#timer?.cancel();
    this.#timer = this.#parts.clock.setTimer(() => {
      this.#timer = undefined;
      if (!this.#isUntilResumed) this.#parts.onResumed();
    }, durationMs);
    if (!wasOn) this.#parts.onPaused(durationMs);
  }

  end(): void {
    if (!this.isOn) return;
    this.cancel();
    this.#isUntilResumed = false;
    this.#parts.onResumed();
  }

  /** Forgets its time: nothing is to happen any more. */
  cancel(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#endsAt = -Infinity;
  }
}
