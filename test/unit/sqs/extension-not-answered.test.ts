// An extension that is never answered costs no lease: there is time for another.
import { expect, test } from "vitest";
import { SimulatedQueue } from "../../support/simulated-queue.js";

test.each([5, 30, 600])("one that hangs is tried again in time, at %i s of visibility", async (seconds) => {
  const queue = await SimulatedQueue.create({ messages: 1 });
  queue.sqs.faults.script = ({ operation, attempt }) =>
    operation === "ChangeMessageVisibilityBatch" && attempt === 1 ? { kind: "hang" } : undefined;
  const consumer = queue.consume(() => queue.work(3_000 * seconds), {
    visibilityTimeoutSeconds: seconds,
    overdueAfterMs: Infinity,
  });
  await queue.clock.runUntil(consumer.start());
  await queue.clock.advance(3_000 * seconds + 1_000);
  expect(consumer.stats().counters).toMatchObject({ received: 1, revoked: 0, redelivered: 0, settled: { ack: 1 } });
  expect(consumer.reported.map(({ code }) => code)).toEqual(["REQUEST_TIMEOUT"]);
  await queue.clock.runUntil(consumer.stop());
});
