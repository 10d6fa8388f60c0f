// How many messages may start in a time: a token bucket in front of receiving.
import { OptionError } from "../errors.js";
import type { Clock } from "../internal/clock.js";
import { OptionReader } from "../internal/options.js";

/** How many messages may start in a time. */
export interface Rate {
  /** How many a second, on average. More than 0, to 100,000; fractions are allowed. */
  perSecond: number;
  /**
   * The most that may start at once after a lull, and the most that may be asked for and not be here. 1 to 100,000; default a
   * fifth of a second's worth, at least 2.
   */
  burst?: number | undefined;
}

/** A rate with nothing left open. */
export interface ResolvedRate {
  readonly perSecond: number;
  readonly burst: number;
}

const MOST = 100_000;
/**
 * The part of a second that the burst covers by default: what starts within ten seconds is then never more than 2 % above
 * the rate.
 */
const BURST_SECONDS = 1 / 5;
/** How long tokens may be gathered to ask for many messages at once. */
const GATHER_SECONDS = 1;

/** Reads the option `rate`. @throws OptionError when it cannot be used. */
export function readRate(value: unknown): ResolvedRate | undefined {
  if (value === undefined) return undefined;
  try {
    return resolveRate(value);
  } catch (error) {
    throw error instanceof OptionError ? error.within("rate") : error;
  }
}

function resolveRate(value: unknown): ResolvedRate {
  const reader = new OptionReader("rate", value);
  const perSecond = reader.raw("perSecond");
  if (!(typeof perSecond === "number" && perSecond > 0 && perSecond <= MOST)) {
    throw new OptionError("perSecond", "a number above 0 and up to 100000", perSecond);
  }
  const fallback = Math.max(2, Math.ceil(perSecond * BURST_SECONDS));
  const burst = reader.integer("burst", { min: 1, max: MOST, fallback });
  reader.finish();
  return Object.freeze({ perSecond, burst });
}

/**
 * ```
 *        perSecond
 *            │
 *      ┌─────▼─────┐ burst
 *      │           │
 *      │~~~~~~~~~~~│ level       a message that comes takes one token out
 *      │▒▒▒▒▒▒▒▒▒▒▒│ asked       what receives that are out may bring: nobody else may ask for that
 *      └───────────┘
 * ```
 *
 * What was asked for stays in the bucket until its message comes. A long poll that brings ten messages after 20 s brings
 * those of the bucket, which was full, and not ten beyond what has flowed in meanwhile. So in a window of t seconds no more
 * than `burst + perSecond × t` messages come, whatever receives take how long.
 */
export class RateLimit {
  readonly #clock: Pick<Clock, "now">;
  #rate: ResolvedRate | undefined;
  #level: number;
  /** When the level was that. */
  #levelAt: number;
  /** Messages that have taken a token and have not started. */
  #unstarted = 0;
  /**
   * What all their tokens are worth when they come back: what has flowed over in the meantime, with them in the bucket, would
   * have been lost.
   */
  #refundable = 0;

  /** @param rate - undefined for as many as there are. */
  constructor(clock: Pick<Clock, "now">, rate: ResolvedRate | undefined) {
    this.#clock = clock;
    this.#rate = rate;
    this.#level = rate?.burst ?? 0;
    this.#levelAt = clock.now();
  }

  get rate(): ResolvedRate | undefined {
    return this.#rate;
  }

  /** From now on this rate counts. What is in the bucket stays there, as far as it fits; a new bucket is full. */
  change(rate: ResolvedRate | undefined): void {
    this.#fill();
    if (rate === undefined || this.#rate === undefined) this.#unstarted = this.#refundable = 0;
    this.#level = Math.min(this.#rate === undefined ? Infinity : this.#level, rate?.burst ?? 0);
    this.#rate = rate;
    this.#fill();
  }

  /**
   * How many of `atMost` messages may be asked for now, where so many were asked for already; 0 when it is better to wait:
   * receives are full if tokens are gathered for a while, of which half may come in while the others are asked for.
   */
  allow(atMost: number, asked: number): number {
    if (this.#rate === undefined) return atMost;
    this.#fill();
    const free = Math.floor(this.#level - asked);
    return free >= this.#wanted(atMost, asked) ? Math.min(atMost, free) : 0;
  }

  /** After how many milliseconds `allow` allows it; undefined when that takes more than time. */
  waitMs(atMost: number, asked: number): number | undefined {
    if (this.#rate === undefined) return undefined;
    const wanted = this.#wanted(atMost, asked);
    if (asked + wanted > this.#rate.burst) return undefined;
    return Math.ceil(((asked + wanted - this.#level) / this.#rate.perSecond) * 1_000);
  }

  /** Takes a token for a message that has come. False when there is none: the rate has become lower meanwhile. */
  take(): boolean {
    if (this.#rate === undefined) return true;
    this.#fill();
    if (this.#level < 1) return false;
    this.#level -= 1;
    this.#unstarted += 1;
    this.#refundable += 1;
    return true;
  }

  /** A message that has taken a token has started. */
  started(): void {
    if (this.#unstarted === 0) return;
    this.#fill();
    this.#unstarted -= 1;
    this.#refundable = Math.max(0, this.#refundable - 1);
  }

  /** A message that has taken a token has left, unstarted: puts the token back. */
  putBack(): void {
    if (this.#unstarted === 0) return;
    this.#fill();
    const lost = this.#unstarted - this.#refundable;
    const refund = Math.max(0, 1 - lost);
    this.#unstarted -= 1;
    this.#refundable -= refund;
    this.#level += refund;
  }

  #wanted(atMost: number, asked: number): number {
    const { perSecond, burst } = this.#rate as ResolvedRate;
    const gathered = Math.floor(Math.min(burst / 2, perSecond * GATHER_SECONDS, burst - asked));
    return Math.max(1, Math.min(atMost, gathered));
  }

  #fill(): void {
    if (this.#rate === undefined) return;
    const now = this.#clock.now();
    const { perSecond, burst } = this.#rate;
    this.#level = Math.min(burst, this.#level + ((now - this.#levelAt) / 1_000) * perSecond);
    this.#levelAt = now;
    this.#refundable = Math.min(this.#refundable, burst - this.#level);
  }
}
