// A further stop() with less time shortens the first one, whichever step that has come to.
import { expect, test } from "vitest";
import { SimulatedQueue } from "../../support/simulated-queue.js";

test("a second stop ends the wait for deletes that are not confirmed", async () => {
  const queue = await SimulatedQueue.create({ messages: 1 });
  queue.sqs.faults.script = ({ operation }) =>
    operation === "DeleteMessageBatch" ? { kind: "serverError" } : undefined;
  const consumer = queue.consume(() => undefined, { pollGraceMs: 0 });
  await queue.clock.runUntil(consumer.start());
  await queue.clock.advance(10);
  void consumer.stop({ timeoutMs: 600_000 });
  await queue.clock.advance(5_000);
  const result = await queue.clock.runUntil(consumer.stop({ timeoutMs: 0 }));
  expect(queue.clock.now()).toBe(7_010);
  expect(result).toMatchObject({ isDrained: false, settlementsLost: 1 });
  expect(queue.clock.pendingTimers).toBe(0);
});
