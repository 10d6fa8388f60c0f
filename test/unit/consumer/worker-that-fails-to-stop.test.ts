// A worker of the user's may fail to stop: that is reported, and the consumer has stopped.
import { PoolWorker } from "millrace";
import { expect, test } from "vitest";
import { SimulatedQueue } from "../../support/simulated-queue.js";

test("a worker whose stop rejects does not keep the consumer from stopping", async () => {
  const cause = new Error("no");
  const worker = new PoolWorker();
  const stop = worker.stop.bind(worker);
  worker.stop = async () => {
    await stop();
    throw cause;
  };
  const queue = await SimulatedQueue.create({ messages: 1 });
  const consumer = queue.consume(() => undefined, { worker });
  await queue.clock.runUntil(consumer.start());
  const result = await queue.clock.runUntil(consumer.stop());
  expect(result.isDrained).toBe(true);
  expect(consumer.state).toBe("stopped");
  expect(consumer.reported).toMatchObject([{ code: "INTERNAL", cause }]);
  await queue.clock.runUntil(consumer.start());
  await queue.clock.runUntil(consumer.stop());
});
