// How many receives are out while the event loop has no time to spare: as many as are of use.
import type { Clock, SqsPort } from "millrace";
import { expect, test } from "vitest";
import { SimulatedQueue } from "../../support/simulated-queue.js";

interface Process {
  /** How much of the time the event loop is idle. */
  readonly idleShare: (now: number) => number;
  /** How long the processor takes for an answer, one after the other. */
  readonly answerMs: number;
  readonly latencyMs?: number;
}

/** The most receives that are out at once after a second, while a deep queue is drained. */
async function mostOut({ idleShare, answerMs, latencyMs = 10 }: Process): Promise<number> {
  const queue = await SimulatedQueue.create({ messages: 25_000, faults: { latencyMs } });
  let [now, idle, out, most, busyUntil] = [0, 0, 0, 0, 0];
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
      if (queue.clock.now() > 1_000) most = Math.max(most, out);
      const answer = await queue.sqs.receiveMessage(input, options);
      busyUntil = Math.max(busyUntil, queue.clock.now()) + answerMs;
      await queue.work(busyUntil - queue.clock.now());
      out -= 1;
      return answer;
    },
    deleteMessageBatch: (input) => queue.sqs.deleteMessageBatch(input),
    changeMessageVisibilityBatch: (input) => queue.sqs.changeMessageVisibilityBatch(input),
    sendMessageBatch: (input) => queue.sqs.sendMessageBatch(input),
  };
  const consumer = queue.consume(() => queue.work(5), { clock, client, concurrency: 200 });
  await queue.clock.runUntil(consumer.start());
  await queue.clock.runUntil(() => queue.clock.now() > 1_200);
  await queue.clock.runUntil(consumer.stop());
  return most;
}

test("with time to spare there are as many as may be", async () => {
  expect(await mostOut({ idleShare: () => 0.5, answerMs: 1 })).toBeGreaterThan(15);
});

test("with none there are four, where the processor is what more would wait for", async () => {
  expect(await mostOut({ idleShare: () => 0, answerMs: 2 })).toBe(4);
});

test("with none there are as many as may be, where it is the service", async () => {
  expect(await mostOut({ idleShare: () => 0, answerMs: 0, latencyMs: 100 })).toBeGreaterThan(15);
});

test("of many that were out before, four are left", async () => {
  expect(await mostOut({ idleShare: (now) => (now < 200 ? 0.5 : 0), answerMs: 2 })).toBe(4);
});

test("they become more when there is time to spare again", async () => {
  expect(await mostOut({ idleShare: (now) => (now < 300 ? 0 : 0.5), answerMs: 1 })).toBeGreaterThan(15);
});
