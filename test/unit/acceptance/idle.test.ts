// What an idle consumer costs: one long poll at a time, and the timers that go with it.
import { PoolWorker, type SqsPort } from "millrace";
import { describe, expect, it } from "vitest";
import { SimulatedQueue, type TestConsumer } from "../../support/simulated-queue.js";

const HOUR_MS = 3_600_000;

/** A port that notes how many receives are out. */
function countReceives(queue: SimulatedQueue): { port: SqsPort; out: { now: number; most: number } } {
  const out = { now: 0, most: 0 };
  const port = queue.portWith({
    receiveMessage: async (input, options) => {
      out.now += 1;
      out.most = Math.max(out.most, out.now);
      try {
        return await queue.sqs.receiveMessage(input, options);
      } finally {
        out.now -= 1;
      }
    },
  });
  return { port, out };
}

/** Lets an hour pass and holds the consumer to what an idle one may do. */
async function expectIdleHour(queue: SimulatedQueue, consumer: TestConsumer, workers: number): Promise<void> {
  const before = queue.receives;
  const requests = queue.sqs.statistics.requests;
  const pending = new Set<number>();
  for (let minute = 0; minute < 60; minute += 1) {
    await queue.clock.advance(60_000 - 1);
    pending.add(queue.clock.pendingTimers);
    expect(consumer.stats()).toMatchObject({ receivesInFlight: 1, workers, running: 0, waiting: 0 });
    await queue.clock.advance(1);
  }
  expect(queue.receives - before).toBe(180);
  expect(queue.sqs.statistics.requests - requests).toBe(180);
  // The receive's watchdog, and the alarm of the simulated service for the end of the long poll.
  expect(pending).toEqual(new Set([2]));
}

describe("an idle consumer", () => {
  it.each([0, 3])("makes 180 receives an hour, one at a time, with %d workers", async (minWorkers) => {
    const queue = await SimulatedQueue.create();
    const { port, out } = countReceives(queue);
    const worker = new PoolWorker({ maxWorkers: 50, minWorkers });
    const consumer = queue.consume(() => undefined, { client: port, worker });
    await consumer.start();
    // The first receive went out as start() resolved; it is the first of the 180 and counted from here on.
    const before = queue.receives - 1;
    await queue.clock.advance(HOUR_MS - 1);
    expect(queue.receives - before).toBe(180);
    await queue.clock.advance(1);
    await expectIdleHour(queue, consumer, minWorkers);
    expect(out.most).toBe(1);
    await queue.clock.runUntil(consumer.stop());
    expect(queue.clock.pendingTimers).toBe(0);
  });

  it("comes down to that after load: one poller, the fewest workers, no timer more", async () => {
    const queue = await SimulatedQueue.create({ messages: 20_000, faults: { latencyMs: 20 } });
    const { port, out } = countReceives(queue);
    const worker = new PoolWorker({ maxWorkers: 50, minWorkers: 3 });
    const consumer = queue.consume(() => queue.work(10), { client: port, worker, handlerTimeoutMs: 30_000 });
    await queue.clock.runUntil(consumer.start());
    await queue.clock.runUntil(() => queue.size === 0);
    queue.sqs.faults.latencyMs = 0;
    expect(out.most).toBeGreaterThan(5);
    expect(consumer.stats().workers).toBe(50);
    // One worker goes per ten seconds.
    await queue.clock.advance(47 * 10_000 + 30_000);
    out.most = 0;
    await expectIdleHour(queue, consumer, 3);
    expect(out.most).toBe(1);
    await queue.clock.runUntil(consumer.stop());
  });
});
