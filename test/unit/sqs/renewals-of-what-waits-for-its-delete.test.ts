// Renewals go before deletes. Where those of messages that are done took every request, none would ever be deleted.
import { expect, it } from "vitest";
import { SimulatedQueue } from "../../support/simulated-queue.js";

/** With one request a second that renews or deletes ten, renewals of 200 messages take every request. */
const MESSAGES = 200;
const OPTIONS = { concurrency: MESSAGES, visibilityTimeoutSeconds: 30, maxReceives: 1, maxSettleRequests: 1 };

it("messages that are done at the same moment are deleted in the time that their deletes take", async () => {
  const queue = await SimulatedQueue.create({ messages: MESSAGES, faults: { latencyMs: 1_000 } });
  let started = 0;
  let endAll = (): void => undefined;
  const gate = new Promise<void>((resolve) => (endAll = resolve));
  const consumer = queue.consume(async () => {
    started += 1;
    await gate;
  }, OPTIONS);
  await queue.clock.runUntil(consumer.start());
  await queue.clock.runUntil(() => started === MESSAGES);
  await queue.clock.advance(60_000);
  endAll();
  await queue.clock.advance(35_000); // 20 s for the deletes, and some for renewals that were asked for before.
  expect(queue.size).toBe(0);
  expect(started).toBe(MESSAGES);
  expect(await queue.clock.runUntil(consumer.stop())).toMatchObject({ isDrained: true });
  expect(consumer.reported).toEqual([]);
});

it("what is done is deleted in time although renewals of what runs take most requests", async () => {
  const queue = await SimulatedQueue.create({ messages: MESSAGES, faults: { latencyMs: 1_000 } });
  let ended = 0;
  const consumer = queue.consume(async ({ Body }) => {
    await queue.work(Number(Body) < 20 ? 60_000 : 600_000);
    ended += 1;
  }, OPTIONS);
  await queue.clock.runUntil(consumer.start());
  await queue.clock.runUntil(() => ended === 20);
  await queue.clock.advance(60_000);
  expect(queue.size).toBe(MESSAGES - 20);
  expect(consumer.stats().counters).toMatchObject({ revoked: 0, errors: 0 });
  await queue.clock.runUntil(consumer.stop({ timeoutMs: 0 }));
});
