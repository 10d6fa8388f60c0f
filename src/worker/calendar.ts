// When messages that were sent back come again: one after another, at the pace of those whom they wait for.

/** The golden ratio's part after the point: its multiples fall evenly between 0 and 1, however many there are. */
const GOLDEN = 0.618_033_988_749_895;
/** By how much the pace has to grow before seconds that were full are looked at again. */
const NOTABLE_GROWTH = 1.1;

/** What a time is asked for. */
export interface Booking {
  readonly now: number;
  /** Not before then. */
  readonly from: number;
  /** How many can be worked on in a second. */
  readonly perSecond: number;
  /** No later than so many milliseconds from now. */
  readonly withinMs: number;
}

/**
 * ```
 *   second      …41  …42  …43  …44  …45
 *   may come      3    3    3    3    3
 *   do come     [ 3 ][ 3 ][ 3 ][ 1 ][ 0 ]
 *                                ▲ the next one
 * ```
 *
 * A message is given the first second that is not full. When the pace becomes another, what was given stays; seconds that
 * have too many then bring more than can be worked on, and those are given another time. When all seconds within the time
 * allowed are full, it is somewhere in the later half of them, so that they do not come all at once.
 */
export class Calendar {
  readonly #seconds = new Map<number, number>();
  #size = 0;
  /** The first second that has not passed. */
  #present = 0;
  #last = -Infinity;
  /** From the one to before the other all seconds are full, at that pace. */
  #fullFrom = 0;
  #fullTo = 0;
  #pace = 0;
  #overbooked = 0;

  /** How many have not come. */
  sizeAt(now: number): number {
    this.#forget(now);
    return this.#size;
  }

  /** When the last of them comes; undefined when there is none. */
  lastAt(now: number): number | undefined {
    return this.sizeAt(now) === 0 ? undefined : (this.#last + 1) * 1_000;
  }

  /** How many come within a time. */
  comingWithin(now: number, ms: number): number {
    if (this.sizeAt(now) === 0) return 0;
    const present = secondOf(now);
    let coming = 0;
    for (let second = present + 1; second <= present + Math.ceil(ms / 1_000); second += 1) {
      coming += this.#seconds.get(second) ?? 0;
    }
    return coming;
  }

  /** Gives a message a time. Answers how many milliseconds it is away. */
  book({ now, from, perSecond, withinMs }: Booking): number {
    this.#forget(now);
    const last = secondOf(now + withinMs);
    let second = this.#firstFree(Math.max(secondOf(from), this.#present + 1), perSecond, last);
    if (second > last) {
      this.#overbooked += 1;
      const first = this.#present + Math.ceil((last - this.#present) / 2);
      second = first + Math.floor((last + 1 - first) * ((this.#overbooked * GOLDEN) % 1));
    }
    this.#seconds.set(second, (this.#seconds.get(second) ?? 0) + 1);
    this.#size += 1;
    this.#last = Math.max(this.#last, second);
    return Math.max(1, second * 1_000 - now);
  }

  #firstFree(from: number, perSecond: number, last: number): number {
    this.#notePace(perSecond);
    let second = from;
    for (; second <= last; second += 1) {
      if (second >= this.#fullFrom && second < this.#fullTo) second = this.#fullTo;
      if ((this.#seconds.get(second) ?? 0) < wholeShare(second, this.#pace)) break;
    }
    const isConnected = from <= this.#fullTo && second >= this.#fullFrom;
    this.#fullFrom = isConnected ? Math.min(from, this.#fullFrom) : from;
    this.#fullTo = second;
    return second;
  }

  #notePace(perSecond: number): void {
    const isHigher = perSecond > this.#pace * NOTABLE_GROWTH;
    if (!isHigher && perSecond * NOTABLE_GROWTH > this.#pace) return;
    this.#pace = perSecond;
    if (isHigher) this.#fullTo = this.#fullFrom;
  }

  #forget(now: number): void {
    const present = secondOf(now);
    if (present > this.#last) {
      this.#seconds.clear();
      this.#size = 0;
      this.#last = -Infinity;
    }
    for (; this.#size > 0 && this.#present < present; this.#present += 1) {
      this.#size -= this.#seconds.get(this.#present) ?? 0;
      this.#seconds.delete(this.#present);
    }
    this.#present = present;
  }
}

function secondOf(ms: number): number {
  return Math.floor(ms / 1_000);
}

/** How many of a rate fall into one second: of half a message a second, one into every other. */
function wholeShare(second: number, perSecond: number): number {
  return Math.floor((second + 1) * perSecond) - Math.floor(second * perSecond);
}
