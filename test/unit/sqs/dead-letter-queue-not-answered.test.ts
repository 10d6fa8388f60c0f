// The questions that lead to the dead-letter queue may never be answered.
import { deadLetter } from "millrace";
import { expect, test } from "vitest";
import { SimulatedQueue } from "../../support/simulated-queue.js";

async function deadLetterWithoutAnswer() {
  const queue = await SimulatedQueue.create({ messages: 1, maxReceiveCount: 10 });
  const never = (): Promise<never> => new Promise(() => undefined);
  const consumer = queue.consume(() => deadLetter("no use"), {
    client: queue.portWith({ getQueueAttributes: never, getQueueUrl: never }),
    requestTimeoutMs: 2_000,
    visibilityTimeoutSeconds: 30,
  });
  await queue.clock.runUntil(consumer.start());
  return { queue, consumer };
}

test("a look-up that hangs is given up, and the message given back", async () => {
  const { queue, consumer } = await deadLetterWithoutAnswer();
  await queue.clock.advance(2_000);
  expect(consumer.reported.map(({ code }) => code)).toEqual(["DEAD_LETTER_QUEUE_UNKNOWN"]);
  await queue.clock.runUntil(consumer.stop());
});

test("a stop does not wait for it longer than it has time, and leaves nothing behind", async () => {
  const { queue, consumer } = await deadLetterWithoutAnswer();
  const result = await queue.clock.runUntil(consumer.stop({ timeoutMs: 100 }));
  expect(result).toMatchObject({ isDrained: false, settlementsLost: 1 });
  const requests = queue.sqs.requestCount();
  await queue.clock.advance(60_000);
  expect(queue.sqs.requestCount()).toBe(requests);
  expect(queue.clock.pendingTimers).toBe(0);
});
