// A worker must not refuse a task. One of the user's that does costs that message a receive, and nothing else.
import { PoolWorker } from "millrace";
import { expect, test } from "vitest";
import { SimulatedQueue } from "../../support/simulated-queue.js";

test("a task that accept() throws for is given back and comes again", async () => {
  const cause = new Error("no");
  const worker = new PoolWorker({ maxWorkers: 20 });
  const accept = worker.accept.bind(worker);
  let offered = 0;
  worker.accept = (task) => {
    offered += 1;
    if (offered === 3) throw cause;
    accept(task);
  };
  const queue = await SimulatedQueue.create({ messages: 10 });
  const consumer = queue.consume(() => queue.work(10), { worker });
  await queue.clock.runUntil(consumer.start());
  await queue.clock.runUntil(() => queue.size === 0);
  expect(consumer.reported).toMatchObject([{ code: "INTERNAL", cause }]);
  expect(offered).toBe(11);
  await queue.clock.runUntil(consumer.stop());
});
