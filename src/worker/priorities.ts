// Strict priorities, with a reserve that keeps the lower ones from starving; by weight among equals.
import { type Contender, FairGroup } from "./fair-group.js";

interface Level<Owner> {
  readonly priority: number;
  readonly group: FairGroup<Owner>;
  /** Handler time that those below have to have before this one goes on. */
  owedBelowMs: number;
}

/** Somebody of a priority. The higher goes first. */
export interface Prioritized {
  readonly priority: number;
}

/**
 * The levels of priority. The highest that has something to do is next, unless those below are owed time: for each
 * millisecond of its own, a level owes them `reserve / (1 - reserve)`.
 */
export class Priorities<Owner extends Prioritized> {
  readonly #reserve: number;
  /** The highest first. */
  readonly #levels: Array<Level<Owner>> = [];
  #size = 0;

  /** @param reserve - The share of time for those below, 0 to 1. */
  constructor(reserve: number) {
    this.#reserve = reserve;
  }

  /** It has something to do. */
  enter(contender: Contender<Owner>): void {
    if (contender.queueIndex !== -1) return;
    this.#size += 1;
    this.#levelOf(contender).group.enter(contender);
  }

  /** It has nothing to do any more. To be called before its priority changes. */
  leave(contender: Contender<Owner>): void {
    if (contender.queueIndex === -1) return;
    this.#size -= 1;
    this.#levelOf(contender).group.leave(contender);
  }

  /** Whose turn is next. */
  next(): Contender<Owner> | undefined {
    let below = this.#size;
    for (const level of this.#levels) {
      const { group } = level;
      if (group.size === 0) continue;
      below -= group.size;
      if (below === 0 || level.owedBelowMs <= 0) return group.peek();
    }
    return undefined;
  }

  /** The turn of the one that was next begins. Answers what it was charged, for `end`. */
  begin(contender: Contender<Owner>): number {
    const chargeMs = this.#levelOf(contender).group.begin(contender);
    if (this.#levels.length > 1) this.#account(contender.owner.priority, chargeMs);
    return chargeMs;
  }

  /** A turn has ended. */
  end(contender: Contender<Owner>, durationMs: number, chargedMs: number): void {
    this.#levelOf(contender).group.end(contender, durationMs, chargedMs);
  }

  #account(priority: number, chargeMs: number): void {
    let below = this.#size;
    for (const level of this.#levels) {
      if (level.priority < priority) return;
      below -= level.group.size;
      if (level.priority > priority) {
        // Nothing is owed for a time in which the level had nothing to do.
        level.owedBelowMs = level.group.size === 0 ? 0 : level.owedBelowMs - chargeMs * (1 - this.#reserve);
      } else {
        level.owedBelowMs = below === 0 ? 0 : level.owedBelowMs + chargeMs * this.#reserve;
      }
    }
  }

  #levelOf({ owner: { priority } }: Contender<Owner>): Level<Owner> {
    // As a rule there is one, and then a few.
    for (const level of this.#levels) if (level.priority === priority) return level;
    const level: Level<Owner> = { priority, group: new FairGroup(), owedBelowMs: 0 };
    this.#levels.push(level);
    this.#levels.sort((one, other) => other.priority - one.priority);
    return level;
  }
}
