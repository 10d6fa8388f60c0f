// 120 queues over one pool of 100 workers: shares of handler time, a message on an idle queue, and an idle hour.
import type { Clock, ConsumerGroupStats, SqsGroupQueue } from "millrace";
import { describe, expect, it, vi } from "vitest";
import { createClasses, type QueueClass, SimulatedQueues, type TestGroup } from "../../support/simulated-queues.js";

// Minutes of virtual time with a thousand messages a second: slow machines need more than the usual time for it.
vi.setConfig({ testTimeout: 60_000 });

const EACH = 40;
const SLOTS = 100;
const WORK_MS = 100;
const HOUR_MS = 3_600_000;
const CLASSES: ReadonlyArray<Pick<QueueClass, "name"> & { readonly weight: number }> = [
  { name: "high", weight: 8 },
  { name: "middle", weight: 4 },
  { name: "low", weight: 1 },
];

interface World {
  readonly queues: SimulatedQueues;
  readonly group: TestGroup;
}

/** 120 queues in three classes, consumed by handlers that take `WORK_MS`. */
async function start(optionsOf: (name: string, weight: number) => Omit<QueueClass, "name">): Promise<World> {
  const queues = new SimulatedQueues();
  const classes = CLASSES.map(({ name, weight }) => ({ name, ...optionsOf(name, weight) }));
  const listed = await createClasses(queues, EACH, classes);
  queues.sqs.faults.latencyMs = 10;
  const group = queues.consume(() => queues.work(WORK_MS), { concurrency: SLOTS, queues: listed });
  await queues.clock.runUntil(group.start());
  return { queues, group };
}

/** What each queue had of the handler time between two moments, over what its weight gives it. */
function relativeShares(before: ConsumerGroupStats, after: ConsumerGroupStats): Map<string, number> {
  const total = after.handlerTimeMs - before.handlerTimeMs;
  const weights = Object.values(after.queues).reduce((sum, { weight }) => sum + weight, 0);
  return new Map(
    Object.entries(after.queues).map(([name, { handlerTimeMs, weight }]) => {
      const share = (handlerTimeMs - (before.queues[name]?.handlerTimeMs ?? 0)) / total;
      return [name, (share * weights) / weight];
    }),
  );
}

async function stop({ queues, group }: World): Promise<void> {
  const result = await queues.clock.runUntil(group.stop());
  expect(result).toMatchObject({ isDrained: true, settlementsLost: 0 });
  expect(group.reported).toEqual([]);
  expect(queues.clock.pendingTimers).toBe(0);
}

describe("120 full queues", () => {
  it("have handler time within 5 % of their weights, and each of them moves in every six seconds", async () => {
    const world = await start((_name, weight) => ({ weight, messages: 70 * weight }));
    const { queues, group } = world;
    await queues.clock.advance(5_000);
    const first = group.stats();
    let before = first;
    for (let window = 0; window < 4; window += 1) {
      await queues.clock.advance(6_000);
      const after = group.stats();
      for (const [name, share] of relativeShares(before, after)) expect([name, share > 0]).toEqual([name, true]);
      before = after;
    }
    for (const [name, share] of relativeShares(first, before)) {
      expect([name, share > 0.95 && share < 1.05]).toEqual([name, true]);
    }
    // No slot was idle, and none was full of messages that nobody would have missed.
    expect((before.handlerTimeMs - first.handlerTimeMs) / (SLOTS * 24_000)).toBeGreaterThan(0.99);
    await stop(world);
  });

  it("of lower priority keep their part, and each of them moves", async () => {
    const world = await start((name) =>
      name === "low" ? { priority: 0, messages: 100 } : { priority: 1, messages: 500 },
    );
    const { queues, group } = world;
    await queues.clock.advance(5_000);
    const before = group.stats();
    await queues.clock.advance(30_000);
    const after = group.stats();
    const timeOf = (name: string): number =>
      (after.queues[name]?.handlerTimeMs ?? 0) - (before.queues[name]?.handlerTimeMs ?? 0);
    const low = group.names.filter((name) => name.startsWith("low")).map(timeOf);
    const part = low.reduce((sum, time) => sum + time, 0) / (after.handlerTimeMs - before.handlerTimeMs);
    expect(part).toBeGreaterThan(0.045);
    expect(part).toBeLessThan(0.055);
    expect(Math.min(...low)).toBeGreaterThan(0);
    await stop(world);
  });
});

describe("a message on an idle queue, while the others fill every slot", () => {
  const kinds: ReadonlyArray<readonly [string, (name: string, weight: number) => Partial<SqsGroupQueue>]> = [
    ["by weight", (_name, weight) => ({ weight })],
    ["by priority", (name) => ({ priority: name === "high" ? 1 : 0 })],
  ];

  it.each(kinds)("starts within one handler's time, p99 of 200: %s", async (_kind, optionsOf) => {
    const world = await start((name, weight) => ({
      ...optionsOf(name, weight),
      messages: name === "high" ? 0 : 700,
    }));
    const { queues, group } = world;
    await queues.clock.advance(5_000);
    const waits: number[] = [];
    let arrivedAt = Infinity;
    group.on("received", ({ count }, queue) => {
      if (count > 0 && queue.startsWith("high")) arrivedAt = queues.clock.now();
    });
    group.on("messageStarted", (_facts, queue) => {
      if (queue.startsWith("high")) waits.push(queues.clock.now() - arrivedAt);
    });
    for (let probe = 0; probe < 200; probe += 1) {
      await queues.send(queues.url(`high-${(probe % EACH) + 1}`), 1);
      await queues.clock.advance(137);
    }
    expect(waits).toHaveLength(200);
    expect(group.stats().running).toBe(SLOTS);
    expect(waits.toSorted((one, other) => one - other)[197]).toBeLessThanOrEqual(WORK_MS);
    await stop(world);
  });
});

describe("120 idle queues", () => {
  it("make 180 requests an hour each, one at a time, and set a timer for each", async () => {
    const queues = new SimulatedQueues();
    const classes = CLASSES.map(({ name, weight }) => ({ name, weight, messages: 0 }));
    const listed = await createClasses(queues, EACH, classes);
    let timers = 0;
    const clock: Clock = {
      now: () => queues.clock.now(),
      setTimer: (callback, delayMs) => {
        timers += 1;
        return queues.clock.setTimer(callback, delayMs);
      },
    };
    const group = queues.consume(() => undefined, { concurrency: SLOTS, queues: listed, clock });
    await group.start();
    await queues.clock.advance(60_000);
    timers = 0;
    const before = queues.sqs.statistics.requests;
    for (let minute = 0; minute < 60; minute += 1) {
      await queues.clock.advance(HOUR_MS / 60);
      expect(group.stats()).toMatchObject({ running: 0, waiting: 0, workers: 0, receivesInFlight: 120 });
    }
    expect(queues.sqs.statistics.requests - before).toBe(120 * 180);
    // One for each request, to give it up. That is all that happens here in an hour.
    expect(timers).toBe(120 * 180);
    await stop({ queues, group });
  });
});
