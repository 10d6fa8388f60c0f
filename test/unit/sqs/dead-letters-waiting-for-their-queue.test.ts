// Outcomes that wait for the look-up of the dead-letter queue count as unconfirmed: memory stays bounded.
import { deadLetter } from "millrace";
import { expect, test } from "vitest";
import { SimulatedQueue } from "../../support/simulated-queue.js";

test("no more is received than may be unconfirmed while the dead-letter queue is not known", async () => {
  const queue = await SimulatedQueue.create({ messages: 1_000, maxReceiveCount: 10, faults: { latencyMs: 20 } });
  const never = (): Promise<never> => new Promise(() => undefined);
  const consumer = queue.consume(() => deadLetter("no use"), {
    maxUnconfirmed: 50,
    client: queue.portWith({ getQueueAttributes: never, getQueueUrl: never }),
  });
  await queue.clock.runUntil(consumer.start());
  await queue.clock.advance(5_000);
  const { counters, settlementsPending } = consumer.stats();
  expect(settlementsPending).toBe(counters.received);
  expect(counters.received).toBeLessThan(100);
  await queue.clock.advance(10_000);
  expect(consumer.stats().counters.received, "it goes on when they were given back").toBeGreaterThan(100);
  await queue.clock.runUntil(consumer.stop());
});
