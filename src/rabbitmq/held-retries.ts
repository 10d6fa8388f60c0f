// Messages that are held here until their retry is due.
import type { Clock } from "../internal/clock.js";
import { DeadlineScheduler } from "../internal/deadline-scheduler.js";
import type { RabbitDelivery } from "./rabbit-delivery.js";

/**
 * The longest that a message is held. By default RabbitMQ closes a channel whose messages are unacknowledged for 30 minutes
 * (`consumer_timeout`), and the time before the retry counts.
 */
const LONGEST_HOLD_MS = 900_000;

/** Holds messages, unacknowledged, and has each requeued when its time has come. */
export class HeldRetries {
  readonly #clock: Clock;
  readonly #deadlines: DeadlineScheduler<RabbitDelivery>;
  readonly #requeue: (delivery: RabbitDelivery) => void;

  constructor(parts: { clock: Clock; requeue: (delivery: RabbitDelivery) => void }) {
    this.#clock = parts.clock;
    this.#requeue = parts.requeue;
    this.#deadlines = new DeadlineScheduler(parts.clock, parts.requeue);
  }

  get size(): number {
    return this.#deadlines.size;
  }

  hold(delivery: RabbitDelivery, delayMs: number): void {
    this.#deadlines.schedule(delivery, this.#clock.now() + Math.min(delayMs, LONGEST_HOLD_MS));
  }

  /** Has all of them requeued now. */
  flush(): void {
    for (let next = this.#deadlines.takeDue(Infinity); next !== undefined; next = this.#deadlines.takeDue(Infinity)) {
      this.#requeue(next);
    }
    this.#deadlines.clear();
  }

  /** Forgets all of them: the broker has them already. */
  clear(): void {
    this.#deadlines.clear();
  }
}
