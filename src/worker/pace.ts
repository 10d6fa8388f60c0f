// How many tasks will start within the next moment, judged by those that just ended.

/** The fewest tasks that the mean run time looks back on. */
const SHORTEST_MEMORY = 64;
/** Of the window: what ends within one counts as ended at once. */
const STEP = 1 / 1_000;

/**
 * Two estimates of the same thing, of which the smaller counts:
 *
 * - by count: how many tasks ended within the last `windowMs`. It starts at nothing and so never runs ahead of what was
 *   seen; but ten handlers of a minute that end together look like ten a second.
 * - by Little's law: `slots / mean run time`. It is right about those; but at the start it knows only the handlers that
 *   were quick to end.
 */
export class Pace {
  /** How many tasks run at once. May change; how far the mean looks back does not. */
  slots: number;
  readonly #windowMs: number;
  readonly #memory: number;
  #meanMs = 0;
  #samples = 0;
  /** Tasks ended, each fading with time: at a steady pace it stands at pace × window. */
  #endedInWindow = 0;
  #endedAt = 0;

  constructor(options: { windowMs: number; slots: number }) {
    this.#windowMs = options.windowMs;
    this.slots = options.slots;
    this.#memory = Math.max(SHORTEST_MEMORY, 4 * options.slots);
  }

  /** Notes that a task ended at `now`, having run for `durationMs`. */
  ended(durationMs: number, now: number): void {
    this.#fade(now);
    this.#endedInWindow += 1;
    if (this.#samples < this.#memory) this.#samples += 1;
    this.#meanMs += (durationMs - this.#meanMs) / this.#samples;
  }

  /** How many tasks are expected to start within the window that begins at `now`. */
  expectedStarts(now: number): number {
    this.#fade(now);
    return this.mostStarts;
  }

  /** What `expectedStarts` answers at most, until a task ends: for those who need not read the clock to know that it is too few. */
  get mostStarts(): number {
    if (this.#samples === 0 || this.#windowMs === 0) return 0;
    const byLittlesLaw = (this.slots * this.#windowMs) / Math.max(this.#meanMs, Number.EPSILON);
    return Math.floor(Math.min(this.#endedInWindow, byLittlesLaw));
  }

  /** The estimate by count, which `expectedStarts` never exceeds. */
  get mostEnded(): number {
    return this.#endedInWindow;
  }

  /** In steps, as an exponential is dear. */
  #fade(now: number): void {
    if (now <= this.#endedAt + this.#windowMs * STEP) return;
    this.#endedInWindow *= Math.exp((this.#endedAt - now) / this.#windowMs);
    this.#endedAt = now;
  }
}
