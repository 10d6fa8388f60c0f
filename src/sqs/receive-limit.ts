// How many receives of a queue may be out at once.
import type { Clock } from "../internal/clock.js";
import { Load } from "../internal/load.js";

/** How much the limit fades with each full receive that did not need it. */
const FADING = 0.1;
/**
 * While the processor is the limit, more cost: their answers, all halfway through a client, do not fit into its caches
 * (docs/internals/hot-path.md).
 */
const ENOUGH_UNDER_LOAD = 4;
/**
 * When so many come back each second, the processor is at work for them. When fewer do, it is for something else, or they are
 * waiting for the service: more bring more, and cost little beside the rest. When more do, each is so small that it is nothing to
 * the caches how many there are.
 */
const DEAR_A_SECOND = { least: 200, most: 4_000 } as const;

/** They are counted for so long: as long as the event loop is watched. */
const WINDOW_MS = 50;

/** What the receivers of a process have in common. */
class Process {
  readonly #load: Load;
  #since: number;
  #answers = 0;
  #areDear = false;

  constructor(clock: Clock) {
    this.#load = new Load(clock);
    this.#since = clock.now();
  }

  /** To be asked once for each full receive that comes back: whether these are what the processor is at work for. */
  areDear(now: number): boolean {
    this.#answers += 1;
    const lastedMs = now - this.#since;
    if (lastedMs < WINDOW_MS) return this.#areDear;
    const aSecond = (this.#answers * 1_000) / lastedMs;
    this.#areDear = this.#load.isFull(now) && aSecond > DEAR_A_SECOND.least && aSecond < DEAR_A_SECOND.most;
    this.#since = now;
    this.#answers = 0;
    return this.#areDear;
  }
}

const processes = new WeakMap<Clock, Process>();

function processOf(clock: Clock): Process {
  const found = processes.get(clock) ?? new Process(clock);
  processes.set(clock, found);
  return found;
}

/**
 * Goes by what each receive brought: more at once while they come back full, as many are out as may be, and more are of use;
 * fewer when they do not. A limit that is not reached fades: when the queue runs empty, as many long polls are out as it
 * allows.
 */
export class ReceiveLimit {
  readonly #most: number;
  readonly #process: Process;
  #limit = 1;

  constructor(most: number, clock: Clock) {
    this.#most = most;
    this.#process = processOf(clock);
  }

  get value(): number {
    return Math.floor(this.#limit);
  }

  /** After a failure. */
  reset(): void {
    this.#limit = 1;
  }

  /** After an answer that was not full. */
  shrink(): void {
    this.#limit = Math.max(1, this.#limit - 1);
  }

  /** After a full answer, with so many receives of this queue out. */
  grow(out: number, now: number): void {
    const areDear = this.#process.areDear(now);
    if (out < this.value) this.#limit = Math.max(this.#limit - FADING, out + 1);
    else if (areDear && this.#limit >= ENOUGH_UNDER_LOAD) this.#limit = Math.max(this.#limit - 1, ENOUGH_UNDER_LOAD);
    else this.#limit = Math.min(this.#limit + 1, this.#most);
  }
}
