// A channel to a broker with one queue, on a virtual clock: what it sends is bounded by prefetch, as RabbitMQ does it.
import { EventEmitter } from "node:events";
import type { Intake, Runner } from "millrace";
import type { RabbitMessage } from "millrace/rabbitmq";
import type { VirtualClock } from "millrace/testing";
import { type ResolvedRabbitOptions, resolveRabbitOptions } from "../../../src/rabbitmq/options.js";
import { PlaceTaker } from "../../../src/rabbitmq/place-taker.js";
import type { AmqpChannel } from "../../../src/rabbitmq/port.js";
import { Subscription } from "../../../src/rabbitmq/subscription.js";
import { MillraceError } from "../../../src/errors.js";

interface SimulatedConsumer {
  readonly prefetch: number;
  readonly onMessage: (message: RabbitMessage | null) => void;
  readonly unacknowledged: Set<number>;
}

/** What the client said, and to which message. */
export interface Said {
  readonly what: "ack" | "requeue" | "reject";
  readonly body: string;
}

/** Every frame takes `latencyMs` each way, in order. */
export class SimulatedChannel extends EventEmitter implements AmqpChannel {
  readonly #clock: VirtualClock;
  readonly #latencyMs: number;
  readonly #queue: string[] = [];
  readonly #consumers = new Map<string, SimulatedConsumer>();
  readonly #bodies = new Map<number, string>();
  readonly #owners = new Map<number, SimulatedConsumer>();
  #prefetch = 0;
  #lastTag = 0;
  isClosed = false;
  /** Whether requests stay without an answer. */
  isHanging = false;
  readonly said: Said[] = [];
  /** How many consumers there were, in all. */
  consumes = 0;
  mostUnacknowledged = 0;

  constructor(clock: VirtualClock, latencyMs = 1) {
    super();
    this.#clock = clock;
    this.#latencyMs = latencyMs;
  }

  get ready(): number {
    return this.#queue.length;
  }

  get unacknowledged(): number {
    return this.#bodies.size;
  }

  /** How many more messages could come right now. */
  get credit(): number {
    let credit = 0;
    for (const { prefetch, unacknowledged } of this.#consumers.values()) credit += prefetch - unacknowledged.size;
    return credit;
  }

  send(...bodies: string[]): void {
    this.#queue.push(...bodies);
    this.#push();
  }

  /** The broker cancels every consumer, as when the queue is deleted. */
  cancelAll(): void {
    for (const [tag, { onMessage }] of this.#consumers) {
      this.#consumers.delete(tag);
      this.#later(() => onMessage(null));
    }
  }

  checkQueue(): Promise<unknown> {
    return this.#request(() => undefined);
  }

  assertQueue(): Promise<unknown> {
    return this.#request(() => undefined);
  }

  prefetch(count: number): Promise<unknown> {
    return this.#request(() => (this.#prefetch = count));
  }

  consume(
    _queue: string,
    onMessage: (message: RabbitMessage | null) => void,
    { consumerTag }: { consumerTag: string },
  ): Promise<unknown> {
    return this.#request(() => {
      this.consumes += 1;
      this.#consumers.set(consumerTag, { prefetch: this.#prefetch, onMessage, unacknowledged: new Set() });
      this.#push();
    });
  }

  cancel(consumerTag: string): Promise<unknown> {
    return this.#request(() => this.#consumers.delete(consumerTag));
  }

  ack({ fields }: RabbitMessage, allUpTo = false): void {
    this.#settle(fields.deliveryTag, "ack", allUpTo);
  }

  nack({ fields }: RabbitMessage, _allUpTo: boolean, requeue: boolean): void {
    this.#settle(fields.deliveryTag, requeue ? "requeue" : "reject");
  }

  /** As with the client, the event follows the answer at once. */
  close(): Promise<void> {
    const closed = this.#request(() => {
      this.isClosed = true;
      this.#requeueAll();
    });
    closed.then(
      () => this.emit("close"),
      () => undefined,
    );
    return closed;
  }

  /** The connection is gone. */
  lose(): void {
    this.isClosed = true;
    this.#requeueAll();
  }

  #requeueAll(): void {
    this.#consumers.clear();
    this.#queue.unshift(...this.#bodies.values());
    this.#bodies.clear();
  }

  #settle(deliveryTag: number, what: Said["what"], allUpTo = false): void {
    if (this.isClosed) throw new Error("Channel closed");
    this.#later(() => {
      if (!this.#bodies.has(deliveryTag)) throw new Error(`unknown delivery tag ${deliveryTag}`);
      for (const [tag, body] of this.#bodies) {
        if (tag !== deliveryTag && !(allUpTo && tag < deliveryTag)) continue;
        this.said.push({ what, body });
        this.#bodies.delete(tag);
        this.#owners.get(tag)?.unacknowledged.delete(tag);
        this.#owners.delete(tag);
        if (what === "requeue") this.#queue.unshift(body);
      }
      this.#push();
    });
  }

  #push(): void {
    for (const [consumerTag, consumer] of this.#consumers) {
      while (consumer.unacknowledged.size < consumer.prefetch) {
        const body = this.#queue.shift();
        if (body === undefined) return;
        this.#lastTag += 1;
        const deliveryTag = this.#lastTag;
        this.#bodies.set(deliveryTag, body);
        this.#owners.set(deliveryTag, consumer);
        consumer.unacknowledged.add(deliveryTag);
        this.mostUnacknowledged = Math.max(this.mostUnacknowledged, this.unacknowledged);
        const fields = { deliveryTag, consumerTag, redelivered: false, exchange: "", routingKey: "queue" };
        const message = { content: Buffer.from(body), fields, properties: {} };
        this.#later(() => consumer.onMessage(message));
      }
    }
  }

  #request(action: () => unknown): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.isClosed) {
        reject(new Error("Channel closed"));
        return;
      }
      if (this.isHanging) return;
      this.#clock.setTimer(() => {
        action();
        this.#clock.setTimer(resolve, this.#latencyMs);
      }, this.#latencyMs);
    });
  }

  #later(action: () => void): void {
    this.#clock.setTimer(() => {
      if (!this.isClosed) action();
    }, this.#latencyMs);
  }
}

/** A runner of one channel, without what connects and connects again. */
export class ChannelRunner implements Runner<RabbitMessage> {
  readonly channel: SimulatedChannel;
  readonly #options: ResolvedRabbitOptions;
  #subscription: Subscription | undefined;

  constructor(channel: SimulatedChannel, options: object = {}) {
    this.channel = channel;
    this.#options = resolveRabbitOptions({ url: "amqp://localhost", queue: "queue", ...options });
  }

  get maxMessageBytes(): number | undefined {
    return this.#options.maxMessageBytes;
  }

  get pending(): number {
    return this.#subscription?.pending ?? 0;
  }

  async open(intake: Intake<RabbitMessage>): Promise<void> {
    this.#subscription = new Subscription({
      channel: this.channel,
      intake,
      options: this.#options,
      places: new PlaceTaker(intake),
      publisher: { publish: () => Promise.reject(new Error("no publisher")) },
      slots: 0,
      onCancelled: () => undefined,
    });
    this.#subscription.start();
    await this.#subscription.asked;
  }

  async run({ signal, deadlineSignal }: Intake<RabbitMessage>): Promise<void> {
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    await this.#subscription?.stop(deadlineSignal);
  }

  pause(): void {
    this.#subscription?.pause();
  }

  async close(signal: AbortSignal): Promise<void> {
    await this.#subscription?.close(signal);
    this.lose();
  }

  /** The connection is gone. */
  lose(): void {
    this.channel.lose();
    this.#subscription?.lose(new MillraceError("LEASE_LOST", "The connection is gone."));
  }
}
