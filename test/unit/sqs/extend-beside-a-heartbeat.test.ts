// What a handler asks for with extend() is not undone by a heartbeat that was on its way.
import { expect, test } from "vitest";
import { SimulatedQueue } from "../../support/simulated-queue.js";

test("a heartbeat that is tried again does not shorten what extend() has asked for", async () => {
  const queue = await SimulatedQueue.create({ messages: 1 });
  queue.sqs.faults.script = ({ operation, attempt }) =>
    operation === "ChangeMessageVisibilityBatch" && attempt === 1 ? { kind: "serverError" } : undefined;
  const asked: number[] = [];
  const consumer = queue.consume(
    async (_message, { extend }) => {
      await queue.work(20_001); // The heartbeat of 20 s has failed and waits for its next attempt.
      await extend(3_600);
      await queue.work(1_000);
    },
    {
      client: queue.portWith({
        changeMessageVisibilityBatch: (input) => {
          asked.push(...input.Entries.map(({ VisibilityTimeout }) => VisibilityTimeout));
          return queue.sqs.changeMessageVisibilityBatch(input);
        },
      }),
    },
  );
  await queue.clock.runUntil(consumer.start());
  await queue.clock.advance(22_000);
  expect(asked).toEqual([30, 30, 3_600]);
  expect(consumer.stats().counters.settled.ack).toBe(1);
  await queue.clock.runUntil(consumer.stop());
});
