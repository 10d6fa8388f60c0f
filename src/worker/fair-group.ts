// Weighted fair turns: whoever has had the least time for its weight comes next.
import { DeadlineQueue, type Scheduled } from "../internal/deadline-queue.js";

/** A turn costs at least so much, though its handler took no time that the clock can tell. */
const LEAST_TURN_MS = 0.01;
/** What a first turn is taken for. */
const FIRST_GUESS_MS = 1;
/** How many turns the mean looks back on. */
const MEMORY = 32;

/** Somebody who has turns: a queue, a tenant. */
export class Contender<Owner> implements Scheduled {
  readonly owner: Owner;
  weight: number;
  /** The time it has had by its weight, in the group's own time. Set by the group. */
  dueAt = 0;
  queueIndex = -1;
  #meanMs = FIRST_GUESS_MS;
  #turns = 0;

  constructor(owner: Owner, weight: number) {
    this.owner = owner;
    this.weight = weight;
  }

  /** How many turns the mean is from; it does not count on for ever. */
  get turns(): number {
    return this.#turns;
  }

  /** How long its turns take. */
  get meanMs(): number {
    return this.#meanMs;
  }

  noteTurn(durationMs: number): void {
    if (this.#turns < MEMORY) this.#turns += 1;
    this.#meanMs += (durationMs - this.#meanMs) / this.#turns;
  }
}

/**
 * Start-time fair queuing (Goyal, Vin and Cheng, 1996), by handler time. Each contender has a time of its own, which goes
 * on by the duration of its turns over its weight; the one whose time is least is next. As several turns run at once, a
 * turn is charged when it begins, with what turns took before, and put right when it ends. Whoever comes back from
 * having had nothing to do begins with the group's time: what was not used is not owed.
 */
export class FairGroup<Owner> {
  readonly #ready = new DeadlineQueue<Contender<Owner>>();
  #time = 0;

  /** How many have something to do. */
  get size(): number {
    return this.#ready.size;
  }

  /** Whose turn is next. */
  peek(): Contender<Owner> | undefined {
    return this.#ready.peek();
  }

  /** Whether it has had more than its part, and is to wait for others when it has something to do again. */
  isAhead(contender: Contender<Owner>): boolean {
    return contender.dueAt > this.#time;
  }

  /** It has something to do. */
  enter(contender: Contender<Owner>): void {
    if (contender.queueIndex === -1) this.#ready.add(contender, Math.max(contender.dueAt, this.#time));
  }

  /** It has nothing to do any more. */
  leave(contender: Contender<Owner>): void {
    this.#ready.remove(contender);
  }

  /** A turn begins. Answers what it was charged, for `end`. */
  begin(contender: Contender<Owner>): number {
    const chargeMs = Math.max(contender.meanMs, LEAST_TURN_MS);
    this.#time = Math.max(this.#time, contender.dueAt);
    this.#charge(contender, chargeMs);
    return chargeMs;
  }

  /** A turn has ended. */
  end(contender: Contender<Owner>, durationMs: number, chargedMs: number): void {
    contender.noteTurn(durationMs);
    this.#charge(contender, Math.max(durationMs, LEAST_TURN_MS) - chargedMs);
  }

  #charge(contender: Contender<Owner>, ms: number): void {
    const dueAt = contender.dueAt + ms / contender.weight;
    if (contender.queueIndex === -1) contender.dueAt = dueAt;
    else this.#ready.add(contender, dueAt);
  }
}
