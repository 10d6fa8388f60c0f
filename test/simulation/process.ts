// The process of one consumer, as the world treats it: it may stand still, its timers are not exact, and the order of what
// happens in one moment is nobody's promise.
import type { Clock, Timer } from "millrace";
import type { RandomSource, VirtualClock } from "millrace/testing";
import type { Stall } from "./history.js";
import type { OrderOfMoments } from "./order-of-moments.js";

/** What a process is made with. */
export interface ProcessOptions {
  readonly clock: VirtualClock;
  readonly random: RandomSource;
  /** Those of this process. */
  readonly stalls: readonly Stall[];
  readonly timerSkewMs: readonly [early: number, late: number];
  readonly order: OrderOfMoments | undefined;
  readonly idleShare: number;
}

/** Its clock is the consumer's, and knows how many timers are the consumer's own. */
export class Process implements Clock {
  readonly #options: ProcessOptions;
  pendingTimers = 0;
  /** How often something had to wait for a stall to end. */
  stalled = 0;

  constructor(options: ProcessOptions) {
    this.#options = options;
  }

  /** Whether it stands still. */
  get isAsleep(): boolean {
    return this.#stalledUntilMs() !== undefined;
  }

  /** Whether it has stood still until this moment: what was due meanwhile comes one by one. */
  get hasJustWoken(): boolean {
    return this.#options.stalls.some(({ toMs }) => toMs === this.now());
  }

  now(): number {
    return this.#options.clock.now();
  }

  idleMs(): number {
    return this.now() * this.#options.idleShare;
  }

  setTimer(callback: () => void, delayMs: number): Timer {
    this.pendingTimers += 1;
    let isPending = true;
    const end = (): void => {
      if (isPending) this.pendingTimers -= 1;
      isPending = false;
    };
    const fire = (): void => {
      if (!isPending) return;
      end();
      callback();
    };
    const timer = this.#options.clock.setTimer(() => {
      const turn = this.turn();
      if (turn === undefined) return fire();
      void turn.then(fire);
    }, this.#skewed(delayMs));
    return {
      cancel() {
        end();
        timer.cancel();
      },
    };
  }

  /** Resolves when the process gets to it; undefined when that is at once. */
  turn(): Promise<void> | undefined {
    const { order } = this.#options;
    const untilMs = this.#stalledUntilMs();
    if (untilMs === undefined) return order?.turn();
    this.stalled += 1;
    return this.#sleepUntil(untilMs).then(() => order?.turn());
  }

  /** Calls it when the process gets to it. */
  whenAwake(call: () => void): void {
    const turn = this.turn();
    if (turn === undefined) call();
    else void turn.then(call);
  }

  #sleepUntil(untilMs: number): Promise<void> {
    const { clock } = this.#options;
    return new Promise((resolve) => {
      clock.setTimer(resolve, untilMs - clock.now());
    });
  }

  #stalledUntilMs(): number | undefined {
    const { stalls } = this.#options;
    if (stalls.length === 0) return undefined;
    const now = this.now();
    return stalls.find(({ fromMs, toMs }) => fromMs <= now && now < toMs)?.toMs;
  }

  #skewed(delayMs: number): number {
    const { random, timerSkewMs } = this.#options;
    const [early, late] = timerSkewMs;
    if (delayMs <= 0 || (early === 0 && late === 0)) return delayMs;
    // Node makes a millisecond of what is less.
    return Math.max(1, delayMs) + early + random() * (late - early);
  }
}
