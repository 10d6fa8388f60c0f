// A return waits for the extension that is on its way; a stop must not close before the return was told.
import { retry } from "millrace";
import { expect, test } from "vitest";
import { SimulatedQueue } from "../../support/simulated-queue.js";

test("a return that waits for an extension is counted, and leaves no timer, when the service stays away", async () => {
  const queue = await SimulatedQueue.create({ messages: 1 });
  const consumer = queue.consume(() => queue.work(8_000).then(() => retry({ afterSeconds: 1 })), {
    visibilityTimeoutSeconds: 10,
  });
  await queue.clock.runUntil(consumer.start());
  await queue.clock.advance(6_000);
  Object.assign(queue.sqs.faults, { serverErrors: 1, operations: ["ChangeMessageVisibilityBatch"] });
  await queue.clock.advance(1_500);
  const result = await queue.clock.runUntil(consumer.stop({ timeoutMs: 500 }));
  expect(result).toMatchObject({ isDrained: false, settlementsLost: 1 });
  expect(queue.clock.pendingTimers).toBe(0);
});

test("a stop tries at once what rests after a failure", async () => {
  const queue = await SimulatedQueue.create({ messages: 1 });
  const consumer = queue.consume(() => undefined, { random: () => 0.99, visibilityTimeoutSeconds: 60 });
  Object.assign(queue.sqs.faults, { serverErrors: 1, operations: ["DeleteMessageBatch"] });
  await queue.clock.runUntil(consumer.start());
  // Failures at about 0, 0.1, 0.3, 0.7, 1.5, 3.1, 6.3 s; the next attempt would be at 11.3 s.
  await queue.clock.advance(6_500);
  queue.sqs.clearFaults();
  const stoppedAt = queue.clock.now();
  const result = await queue.clock.runUntil(consumer.stop({ timeoutMs: 0 }));
  expect(result).toMatchObject({ isDrained: true, settlementsLost: 0 });
  expect(queue.clock.now() - stoppedAt).toBeLessThan(1_500);
  expect(queue.size).toBe(0);
});
