// SQS refuses a delay that would pass 12 hours from the receive, by however little.
import { retry } from "millrace";
import { expect, test } from "vitest";
import { SimulatedQueue } from "../../support/simulated-queue.js";

test.each([0, 200, 940, 980, 20_000])("retry after 12 hours, said %i ms after the receive", async (durationMs) => {
  const queue = await SimulatedQueue.create({ messages: 1, faults: { latencyMs: 100 } });
  const consumer = queue.consume(async () => {
    await queue.work(durationMs);
    return retry({ afterSeconds: 43_200 });
  });
  await queue.clock.runUntil(consumer.start());
  await queue.clock.advance(40_000);
  expect(consumer.reported).toEqual([]);
  expect(consumer.stats().counters.settled.retry).toBe(1);
  await queue.clock.advance(43_100_000);
  expect(queue.counts.inFlight).toBe(1);
  await queue.clock.runUntil(consumer.stop());
});
