// Queues for tests, on the broker that runs for all of them, and what to fill and watch them with.
import { randomUUID } from "node:crypto";
import { type ChannelModel, type ConfirmChannel, connect } from "amqplib";
import { inject } from "vitest";
import { type BrokerAddress, control } from "../../../scripts/rabbitmq/broker.js";
import { type QueueCounts, QueueWatch } from "./queue-watch.js";

export type QueueType = "classic" | "quorum";

/** A connection of the test's own, and queues that nobody else uses. */
export class TestQueues implements AsyncDisposable {
  readonly broker: BrokerAddress;
  readonly channel: ConfirmChannel;
  readonly #connection: ChannelModel;
  readonly #watch: QueueWatch;

  private constructor(broker: BrokerAddress, connection: ChannelModel, channel: ConfirmChannel) {
    this.broker = broker;
    this.channel = channel;
    this.#connection = connection;
    this.#watch = new QueueWatch(broker);
  }

  static async open(): Promise<TestQueues> {
    const broker = inject("broker");
    const connection = await connect(broker.url, { noDelay: true });
    connection.on("error", () => undefined); // The broker closes all connections in some tests.
    return new TestQueues(broker, connection, await connection.createConfirmChannel());
  }

  /** Declares a queue with a name of its own. */
  async declare(type: QueueType, settings: Record<string, unknown> = {}): Promise<string> {
    const name = `${type}-${randomUUID()}`;
    await this.channel.assertQueue(name, { durable: true, arguments: { "x-queue-type": type, ...settings } });
    return name;
  }

  /** Declares a queue whose rejected messages go to another one. */
  async declareWithDeadLetters(type: QueueType): Promise<{ queue: string; dead: string }> {
    const dead = await this.declare("classic");
    const queue = await this.declare(type, { "x-dead-letter-exchange": "", "x-dead-letter-routing-key": dead });
    return { queue, dead };
  }

  /** Sends, and resolves when the queue has them. */
  async send(queue: string, bodies: readonly string[]): Promise<void> {
    for (const body of bodies) this.channel.sendToQueue(queue, Buffer.from(body), { persistent: true });
    await this.channel.waitForConfirms();
  }

  /** What the queue holds when everything it was told has come to it: a quorum queue needs a moment for that. */
  async count(queue: string): Promise<QueueCounts> {
    let counts = await this.#watch.count(queue);
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      const again = await this.#watch.count(queue);
      if (again.ready === counts.ready && again.unacknowledged === counts.unacknowledged) return again;
      counts = again;
    }
  }

  /** Waits until nobody has a message of the queue, and answers how many it has. */
  async untilReturned(queue: string): Promise<number> {
    for (;;) {
      const { ready, unacknowledged } = await this.count(queue);
      if (unacknowledged === 0) return ready;
    }
  }

  control(...command: readonly string[]): Promise<string> {
    return control(this.broker, ...command);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#watch.stop();
    await this.#connection.close().catch(() => undefined); // Closed by the broker.
  }
}
