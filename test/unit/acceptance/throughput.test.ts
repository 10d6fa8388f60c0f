// How busy the slots are and what a message costs in requests, for shapes of load that defeat simpler consumers.
import { seededRandom } from "millrace/testing";
import { describe, expect, it } from "vitest";
import { Gauge, SimulatedQueue } from "../../support/simulated-queue.js";

interface Load {
  readonly messages: number;
  readonly slots: number;
  readonly latencyMs: number;
  /** How long the handler of the nth message takes. */
  readonly durationMs: (index: number) => number;
}

interface Figures {
  /** Messages a second, over the ideal: all slots busy from the first moment to the last. */
  readonly shareOfIdeal: number;
  readonly requestsPerMessage: number;
}

/** Consumes a deep queue and measures over its middle part: neither the first second nor the tail of the last messages. */
async function measure({ messages, slots, latencyMs, durationMs }: Load): Promise<Figures> {
  const queue = await SimulatedQueue.create({ messages, faults: { latencyMs } });
  let index = 0;
  let totalMs = 0;
  let done = 0;
  const consumer = queue.consume(
    async () => {
      const ms = durationMs(index);
      index += 1;
      await queue.work(ms);
      totalMs += ms;
      done += 1;
    },
    { concurrency: slots },
  );
  const before = queue.sqs.statistics.requests;
  await queue.clock.runUntil(consumer.start());
  const startedAt = queue.clock.now();
  await queue.clock.runUntil(() => done >= messages * 0.9);
  const elapsedMs = queue.clock.now() - startedAt;
  const shareOfIdeal = totalMs / slots / elapsedMs;
  await queue.clock.runUntil(() => queue.size === 0);
  const requestsPerMessage = (queue.sqs.statistics.requests - before) / messages;
  await queue.clock.runUntil(consumer.stop());
  return { shareOfIdeal, requestsPerMessage };
}

describe("throughput", () => {
  it.each([
    { slots: 10, latencyMs: 10 },
    { slots: 100, latencyMs: 50 },
  ])("one handler in ten takes a second: $slots slots, $latencyMs ms a call", async ({ slots, latencyMs }) => {
    const figures = await measure({
      messages: slots * 300,
      slots,
      latencyMs,
      durationMs: (index) => (index % 10 === 9 ? 1_000 : 10),
    });
    expect(figures.shareOfIdeal).toBeGreaterThanOrEqual(0.97);
    expect(figures.requestsPerMessage).toBeLessThanOrEqual(0.23);
  });

  it.each([1, 2, 3, 4, 5])("the slow tenth comes at random: 10 slots, 10 ms a call, seed %d", async (seed) => {
    const random = seededRandom(seed);
    const figures = await measure({
      messages: 3_000,
      slots: 10,
      latencyMs: 10,
      durationMs: () => (random() < 0.1 ? 1_000 : 10),
    });
    expect(figures.shareOfIdeal).toBeGreaterThanOrEqual(0.97);
    expect(figures.requestsPerMessage).toBeLessThanOrEqual(0.23);
  });

  it.each([1, 2])("the slow tenth comes at random: 100 slots, 50 ms a call, seed %d", async (seed) => {
    const random = seededRandom(seed);
    const figures = await measure({
      messages: 30_000,
      slots: 100,
      latencyMs: 50,
      durationMs: () => (random() < 0.1 ? 1_000 : 10),
    });
    expect(figures.shareOfIdeal).toBeGreaterThanOrEqual(0.97);
    expect(figures.requestsPerMessage).toBeLessThanOrEqual(0.23);
  });

  it.each([
    { slots: 10, latencyMs: 20, workMs: 2 },
    { slots: 10, latencyMs: 20, workMs: 5 },
    { slots: 100, latencyMs: 20, workMs: 5 },
  ])("saturated: $slots slots, handlers of $workMs ms", async ({ slots, latencyMs, workMs }) => {
    const { requestsPerMessage } = await measure({ messages: 30_000, slots, latencyMs, durationMs: () => workMs });
    expect(requestsPerMessage).toBeLessThanOrEqual(0.205);
  });

  it("handlers of a minute on two consumers: all twenty start at once, and neither hoards", async () => {
    const queue = await SimulatedQueue.create({ messages: 20 });
    const first = new Gauge();
    const second = new Gauge();
    const consumers = [first, second].map((gauge) => queue.consume(() => gauge.during(() => queue.work(60_000))));
    for (const consumer of consumers) await consumer.start();
    await queue.clock.advance(0);
    expect([first.now, second.now]).toEqual([10, 10]);
    expect(consumers.map((consumer) => consumer.stats().waiting)).toEqual([0, 0]);
    await queue.clock.runUntil(Promise.all(consumers.map((consumer) => consumer.stop({ timeoutMs: Infinity }))));
    expect(queue.size).toBe(0);
  });

  it("handlers of a minute, after short ones: what waits is what starts soon", async () => {
    const queue = await SimulatedQueue.create({ messages: 2_000 });
    const gauges = [new Gauge(), new Gauge()];
    let workMs = 10;
    const consumers = gauges.map((gauge) => queue.consume(() => gauge.during(() => queue.work(workMs))));
    for (const consumer of consumers) await consumer.start();
    await queue.clock.runUntil(() => queue.size === 0);
    await queue.clock.advance(10_000);
    workMs = 60_000;
    await queue.send(20);
    await queue.clock.advance(1_000);
    expect(gauges.map(({ now }) => now)).toEqual([10, 10]);
    await queue.clock.runUntil(Promise.all(consumers.map((consumer) => consumer.stop({ timeoutMs: Infinity }))));
  });
});
