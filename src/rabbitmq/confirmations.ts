// Finds out whether the broker has got what it was told: AMQP has no answer to an acknowledgement.
import type { Clock, Timer } from "../internal/clock.js";
import type { RabbitDelivery } from "./rabbit-delivery.js";

/** How long after a question the next one is asked, at the least. */
const PACE_MS = 50;

/** What confirmations work with. */
export interface ConfirmationsParts {
  readonly clock: Clock;
  /** Asks the broker something on the channel. It answers when it has worked on everything that it was told before. */
  readonly ask: () => Promise<unknown>;
  readonly onConfirmed: (delivery: RabbitDelivery) => void;
}

/**
 * A channel does one thing after the other. So the answer to any question on it confirms all acknowledgements that were
 * written before the question, for many of them at once.
 */
export class Confirmations {
  readonly #parts: ConfirmationsParts;
  #written: RabbitDelivery[] = [];
  #asked: RabbitDelivery[] = [];
  #askedAt = -Infinity;
  #timer: Timer | undefined;

  constructor(parts: ConfirmationsParts) {
    this.#parts = parts;
  }

  /** The broker was told of these. */
  add(deliveries: readonly RabbitDelivery[]): void {
    for (const delivery of deliveries) this.#written.push(delivery);
    this.#schedule();
  }

  /** The broker has answered: it knows of all of them. */
  confirmAll(): void {
    for (const delivery of this.takeAll()) this.#parts.onConfirmed(delivery);
  }

  /** Takes out those that are not confirmed. Nothing more is asked. */
  takeAll(): RabbitDelivery[] {
    this.#timer?.cancel();
    this.#timer = undefined;
    return [...this.#asked.splice(0), ...this.#written.splice(0)];
  }

  #schedule(): void {
    if (this.#timer !== undefined || this.#asked.length > 0 || this.#written.length === 0) return;
    const { clock } = this.#parts;
    this.#timer = clock.setTimer(() => void this.#ask(), Math.max(0, this.#askedAt + PACE_MS - clock.now()));
  }

  async #ask(): Promise<void> {
    const { clock, ask, onConfirmed } = this.#parts;
    this.#timer = undefined;
    this.#askedAt = clock.now();
    this.#asked = this.#written;
    this.#written = [];
    try {
      await ask();
    } catch {
      return; // The channel is gone, and they are taken out.
    }
    for (const delivery of this.#asked.splice(0)) onConfirmed(delivery);
    this.#schedule();
  }
}
