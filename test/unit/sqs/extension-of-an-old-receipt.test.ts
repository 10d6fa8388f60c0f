import type { HandlerContext, Message } from "millrace";
import { expect, it } from "vitest";
import { SimulatedQueue } from "../../support/simulated-queue.js";

it("an extension that was asked for with an old receipt says nothing of the new lease", async () => {
  const queue = await SimulatedQueue.create();
  const renewedAt: number[] = [];
  const message: Message = { MessageId: "1", ReceiptHandle: "old", Body: "" };
  const answers = [[], [message], [{ ...message, ReceiptHandle: "new" }]];
  const client = queue.portWith({
    receiveMessage: async () => {
      const Messages = answers.shift();
      // The last one waits like a long poll, and longer than the test.
      await queue.work(Messages === undefined ? 15_000 : 1_000);
      return { Messages };
    },
    changeMessageVisibilityBatch: async ({ Entries }) => {
      const [{ ReceiptHandle } = { ReceiptHandle: "" }] = Entries;
      if (ReceiptHandle === "new") renewedAt.push(queue.clock.now());
      else await queue.work(3_000); // A standard queue may confirm it, and do nothing.
      return { Successful: Entries.map(({ Id }) => ({ Id })) };
    },
    deleteMessageBatch: async ({ Entries }) => ({ Successful: Entries.map(({ Id }) => ({ Id })) }),
  });
  const handler = async (_message: Message, { extend }: HandlerContext): Promise<void> => {
    await extend(3_600);
    await queue.work(60_000);
  };
  const consumer = queue.consume(handler, { client });
  await queue.clock.runUntil(consumer.start());
  await queue.clock.runUntil(() => consumer.stats().counters.redelivered === 1);
  const receivedAgainAt = queue.clock.now();
  await queue.clock.runUntil(() => consumer.stats().counters.settled.ack === 1);
  expect(consumer.stats().counters.revoked).toBe(0);
  expect(renewedAt[0]).toBeLessThan(receivedAgainAt + 30_000);
  await queue.clock.runUntil(consumer.stop());
});
