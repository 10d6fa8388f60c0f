// One consumer's view of the clock, which knows how many timers are the consumer's own.
import type { Clock, Timer } from "millrace";

export class CountingClock implements Clock {
  readonly #clock: Clock;
  pendingTimers = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now(): number {
    return this.#clock.now();
  }

  setTimer(callback: () => void, delayMs: number): Timer {
    this.pendingTimers += 1;
    let isPending = true;
    const end = (): void => {
      if (isPending) this.pendingTimers -= 1;
      isPending = false;
    };
    const timer = this.#clock.setTimer(() => {
      end();
      callback();
    }, delayMs);
    return {
      cancel() {
        end();
        timer.cancel();
      },
    };
  }
}
