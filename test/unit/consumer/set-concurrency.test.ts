// setConcurrency: how many handlers run at once, from now on.
import { Consumer, inBatches, MemoryRunner, PoolWorker } from "millrace";
import { expect, test } from "vitest";
import { Gauge, SimulatedQueue } from "../../support/simulated-queue.js";

test("takes effect at once, both ways, and loses nothing", async () => {
  const queue = await SimulatedQueue.create({ messages: 2_000 });
  const handled: string[] = [];
  let gauge = new Gauge();
  const consumer = queue.consume(
    async ({ Body = "" }) => {
      handled.push(Body);
      await gauge.during(() => queue.work(100));
    },
    { concurrency: 5 },
  );
  const mostDuring = async (ms: number): Promise<number> => {
    gauge = new Gauge();
    await queue.clock.advance(ms);
    return gauge.most;
  };
  await queue.clock.runUntil(consumer.start());
  expect(await mostDuring(1_000)).toBe(5);
  consumer.setConcurrency(50);
  await queue.clock.advance(100);
  expect(consumer.stats().running).toBe(50);
  consumer.setConcurrency(2);
  expect(consumer.stats().running).toBe(50);
  await queue.clock.advance(100);
  expect(consumer.stats().running).toBe(2);
  expect(await mostDuring(2_000)).toBe(2);
  consumer.setConcurrency(1_000);
  await queue.clock.runUntil(() => queue.size === 0);
  expect(handled).toHaveLength(2_000);
  expect(new Set(handled).size).toBe(2_000);
  await queue.clock.runUntil(consumer.stop());
  expect(consumer.reported).toEqual([]);
});

test("counts at the next start when nothing runs", async () => {
  const queue = await SimulatedQueue.create({ messages: 100 });
  const consumer = queue.consume(() => queue.work(100), { concurrency: 5 });
  consumer.setConcurrency(7);
  await queue.clock.runUntil(consumer.start());
  await queue.clock.advance(50);
  expect(consumer.stats().running).toBe(7);
  await queue.clock.runUntil(consumer.stop());
});

test.each([0, 1.5, -1, 100_001, Number.NaN, "5", undefined])("refuses %o", (concurrency) => {
  const consumer = new Consumer(() => undefined, { runner: new MemoryRunner() });
  expect(() => consumer.setConcurrency(concurrency as number)).toThrow(
    "Option concurrency: expected a whole number from 1 to 100000",
  );
});

test("refuses fewer than a batch has", () => {
  const consumer = new Consumer(
    inBatches(() => undefined, { size: 50 }),
    { runner: new MemoryRunner() },
  );
  expect(() => consumer.setConcurrency(49)).toThrow("Option concurrency: expected at least 50");
  consumer.setConcurrency(50);
});

test("refuses a consumer that was given a worker, and says what to change instead", () => {
  const consumer = new Consumer(() => undefined, { runner: new MemoryRunner(), worker: new PoolWorker() });
  expect(() => consumer.setConcurrency(5)).toThrow(
    "Option concurrency: expected to be changed on the worker that was given (a PoolWorker has resize for it), got 5.",
  );
});
