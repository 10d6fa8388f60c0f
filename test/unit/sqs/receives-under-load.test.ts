// How many receives are out while the processor is the limit: no more than keep it busy.
import type { Clock, SqsPort } from "millrace";
import { expect, test } from "vitest";
import { SimulatedQueue } from "../../support/simulated-queue.js";

/** The most receives that are out at once, while a deep queue is drained by a process that is idle for a part of the time. */
async function mostOut(idleShare: (now: number) => number): Promise<number> {
  const queue = await SimulatedQueue.create({ messages: 25_000, faults: { latencyMs: 10 } });
  let [now, idle, out, most] = [0, 0, 0, 0];
  const clock: Clock = {
    now: () => queue.clock.now(),
    setTimer: (callback, delayMs) => queue.clock.setTimer(callback, delayMs),
    idleMs: () => {
      idle += (queue.clock.now() - now) * idleShare(queue.clock.now());
      now = queue.clock.now();
      return idle;
    },
  };
  const client: SqsPort = {
    receiveMessage: async (input, options) => {
      out += 1;
      if (queue.clock.now() > 600) most = Math.max(most, out);
      return queue.sqs.receiveMessage(input, options).finally(() => (out -= 1));
    },
    deleteMessageBatch: (input) => queue.sqs.deleteMessageBatch(input),
    changeMessageVisibilityBatch: (input) => queue.sqs.changeMessageVisibilityBatch(input),
    sendMessageBatch: (input) => queue.sqs.sendMessageBatch(input),
  };
  const consumer = queue.consume(() => queue.work(5), { clock, client, concurrency: 200 });
  await queue.clock.runUntil(consumer.start());
  await queue.clock.runUntil(() => queue.clock.now() > 800);
  await queue.clock.runUntil(consumer.stop());
  return most;
}

test("with time to spare there are as many as it takes", async () => {
  expect(await mostOut(() => 0.5)).toBeGreaterThan(15);
});

test("with none there are eight, and no more", async () => {
  expect(await mostOut(() => 0)).toBe(8);
});

test("of many that were out before, eight are left", async () => {
  expect(await mostOut((now) => (now < 300 ? 0.5 : 0))).toBe(8);
});

test("they become more when there is time to spare again", async () => {
  expect(await mostOut((now) => (now < 300 ? 0 : 0.5))).toBeGreaterThan(15);
});
