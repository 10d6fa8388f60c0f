// Calls back when items fall due, with one timer on the clock for all of them.
import type { Clock, Timer } from "./clock.js";
import { DeadlineQueue, type Scheduled } from "./deadline-queue.js";

/**
 * One timer for any number of deadlines. It is armed for the earliest item and moved only when an earlier one arrives;
 * when the item it was armed for has gone, it fires once for nothing. So adding and removing an item costs no timer,
 * and an empty queue ends with none.
 */
export class DeadlineScheduler<Item extends Scheduled> {
  readonly #clock: Clock;
  readonly #onDue: (item: Item) => void;
  readonly #queue = new DeadlineQueue<Item>();
  #timer: Timer | undefined;
  #timerDueAt = Infinity;
  #isPaused = false;

  constructor(clock: Clock, onDue: (item: Item) => void) {
    this.#clock = clock;
    this.#onDue = onDue;
  }

  get size(): number {
    return this.#queue.size;
  }

  /** Adds the item, or moves it. An infinite time takes it out. */
  schedule(item: Item, dueAt: number): void {
    if (dueAt === Infinity) {
      this.#queue.remove(item);
      return;
    }
    this.#queue.add(item, dueAt);
    if (dueAt < this.#timerDueAt) this.#arm(dueAt);
  }

  cancel(item: Item): void {
    this.#queue.remove(item);
  }

  /** Takes out the next item if it falls due by `time`, so that work due soon can be done together. */
  takeDue(time: number): Item | undefined {
    return this.#queue.takeDue(time);
  }

  /** Forgets every item and takes the timer back. */
  clear(): void {
    this.#disarm();
    while (this.#queue.takeDue(Infinity) !== undefined);
  }

  /** Takes the timer back until `resume`; the items stay. */
  pause(): void {
    this.#isPaused = true;
    this.#disarm();
  }

  /** Goes on; what has fallen due meanwhile is told at the next turn. */
  resume(): void {
    this.#isPaused = false;
    const next = this.#queue.peek();
    if (next !== undefined) this.#arm(next.dueAt);
  }

  #arm(dueAt: number): void {
    if (this.#isPaused) return;
    this.#disarm();
    this.#timerDueAt = dueAt;
    this.#timer = this.#clock.setTimer(() => this.#fire(), dueAt - this.#clock.now());
  }

  #disarm(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#timerDueAt = Infinity;
  }

  #fire(): void {
    this.#disarm();
    const now = this.#clock.now();
    for (let item = this.#queue.takeDue(now); item !== undefined; item = this.#queue.takeDue(now)) this.#onDue(item);
    const next = this.#queue.peek();
    if (next !== undefined && next.dueAt < this.#timerDueAt) this.#arm(next.dueAt);
  }
}
