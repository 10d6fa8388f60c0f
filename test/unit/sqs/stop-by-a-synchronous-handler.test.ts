// A place that becomes free in the moment in which stop() is called is not asked for any more.
import { expect, test } from "vitest";
import { SimulatedQueue } from "../../support/simulated-queue.js";

test("no receive goes out after a synchronous handler has called stop()", async () => {
  const queue = await SimulatedQueue.create({ messages: 1 });
  const consumer = queue.consume(() => void consumer.stop(), { concurrency: 1 });
  await queue.clock.runUntil(consumer.start());
  await queue.clock.runUntil(() => consumer.state === "stopped");
  expect(queue.receives).toBe(1);
  expect(queue.clock.now()).toBe(0);
});
