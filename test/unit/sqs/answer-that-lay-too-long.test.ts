// An answer that lay before a process which stood still: a receive that was to wait for a second cannot have brought a message
// just now, though its answer is only here now.
import { expect, it } from "vitest";
import { SimulatedQueue } from "../../support/simulated-queue.js";

it("starts no handler whose lease must have lapsed meanwhile", async () => {
  const queue = await SimulatedQueue.create({ messages: 1 });
  let isFirst = true;
  const attempts: number[] = [];
  const client = queue.portWith({
    receiveMessage: async (input, options) => {
      const answer = await queue.sqs.receiveMessage(input, options);
      if (isFirst && (answer.Messages ?? []).length > 0) {
        isFirst = false;
        await queue.work(20_000);
      }
      return answer;
    },
  });
  const consumer = queue.consume((_message, { attempt }) => void attempts.push(attempt), {
    client,
    visibilityTimeoutSeconds: 5,
    waitTimeSeconds: 1,
    requestTimeoutMs: 60_000,
  });
  await queue.clock.runUntil(consumer.start());
  await queue.clock.runUntil(() => queue.size === 0);
  await queue.clock.runUntil(consumer.stop());
  expect(attempts).toEqual([2]);
});
