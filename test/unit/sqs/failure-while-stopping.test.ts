// A receive that fails while the consumer stops is not backed off from: nothing will be asked for any more.
import { expect, test } from "vitest";
import { SimulatedQueue } from "../../support/simulated-queue.js";

test("a receive that fails while stopping leaves no timer", async () => {
  const queue = await SimulatedQueue.create({ messages: 1 });
  const consumer = queue.consume(() => queue.work(5_000), { concurrency: 2 });
  await queue.clock.runUntil(consumer.start());
  await queue.clock.advance(1_000);
  queue.sqs.faults.lostAnswers = 1;
  queue.sqs.faults.operations = ["ReceiveMessage"];
  await queue.send(1);
  queue.sqs.faults.latencyMs = 100;
  const stopping = consumer.stop();
  const result = await queue.clock.runUntil(stopping);
  expect(result.isDrained).toBe(true);
  expect(queue.clock.pendingTimers).toBe(0);
});
