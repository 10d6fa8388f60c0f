// A message is given back without waiting for a renewal of it that rests, or is held back, after a failure.
import { release } from "millrace";
import { expect, test } from "vitest";
import { SimulatedQueue } from "../../support/simulated-queue.js";

test("a message whose renewal rests is given back at once", async () => {
  const queue = await SimulatedQueue.create({ messages: 1 });
  let isDown = true;
  queue.sqs.faults.script = ({ operation }) =>
    isDown && operation === "ChangeMessageVisibilityBatch" ? { kind: "serverError" } : undefined;
  const consumer = queue.consume(() => queue.work(24_000).then(() => release()), { random: () => 0.99 });
  await queue.clock.runUntil(consumer.start());
  await queue.clock.advance(23_900); // Renewals have failed at 20.0, 20.1, 20.3, 20.7, 21.5 and 23.1 s; the next is at 26.3 s.
  consumer.pause();
  isDown = false;
  await queue.clock.advance(600);
  expect(queue.counts).toMatchObject({ visible: 1, inFlight: 0 });
  await queue.clock.runUntil(consumer.stop());
});

test("an extension that a handler has asked for and not awaited is no unhandled rejection when its message goes back", async () => {
  const queue = await SimulatedQueue.create({ messages: 1 });
  let isDown = true;
  queue.sqs.faults.script = ({ operation }) =>
    isDown && operation === "ChangeMessageVisibilityBatch" ? { kind: "serverError" } : undefined;
  const outcomes: string[] = [];
  const consumer = queue.consume(
    async (_message, { extend }) => {
      void extend(60).then(
        () => outcomes.push("settled meanwhile"),
        () => outcomes.push("rejected"),
      );
      await queue.work(95); // The extension rests until 99 ms.
      return release();
    },
    { random: () => 0.99 },
  );
  await queue.clock.runUntil(consumer.start());
  consumer.pause();
  await queue.clock.advance(90);
  isDown = false;
  await queue.clock.advance(500);
  expect(outcomes).toEqual(["settled meanwhile"]);
  expect(queue.counts).toMatchObject({ visible: 1, inFlight: 0 });
  await queue.clock.runUntil(consumer.stop());
});
