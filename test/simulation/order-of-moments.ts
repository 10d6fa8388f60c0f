// In which order the things of one moment happen: fast-check's scheduler chooses among all that could come next.
import { fc } from "@fast-check/vitest";
import type { VirtualClock } from "millrace/testing";

const NOTHING = Promise.resolve();

/**
 * ```
 *  answers ──┐
 *  handlers ─┼──▶ pending ──(when the clock has fired all timers of this moment)──▶ one, chosen by the seed ──▶ the next …
 *  timers ───┘
 * ```
 */
export class OrderOfMoments {
  readonly #clock: VirtualClock;
  readonly #scheduler: ReturnType<typeof createScheduler>;
  #isArranged = false;
  /** How often there was a choice. */
  choices = 0;

  constructor(clock: VirtualClock, seed: number) {
    this.#clock = clock;
    this.#scheduler = createScheduler(seed);
  }

  /** Resolves within this moment, when its turn has come. */
  turn(): Promise<void> {
    const turn = this.#scheduler.schedule(NOTHING);
    this.#arrange();
    return turn;
  }

  /** One turn at a time, each behind what is due at this moment, and followed by everything that it brings about. */
  #arrange(): void {
    if (this.#isArranged) return;
    this.#isArranged = true;
    this.#clock.setTimer(() => {
      this.#isArranged = false;
      if (this.#scheduler.count() > 1) this.choices += 1;
      // eslint-disable-next-line typescript/no-deprecated -- all of this moment is there: waiting for more is what waitNext does.
      void this.#scheduler.waitOne();
      if (this.#scheduler.count() > 0) this.#arrange();
    }, 0);
  }
}

function createScheduler(seed: number): ReturnType<typeof fc.schedulerFor<unknown>> {
  const [scheduler] = fc.sample(fc.scheduler(), { seed, numRuns: 1 });
  return scheduler as ReturnType<typeof fc.schedulerFor<unknown>>;
}
