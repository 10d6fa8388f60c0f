// A stop has taken out what waits for a slot; the message before it in its group fails while a poll is still out, and so it goes
// back.
import { Consumer, inBatches, PoolWorker } from "millrace";
import { expect, test } from "vitest";
import { SimulatedQueue } from "../../support/simulated-queue.js";

test("what goes back behind a message that failed during the stop is in the stop's result", async () => {
  const queue = await SimulatedQueue.create({ isFifo: true });
  const { clock, sqs } = queue;
  const { QueueUrl } = await sqs.createQueue({ QueueName: "busy" });
  await sqs.sendMessage({ QueueUrl, MessageBody: "0" });
  await sqs.sendMessage({ QueueUrl, MessageBody: "1" });
  await queue.sendTo("a1", "a2");
  // Two of the pool's three slots are another consumer's.
  const pool = new PoolWorker({ maxWorkers: 3, waitingRoom: 1 });
  const options = { client: sqs, clock, pollGraceMs: 1_000 };
  const busy = new Consumer(() => queue.work(5_000), { ...options, queueUrl: QueueUrl, worker: pool.share() });
  // a2 is started beside a1, to join its batch, and finds no slot.
  const handler = inBatches(
    async () => {
      await queue.work(500);
      throw new Error("bad");
    },
    { size: 2, waitMs: 0, key: ({ Body }) => Body ?? "" },
  );
  const consumer = new Consumer(handler, { ...options, queueUrl: queue.url, worker: pool.share() });
  await clock.runUntil(Promise.all([busy.start(), consumer.start()]));
  await clock.advance(100);
  expect(consumer.stats()).toMatchObject({ running: 1, waiting: 1, receivesInFlight: 1 });
  const { messagesReleased } = await clock.runUntil(consumer.stop());
  expect(messagesReleased).toBe(1);
  await clock.runUntil(busy.stop());
});
