// Renewals that are held back while every one is refused are tried again before the leases end.
import { expect, test } from "vitest";
import { SimulatedQueue } from "../../support/simulated-queue.js";

test.each([5, 10, 30])("a lease of %i s is kept that falls due when renewals work again", async (seconds) => {
  const queue = await SimulatedQueue.create();
  let worksSince = Infinity;
  queue.sqs.faults.script = ({ operation }) => {
    if (operation !== "ChangeMessageVisibilityBatch" || queue.clock.now() > worksSince) return undefined;
    if (queue.clock.now() > 40_000) worksSince = queue.clock.now(); // This is the last one that fails.
    return { kind: "serverError" };
  };
  const consumer = queue.consume(() => queue.work(600_000), {
    concurrency: 200,
    visibilityTimeoutSeconds: seconds,
    overdueAfterMs: Infinity,
    random: () => 0.99,
  });
  const startedAt = new Map<unknown, number>();
  const lost: number[] = [];
  consumer.on("messageStarted", ({ message }) => startedAt.set(message, queue.clock.now()));
  consumer.on("messageRevoked", ({ message }) => {
    const dueAt = (startedAt.get(message) ?? 0) + (seconds * 1_000 * 2) / 3;
    if (dueAt > worksSince) lost.push(dueAt - worksSince);
  });
  await queue.clock.runUntil(consumer.start());
  for (let second = 0; second < 60; second += 1) {
    await queue.send(1);
    await queue.clock.advance(1_000);
  }
  expect(worksSince).toBeLessThan(50_000);
  expect(lost).toEqual([]);
  await queue.clock.runUntil(consumer.stop({ timeoutMs: 0 }));
});
