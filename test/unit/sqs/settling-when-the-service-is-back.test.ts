// The service was not reached, and is back: what waits to be told to it goes out when a receive finds that out, and not only
// when its own rest is over. What is handled meanwhile would be lost with the next outage or stop.
import type { SqsPort } from "millrace";
import { expect, test } from "vitest";
import { SimulatedQueue } from "../../support/simulated-queue.js";

interface Returned {
  /** When a receive was answered again. */
  readonly receivedAt: number;
  /** When the next batch of deletes was sent after that, or the last before, if it was done. */
  readonly deletedAt: number;
}

async function comeBack(seed: number, outageMs: number): Promise<Returned> {
  const queue = await SimulatedQueue.create({ messages: 200, seed });
  const { sqs, clock } = queue;
  const over = 1_000 + outageMs;
  const isOut = (): boolean => clock.now() >= 1_000 && clock.now() < over;
  sqs.faults.script = () => (isOut() ? { kind: "reset" } : undefined);
  const received: number[] = [];
  const deleted: number[] = [];
  const consumer = queue.consume(() => queue.work(500), {
    concurrency: 20,
    visibilityTimeoutSeconds: 60,
    client: {
      receiveMessage: async (input, options) => {
        const answer = await sqs.receiveMessage(input, options);
        if (clock.now() >= over) received.push(clock.now());
        return answer;
      },
      deleteMessageBatch: (input) => {
        if (clock.now() >= over) deleted.push(clock.now());
        return sqs.deleteMessageBatch(input);
      },
      changeMessageVisibilityBatch: (input) => sqs.changeMessageVisibilityBatch(input),
      sendMessageBatch: (input) => sqs.sendMessageBatch(input),
    },
  });
  await clock.runUntil(consumer.start());
  await clock.runUntil(() => received.length > 0 && deleted.length > 0);
  await clock.runUntil(consumer.stop());
  return { receivedAt: received[0] ?? Number.NaN, deletedAt: deleted[0] ?? Number.NaN };
}

test.each([2_000, 4_000, 8_000, 15_000])("after %i ms", async (outageMs) => {
  for (let seed = 1; seed <= 10; seed += 1) {
    const { receivedAt, deletedAt } = await comeBack(seed, outageMs);
    expect(deletedAt).toBeLessThanOrEqual(receivedAt);
  }
});

test("an answer to a receive that was out already says nothing of the time since", async () => {
  const queue = await SimulatedQueue.create({ messages: 20 });
  const { clock, sqs } = queue;
  const deletedAt: number[] = [];
  let receives = 0;
  const fail = async (): Promise<never> => {
    await queue.work(10);
    throw Object.assign(new Error("socket hang up"), { code: "ECONNRESET" });
  };
  // Two receives bring ten messages each, the third answers after three seconds; whatever else is asked fails.
  const client: SqsPort = {
    receiveMessage: async (input) => {
      receives += 1;
      if (receives <= 2) return sqs.receiveMessage(input);
      if (receives > 3) return fail();
      await queue.work(3_000 - clock.now());
      return {};
    },
    deleteMessageBatch: () => {
      deletedAt.push(clock.now());
      return fail();
    },
    changeMessageVisibilityBatch: fail,
    sendMessageBatch: fail,
  };
  const consumer = queue.consume(() => undefined, { client, concurrency: 50, random: () => 0.99 });
  await clock.runUntil(consumer.start());
  await clock.runUntil(() => clock.now() >= 3_010);
  expect(deletedAt.length).toBeGreaterThan(3);
  expect(deletedAt.filter((at) => at >= 2_990 && at <= 3_010)).toEqual([]);
  await clock.runUntil(consumer.stop({ timeoutMs: 0 }));
});
