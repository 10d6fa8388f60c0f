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

/** What the receivers of a process have in common. */
class Process {
  readonly load: Load;
  /** How many receives are out. */
  out = 0;

  constructor(clock: Clock) {
    this.load = new Load(clock);
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

  /** A receive goes out. */
  onSent(): void {
    this.#process.out += 1;
  }

  /** It has ended, in whatever way. */
  onEnded(): void {
    this.#process.out -= 1;
  }

  /** After a failure. */
  reset(): void {
    this.#limit = 1;
  }

  /** After an answer that was not full. */
  shrink(): void {
    this.#limit = Math.max(1, this.#limit - 1);
  }

  /** After a full answer that took so long, with so many receives of this queue out. */
  grow({ out, durationMs, now }: { readonly out: number; readonly durationMs: number; readonly now: number }): void {
    if (out < this.value) this.#limit = Math.max(this.#limit - FADING, out + 1);
    else if (this.#limit < ENOUGH_UNDER_LOAD || !this.#areEnough(durationMs, now)) this.#limit += 1;
    else this.#limit = Math.max(this.#limit - 1, ENOUGH_UNDER_LOAD);
    this.#limit = Math.min(this.#limit, this.#most);
  }

  /** As many come back in a second as there are out, by the time that one takes. */
  #areEnough(durationMs: number, now: number): boolean {
    const { load, out } = this.#process;
    const aSecond = (out * 1_000) / durationMs;
    return load.isFull(now) && aSecond > DEAR_A_SECOND.least && aSecond < DEAR_A_SECOND.most;
  }
}
