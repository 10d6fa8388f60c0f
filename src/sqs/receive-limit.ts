// How many receives may be out at once: as many as come back full and are of use.
import type { Clock } from "../internal/clock.js";
import { Load } from "../internal/load.js";

/** How much the limit fades with each full receive that did not need it. */
const DECAY = 0.1;
/** So few do not cost more than fewer would. */
const LEAST_UNDER_LOAD = 4;
/** Of what more would bring if it was the service alone that they waited for. */
const WORTH = 0.5;
/** So long is looked at what a limit brings. */
const WINDOW_MS = 100;
/** So many answers for each that may be out, and the first of them were asked for under the limit before. */
const ANSWERS = 2;
/** After a try that was in vain. */
const REST_MS = 3_000;

interface Level {
  readonly limit: number;
  /** Messages a millisecond. */
  readonly pace: number;
}

/**
 * Goes by what each receive brought: more at once while they come back full and as many are out as may be, fewer when they do
 * not. A limit that is not reached fades: when the queue runs empty, as many long polls are out as it allows.
 *
 * Where the event loop has no time to spare, receives that wait for each other in this process cost, and bring nothing: their
 * answers, all halfway through a client, do not fit into the caches (docs/internals/hot-path.md). Then half as many and
 * twice as many are tried from time to time, and the fewest stay that bring as much.
 */
export class ReceiveLimit {
  readonly #most: number;
  readonly #load: Load;
  #limit = 1;
  /** What has come under this limit. */
  #answers = 0;
  #messages = 0;
  #since = 0;
  /** What another limit is tried against. */
  #before: Level | undefined;
  #triesMore = false;
  #restsUntil = -Infinity;

  constructor(most: number, clock: Clock) {
    this.#most = most;
    this.#load = new Load(clock);
  }

  get value(): number {
    return Math.floor(this.#limit);
  }

  /** After a failure. */
  reset(): void {
    this.#set(1);
  }

  /** After an answer that was not full. */
  shrink(): void {
    this.#set(this.#limit - 1);
  }

  /** After a full answer, with so many receives out. */
  grow(messages: number, out: number, now: number): void {
    if (out < this.value) {
      this.#set(Math.max(this.#limit - DECAY, out + 1));
    } else if (this.#limit >= LEAST_UNDER_LOAD && this.#load.isFull(now)) {
      this.#weigh(messages, now);
    } else {
      this.#set(this.#limit + 1);
      this.#restsUntil = now;
      this.#triesMore = false;
    }
  }

  /** Looks at what this limit brings, and tries another one when it is time. */
  #weigh(messages: number, now: number): void {
    this.#answers += 1;
    if (this.#answers <= this.value) this.#since = now;
    else this.#messages += messages;
    const lastedMs = now - this.#since;
    if (this.#answers < ANSWERS * this.value || lastedMs < WINDOW_MS) return;
    const level = { limit: this.value, pace: this.#messages / lastedMs };
    const before = this.#before;
    if (before !== undefined && areMoreWorthIt(level, before) !== this.#triesMore) {
      this.#triesMore = !this.#triesMore;
      this.#restsUntil = now + REST_MS;
      this.#set(before.limit);
    } else if (now < this.#restsUntil) {
      this.#set(this.#limit);
    } else {
      this.#tryAnother(level);
    }
  }

  #tryAnother(now: Level): void {
    const [fewer, more] = [Math.max(LEAST_UNDER_LOAD, now.limit >> 1), Math.min(this.#most, now.limit * 2)];
    if (now.limit === (this.#triesMore ? more : fewer)) this.#triesMore = !this.#triesMore;
    this.#set(this.#triesMore ? more : fewer);
    this.#before = now;
  }

  #set(limit: number): void {
    this.#limit = Math.max(1, Math.min(limit, this.#most));
    this.#before = undefined;
    this.#answers = 0;
    this.#messages = 0;
  }
}

function areMoreWorthIt(one: Level, other: Level): boolean {
  const [fewer, more] = one.limit < other.limit ? [one, other] : [other, one];
  return more.pace / fewer.pace - 1 >= WORTH * (more.limit / fewer.limit - 1);
}
