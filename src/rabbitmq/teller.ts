// Tells the broker what becomes of the messages of one channel: acknowledgements together, everything else at once.
import type { Clock } from "../internal/clock.js";
import { Burst } from "./burst.js";
import { Confirmations } from "./confirmations.js";
import type { AmqpChannel } from "./port.js";
import type { RabbitDelivery } from "./rabbit-delivery.js";

/** What the broker is told of a message. */
export type Verdict = "ack" | "requeue" | "reject";

/** What a teller works with. */
export interface TellerParts {
  readonly channel: AmqpChannel;
  readonly clock: Clock;
  /** The broker has got what it was told of this one. */
  readonly onConfirmed: (delivery: RabbitDelivery) => void;
}

/** The messages of a channel that are not settled, and the way in which the broker learns of those that are. */
export class Teller {
  readonly #channel: AmqpChannel;
  readonly #confirmations: Confirmations;
  readonly #burst: Burst;
  /** In the order in which they came, which is that of their delivery tags. */
  readonly #unsettled = new Set<RabbitDelivery>();
  #acks: RabbitDelivery[] = [];

  constructor({ channel, clock, onConfirmed }: TellerParts) {
    this.#channel = channel;
    this.#burst = new Burst(clock);
    // Any question will do. This one changes nothing: every consumer sets its own prefetch before it begins.
    this.#confirmations = new Confirmations({ clock, ask: () => channel.prefetch(1), onConfirmed });
  }

  /** For how long the channel must not be closed: what was written may not be with the queue. */
  get restMs(): number {
    return this.#burst.restMs;
  }

  /** A message has come. */
  add(delivery: RabbitDelivery): void {
    this.#unsettled.add(delivery);
  }

  tell(delivery: RabbitDelivery, verdict: Verdict): void {
    delivery.phase = "told";
    if (verdict === "ack") {
      this.#acks.push(delivery);
      // Handlers that end in the same turn are acknowledged together.
      if (this.#acks.length === 1) setImmediate(() => this.flush());
      return;
    }
    this.#unsettled.delete(delivery);
    this.#write([delivery], () => {
      this.#burst.note();
      this.#channel.nack(delivery.raw, false, verdict === "requeue");
    });
  }

  /** Writes what has been gathered: one acknowledgement for all messages up to the first that is not done. */
  flush(): void {
    const acks = this.#acks;
    if (acks.length === 0) return;
    this.#acks = [];
    this.#write(acks, () => {
      let last: RabbitDelivery | undefined;
      for (const delivery of this.#unsettled) {
        if (delivery.phase !== "told") break;
        last = delivery;
        this.#unsettled.delete(delivery);
      }
      if (last !== undefined) this.#ack(last, true);
      for (const delivery of acks) if (this.#unsettled.delete(delivery)) this.#ack(delivery, false);
    });
  }

  /** The broker has answered to something that it was asked after everything else. */
  confirmAll(): void {
    this.#confirmations.confirmAll();
  }

  /** The channel is gone: takes out what is not settled, and what the broker may not have got. */
  takeAll(): { readonly unsettled: readonly RabbitDelivery[]; readonly unconfirmed: readonly RabbitDelivery[] } {
    const unconfirmed = [...this.#confirmations.takeAll(), ...this.#acks.splice(0)];
    for (const delivery of unconfirmed) this.#unsettled.delete(delivery);
    const unsettled = [...this.#unsettled];
    this.#unsettled.clear();
    return { unsettled, unconfirmed };
  }

  #ack(delivery: RabbitDelivery, allUpTo: boolean): void {
    this.#burst.note();
    this.#channel.ack(delivery.raw, allUpTo);
  }

  /** On a channel that has gone nothing can be written: that is as if it was, and never confirmed. */
  #write(deliveries: readonly RabbitDelivery[], write: () => void): void {
    try {
      write();
    } catch {
      // The runner is about to hear of it.
    }
    this.#confirmations.add(deliveries);
  }
}
