// The option rate: so many messages start in a time, and the others stay in the queue.
import type { Rate } from "millrace";
import { describe, expect, test } from "vitest";
import { SimulatedQueue, type TestConsumer } from "../../support/simulated-queue.js";
import { countBetween, mostWithin } from "../../support/windows.js";

interface Run {
  readonly queue: SimulatedQueue;
  readonly consumer: TestConsumer;
  readonly startedAt: number[];
  readonly bodies: string[];
  /** The longest that a message was here before it started. */
  readonly longestWaitMs: () => number;
}

/** A consumer whose handlers take 5 ms, of a queue whose answers take 20. */
async function consume(options: {
  rate?: Rate;
  messages: number;
  concurrency?: number;
  workMs?: number;
}): Promise<Run> {
  const { rate, messages, concurrency = 50, workMs = 5 } = options;
  const queue = await SimulatedQueue.create({ messages, faults: { latencyMs: [20, 20] } });
  const startedAt: number[] = [];
  const bodies: string[] = [];
  const cameAt = new Map<string | undefined, number>();
  let longestWaitMs = 0;
  const client = queue.portWith({
    receiveMessage: async (...request) => {
      const answer = await queue.sqs.receiveMessage(...request);
      for (const { MessageId } of answer.Messages ?? []) cameAt.set(MessageId, queue.clock.now());
      return answer;
    },
  });
  const consumer = queue.consume(
    async ({ Body = "", MessageId }) => {
      const now = queue.clock.now();
      startedAt.push(now);
      bodies.push(Body);
      longestWaitMs = Math.max(longestWaitMs, now - (cameAt.get(MessageId) ?? NaN));
      await queue.work(workMs);
    },
    { rate, concurrency, client },
  );
  await queue.clock.runUntil(consumer.start());
  return { queue, consumer, startedAt, bodies, longestWaitMs: () => longestWaitMs };
}

describe("a rate", () => {
  test.each([12.5, 50, 100, 1_000])("of %d a second is kept within a fiftieth over ten seconds", async (perSecond) => {
    const { queue, consumer, startedAt, longestWaitMs } = await consume({
      rate: { perSecond },
      messages: perSecond * 12,
    });
    const from = startedAt[0] ?? NaN;
    await queue.clock.advance(10_500);
    const started = countBetween(startedAt, from, from + 10_000);
    expect(started).toBeGreaterThanOrEqual(perSecond * 9.8);
    expect(started).toBeLessThanOrEqual(perSecond * 10.2);
    expect(mostWithin(startedAt, 9_999)).toBeLessThanOrEqual(perSecond * 10.2);
    expect(longestWaitMs()).toBeLessThan(100); // For a slot: there are fewer than the burst. They wait in the queue.
    await queue.clock.runUntil(consumer.stop());
    expect(consumer.reported).toEqual([]);
  });

  test("leaves receives full", async () => {
    const { queue, consumer } = await consume({ rate: { perSecond: 100 }, messages: 1_000 });
    await queue.clock.runUntil(() => queue.size === 0);
    expect(queue.receives).toBeLessThanOrEqual(110);
    await queue.clock.runUntil(consumer.stop());
  });

  test("of less than one a second lets the first start at once", async () => {
    const { queue, consumer, startedAt } = await consume({ rate: { perSecond: 0.1, burst: 1 }, messages: 4 });
    await queue.clock.advance(31_000);
    expect(startedAt.map((moment) => Math.round(moment / 1_000))).toEqual([0, 10, 20, 30]);
    await queue.clock.runUntil(consumer.stop());
  });

  test("holds after a lull, though receives were out all the time", async () => {
    const { queue, consumer, startedAt } = await consume({ rate: { perSecond: 10, burst: 20 }, messages: 0 });
    await queue.clock.advance(95_000);
    await queue.send(500);
    await queue.clock.advance(20_000);
    const from = startedAt[0] ?? NaN;
    expect(countBetween(startedAt, from, from + 100)).toBeGreaterThanOrEqual(10);
    for (const seconds of [0.1, 1, 5, 10, 20]) {
      expect(mostWithin(startedAt, seconds * 1_000)).toBeLessThanOrEqual(20 + 10 * seconds);
    }
    expect(startedAt.length).toBeGreaterThanOrEqual(200);
    await queue.clock.runUntil(consumer.stop());
  });

  test("holds for the groups of a FIFO queue, in order", async () => {
    const queue = await SimulatedQueue.create({ isFifo: true });
    const groups = ["a", "b", "c", "d"];
    for (let index = 1; index <= 15; index += 1) await queue.sendTo(...groups.map((group) => `${group}${index}`));
    const startedAt: number[] = [];
    const started = new Map(groups.map((group) => [group, [] as string[]]));
    const consumer = queue.consume(
      async ({ Body = "" }) => {
        startedAt.push(queue.clock.now());
        started.get(Body.charAt(0))?.push(Body.slice(1));
        await queue.work(20);
      },
      { rate: { perSecond: 20, burst: 10 } },
    );
    await queue.clock.runUntil(consumer.start());
    await queue.clock.runUntil(() => queue.size === 0);
    const inOrder = Array.from({ length: 15 }, (_, index) => String(index + 1));
    for (const group of groups) expect(started.get(group)).toEqual(inOrder);
    for (const seconds of [0.01, 0.5, 1, 2]) {
      expect(mostWithin(startedAt, seconds * 1_000)).toBeLessThanOrEqual(10 + 20 * seconds);
    }
    await queue.clock.runUntil(consumer.stop());
  });

  test("counts what starts, and not what goes back", async () => {
    const { queue, consumer, startedAt } = await consume({
      rate: { perSecond: 5, burst: 40 },
      messages: 60,
      concurrency: 4,
      workMs: 10_000,
    });
    const waitingBefore = consumer.stats().waiting;
    // Pausing gives back what came for the burst and has not started; resuming takes it anew.
    for (let round = 0; round < 5; round += 1) {
      consumer.pause();
      consumer.resume();
      await queue.clock.advance(50);
    }
    expect({ waitingBefore, started: startedAt.length }).toEqual({ waitingBefore: 0, started: 4 });
    consumer.setConcurrency(100);
    await queue.clock.advance(500);
    expect(startedAt.length).toBeGreaterThanOrEqual(35);
    expect(mostWithin(startedAt, 1_000)).toBeLessThanOrEqual(45);
    await queue.clock.runUntil(consumer.stop({ timeoutMs: 60_000 }));
  });
});

describe("setRate", () => {
  test("holds back from the moment on; what came too early goes back, and is handled once", async () => {
    const { queue, consumer, startedAt, bodies } = await consume({ messages: 3_000, concurrency: 20, workMs: 20 });
    await queue.clock.advance(1_500);
    const before = startedAt.length;
    expect(before).toBeGreaterThan(1_000);
    consumer.setRate({ perSecond: 20 });
    await queue.clock.advance(10_000);
    const inTenSeconds = startedAt.length - before;
    expect(inTenSeconds).toBeGreaterThanOrEqual(196);
    expect(inTenSeconds).toBeLessThanOrEqual(204);
    for (const seconds of [0.05, 0.5, 1, 5]) {
      expect(mostWithin(startedAt.slice(before), seconds * 1_000)).toBeLessThanOrEqual(4 + 20 * seconds);
    }
    consumer.setRate({ perSecond: 200 });
    await queue.clock.advance(1_000);
    expect(startedAt.length - before - inTenSeconds).toBeGreaterThanOrEqual(180);
    consumer.setRate(undefined);
    await queue.clock.runUntil(() => queue.size === 0, { timeoutMs: 60_000 });
    expect(bodies).toHaveLength(3_000);
    expect(new Set(bodies).size).toBe(3_000);
    expect(consumer.reported).toEqual([]);
    await queue.clock.runUntil(consumer.stop());
  });

  test("outlasts a restart, and may be called when nothing runs", async () => {
    const { queue, consumer, startedAt } = await consume({ messages: 0 });
    await queue.clock.runUntil(consumer.stop());
    consumer.setRate({ perSecond: 10, burst: 2 });
    await queue.send(100);
    await queue.clock.runUntil(consumer.start());
    await queue.clock.advance(1_000);
    await queue.clock.runUntil(consumer.stop());
    await queue.clock.runUntil(consumer.start());
    await queue.clock.advance(1_000);
    expect(mostWithin(startedAt, 1_000)).toBeLessThanOrEqual(12);
    expect(startedAt.length).toBeGreaterThan(15);
    await queue.clock.runUntil(consumer.stop());
  });

  test("delays no start, though there is no token: the source is reached, and what that brings goes back", async () => {
    const { queue, consumer, startedAt } = await consume({ rate: { perSecond: 1 / 60, burst: 1 }, messages: 5 });
    await queue.clock.advance(100);
    await queue.clock.runUntil(consumer.stop());
    const stoppedAt = queue.clock.now();
    await queue.clock.runUntil(consumer.start());
    expect(queue.clock.now() - stoppedAt).toBeLessThan(100);
    await queue.clock.advance(300);
    expect([startedAt.length, queue.counts]).toEqual([1, { visible: 4, inFlight: 0, delayed: 0 }]);
    await queue.clock.advance(60_000);
    expect(startedAt).toHaveLength(2);
    await queue.clock.runUntil(consumer.stop());
  });

  test.each([0, { perSecond: 0 }, { perSecond: 5, burst: -1 }])("refuses %o, and changes nothing", async (rate) => {
    const queue = await SimulatedQueue.create();
    const consumer = queue.consume(() => undefined, { rate: { perSecond: 5 } });
    expect(() => consumer.setRate(rate as never)).toThrow(expect.objectContaining({ code: "OPTION_INVALID" }));
  });
});
