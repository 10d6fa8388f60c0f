// A RabbitMQ with a queue in it, so that an example runs by itself. A program of yours needs nothing of this: it has a URL.
import { connect } from "amqplib";
import type { Consumer } from "millrace";
import type { RabbitMessage } from "millrace/rabbitmq";
import { RabbitBroker } from "../../scripts/rabbitmq/broker.js";

/** A broker that has the queue. */
export interface LocalRabbit extends AsyncDisposable {
  readonly url: string;
  /** Resolves when the consumer has acknowledged every job; never, when the queue was there before. */
  untilDone(consumer: Consumer<RabbitMessage>): Promise<void>;
}

/** Starts a broker with a queue of these jobs. Given the URL of another one, it uses that, and the queue as it is there. */
export async function startLocalRabbit(
  queue: string,
  jobs: readonly unknown[],
  givenUrl?: string,
): Promise<LocalRabbit> {
  const broker = givenUrl === undefined ? await RabbitBroker.start() : undefined;
  const url = broker === undefined ? String(givenUrl) : broker.address.url;
  const connection = await connect(url);
  const channel = await connection.createConfirmChannel();
  if (broker !== undefined) {
    await channel.assertQueue(queue, { arguments: { "x-queue-type": "quorum" } });
    for (const job of jobs) channel.sendToQueue(queue, Buffer.from(JSON.stringify(job)));
    await channel.waitForConfirms();
  }
  return {
    url,
    untilDone: (consumer) =>
      new Promise((resolve) => {
        consumer.on("settled", () => {
          if (broker !== undefined && consumer.stats().counters.settled.ack === jobs.length) resolve();
        });
      }),
    async [Symbol.asyncDispose]() {
      await connection.close();
      await broker?.stop();
    },
  };
}
