import { expect, it } from "vitest";
import { SimulatedQueue } from "../../support/simulated-queue.js";

it("a lease is renewed although more deletes wait than requests may be out", async () => {
  const queue = await SimulatedQueue.create({ messages: 4_000, faults: { latencyMs: 500 } });
  let started = 0;
  const consumer = queue.consume(
    () => {
      started += 1;
      return queue.work(started === 1 ? 100_000 : 100);
    },
    { concurrency: 20, maxSettleRequests: 1, maxUnconfirmed: 100 },
  );
  await queue.clock.runUntil(consumer.start());
  await queue.clock.advance(60_000);
  expect(consumer.stats().settlementsPending).toBeGreaterThan(50);
  expect(consumer.stats().counters.revoked).toBe(0);
  await queue.clock.runUntil(consumer.stop({ timeoutMs: 0 }));
});
