// Shares of one pool: each gets handler time by its weight and priority, and what one does not use goes to the others.
import { OptionError, PoolWorker, type PoolShareOptions, type PoolWorkerOptions } from "millrace";
import { VirtualClock } from "millrace/testing";
import { describe, expect, test } from "vitest";
import { FedShare } from "../../support/fed-share.js";

interface Queue extends PoolShareOptions {
  readonly durationMs?: number;
  readonly messages?: number;
}

/** Queues on one pool, all started. */
async function start(options: PoolWorkerOptions, queues: readonly Queue[]) {
  const clock = new VirtualClock();
  const pool = new PoolWorker(options);
  const shares = queues.map(({ durationMs = 20, messages, ...share }) => {
    const parts = { clock, worker: pool.share(share), durationOf: () => durationMs };
    return new FedShare(messages === undefined ? parts : { ...parts, messages });
  });
  for (const share of shares) await share.start();
  return { clock, pool, shares };
}

/** The part of the handler time that each had since then, in percent. */
function percentages(shares: readonly FedShare[], sinceMs: number): number[] {
  const times = shares.map((share) => share.handlerTimeSince(sinceMs));
  const total = times.reduce((sum, time) => sum + time, 0);
  return times.map((time) => Math.round((1_000 * time) / total) / 10);
}

/** The most handlers that ran at one moment. */
function mostAtOnce(shares: readonly FedShare[]): number {
  const changes = shares
    .flatMap(({ tasks }) => tasks)
    .flatMap(({ startedAt, endedAt }) => [
      ...(startedAt === undefined ? [] : [{ at: startedAt, change: 1 }]),
      ...(endedAt === undefined ? [] : [{ at: endedAt, change: -1 }]),
    ])
    .toSorted((one, other) => one.at - other.at || one.change - other.change);
  let running = 0;
  return Math.max(...changes.map(({ change }) => (running += change)));
}

describe("by weight", () => {
  test("full queues have handler time as their weights say", async () => {
    const { clock, shares } = await start({ maxWorkers: 10 }, [{ weight: 8 }, { weight: 4 }, { weight: 1 }]);
    await clock.advance(30_000);
    const [high = 0, middle = 0, low = 0] = percentages(shares, 2_000);
    expect(high / (800 / 13)).toBeCloseTo(1, 1);
    expect(middle / (400 / 13)).toBeCloseTo(1, 1);
    expect(low / (100 / 13)).toBeCloseTo(1, 1);
    expect(mostAtOnce(shares)).toBe(10);
  });

  test("it is time that is shared, and not messages: slow handlers have fewer turns", async () => {
    const { clock, shares } = await start({ maxWorkers: 10 }, [{ durationMs: 200 }, { durationMs: 10 }]);
    await clock.advance(60_000);
    const [slow = 0] = percentages(shares, 2_000);
    expect(slow).toBeGreaterThan(47);
    expect(slow).toBeLessThan(53);
  });

  test("what a queue without messages leaves goes to the others, until it has some", async () => {
    const { clock, shares } = await start({ maxWorkers: 10 }, [{ weight: 8, messages: 0 }, { weight: 1 }]);
    const [busy, other] = shares as [FedShare, FedShare];
    await clock.advance(5_000);
    expect(other.handlerTimeSince(1_000)).toBeGreaterThan(0.98 * 10 * 4_000);
    busy.send(1_000_000);
    await clock.advance(20_000);
    const [share = 0] = percentages(shares, 7_000);
    expect(share).toBeGreaterThan(86);
    expect(share).toBeLessThan(92);
  });

  test("a queue that had nothing is not owed the time that it did not use", async () => {
    const { clock, shares } = await start({ maxWorkers: 10 }, [{ messages: 0 }, {}]);
    const [idle, busy] = shares as [FedShare, FedShare];
    await clock.advance(60_000);
    idle.send(1_000_000);
    await clock.advance(2_000);
    const before = busy.handlerTimeSince(0);
    await clock.advance(10_000);
    expect((busy.handlerTimeSince(0) - before) / (10 * 10_000)).toBeGreaterThan(0.45);
  });

  test("a message does not wait behind the messages of another queue", async () => {
    const { clock, shares } = await start({ maxWorkers: 10 }, [
      { messages: 0 },
      { durationMs: 100 },
      { durationMs: 100 },
    ]);
    const [idle] = shares as [FedShare];
    await clock.advance(10_000);
    for (let index = 0; index < 50; index += 1) {
      idle.send(1);
      await clock.advance(137);
    }
    expect(idle.tasks).toHaveLength(50);
    for (const { acceptedAt, startedAt } of idle.tasks)
      expect((startedAt ?? Infinity) - acceptedAt).toBeLessThanOrEqual(100);
  });

  test("a queue that is added while others take every slot has its turns", async () => {
    const { clock, pool, shares } = await start({ maxWorkers: 10 }, [{ durationMs: 100 }]);
    await clock.advance(5_000);
    const added = new FedShare({ clock, worker: pool.share(), durationOf: () => 100 });
    await added.start();
    await clock.advance(10_000);
    const [share = 0] = percentages([added, ...shares], 7_000);
    expect(share).toBeGreaterThan(47);
    expect(share).toBeLessThan(53);
  });

  test("a change of weight takes effect at once", async () => {
    const { clock, pool, shares } = await start({ maxWorkers: 10 }, []);
    const one = pool.share({ weight: 1 });
    const two = pool.share({ weight: 1 });
    for (const worker of [one, two]) {
      const share = new FedShare({ clock, worker, durationOf: () => 20 });
      shares.push(share);
      await share.start();
    }
    await clock.advance(5_000);
    one.update({ weight: 9 });
    await clock.advance(10_000);
    const [first = 0] = percentages(shares, 5_000);
    expect(first).toBeGreaterThan(87);
    expect(first).toBeLessThan(93);
  });
});

describe("by priority", () => {
  test("the higher goes first, and the lower keep their part", async () => {
    const { clock, shares } = await start({ maxWorkers: 10, lowerPriorityShare: 0.1 }, [
      { priority: 1 },
      { priority: 0, weight: 3 },
      { priority: 0, weight: 1 },
    ]);
    await clock.advance(60_000);
    const [high = 0, middle = 0, low = 0] = percentages(shares, 2_000);
    expect(high).toBeGreaterThan(88);
    expect(high).toBeLessThan(92);
    expect(middle / low).toBeGreaterThan(2.5);
    expect(middle / low).toBeLessThan(3.5);
  });

  test("without a part the lower ones wait, and go on when the higher have nothing", async () => {
    const { clock, shares } = await start({ maxWorkers: 10, lowerPriorityShare: 0 }, [
      { priority: 1, messages: 5_000 },
      { priority: 0 },
    ]);
    const [high, low] = shares as [FedShare, FedShare];
    await clock.advance(2_000);
    const before = low.handlerTimeSince(0);
    await clock.advance(5_000);
    expect(low.handlerTimeSince(0) - before).toBe(0);
    await clock.advance(20_000);
    expect(high.tasks).toHaveLength(5_000);
    expect(low.handlerTimeSince(20_000)).toBeGreaterThan(0.98 * 10 * 7_000);
  });

  test("a change of priority takes effect at once", async () => {
    const { clock, pool, shares } = await start({ maxWorkers: 10, lowerPriorityShare: 0 }, [{ priority: 0 }]);
    const worker = pool.share({ priority: -1 });
    const share = new FedShare({ clock, worker, durationOf: () => 20 });
    await share.start();
    await clock.advance(5_000);
    expect(share.handlerTimeSince(1_000)).toBe(0);
    worker.update({ priority: 1 });
    await clock.advance(5_000);
    const [first = 0] = percentages([share, ...shares], 6_000);
    expect(first).toBe(100);
  });
});

describe("places", () => {
  test("many idle queues do not ask for many times what the pool can run", async () => {
    const queues = Array.from({ length: 120 }, () => ({ messages: 0 }));
    const { shares } = await start({ maxWorkers: 100 }, queues);
    // The one that starts first is alone as yet.
    const asked = shares.map(({ reserved }) => reserved);
    expect(Math.min(...asked)).toBe(1);
    expect(asked.reduce((sum, count) => sum + count, 0)).toBeLessThan(650);
  });

  test("a share that may run two at once is never given a third slot, and holds up nobody", async () => {
    const { clock, shares } = await start({ maxWorkers: 10 }, [{ maxRunning: 2, weight: 100 }, {}]);
    const [limited, other] = shares as [FedShare, FedShare];
    await clock.advance(10_000);
    expect(mostAtOnce([limited])).toBe(2);
    expect(limited.handlerTimeSince(2_000) / 8_000).toBeCloseTo(2, 1);
    expect(other.handlerTimeSince(2_000) / 8_000).toBeCloseTo(8, 1);
  });
});

describe("resize", () => {
  test("more handlers start at once, and fewer when enough have ended", async () => {
    const { clock, pool, shares } = await start({ maxWorkers: 4 }, [{ durationMs: 100 }, { durationMs: 100 }]);
    const running = (): number => shares.reduce((sum, { worker }) => sum + worker.stats().running, 0);
    await clock.advance(2_000);
    expect(running()).toBe(4);
    pool.resize({ maxWorkers: 12 });
    await clock.advance(200);
    expect(running()).toBe(12);
    pool.resize({ maxWorkers: 3 });
    await clock.advance(100);
    expect([running(), pool.stats().workers]).toEqual([3, 3]);
    await clock.advance(5_000);
    expect(running()).toBe(3);
  });

  test("lets idle workers go that are too many", async () => {
    const { clock, pool } = await start({ maxWorkers: 8, minWorkers: 2 }, [{ messages: 40, durationMs: 50 }]);
    await clock.advance(2_000);
    expect(pool.stats().workers).toBe(8);
    pool.resize({ maxWorkers: 3 });
    expect(pool.stats().workers).toBe(3);
  });
});

describe("starting and stopping", () => {
  test("the workers end with the last share, and a share can be started again beside the others", async () => {
    const { clock, pool, shares } = await start({ maxWorkers: 4, minWorkers: 4 }, [{ messages: 100 }, {}]);
    const [first, second] = shares as [FedShare, FedShare];
    await clock.advance(500);
    await first.stop();
    expect(pool.stats().workers).toBe(4);
    await clock.advance(500);
    expect(second.worker.stats().running).toBe(4);
    await first.worker.start(first.host);
    await first.stop();
    await second.stop();
    expect(pool.stats().workers).toBe(0);
    expect(clock.pendingTimers).toBe(0);
  });

  test("a pool whose workers cannot be started fails every share that starts, and can be started again", async () => {
    let isBroken = true;
    const clock = new VirtualClock();
    const pool = new PoolWorker({
      minWorkers: 1,
      onWorkerStart: async () => {
        if (isBroken) throw new Error("no database");
      },
    });
    const shares = [pool.share(), pool.share()].map((worker) => new FedShare({ clock, worker, durationOf: () => 1 }));
    const results = await Promise.allSettled(shares.map((share) => share.start()));
    expect(results.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    isBroken = false;
    await Promise.all(shares.map((share) => share.start()));
    expect(pool.stats().workers).toBe(1);
  });
});

describe("what cannot be used is refused, by name", () => {
  const pool = new PoolWorker();

  test.each([
    [{ weight: 0 }, /weight.*0/u],
    [{ weight: Number.NaN }, /weight/u],
    [{ priority: 0.5 }, /priority/u],
    [{ maxRunning: 0 }, /maxRunning/u],
    [{ wieght: 2 } as PoolShareOptions, /wieght/u],
  ])("%o", (options, message) => {
    expect(() => pool.share(options)).toThrow(OptionError);
    expect(() => pool.share(options)).toThrow(message);
    expect(() => pool.share().update(options)).toThrow(message);
  });

  test.each([[{ maxWorkers: 0 }], [{ maxWorkers: 1.5 }], [{} as { maxWorkers: number }]])("resize(%o)", (options) => {
    expect(() => pool.resize(options)).toThrow(/maxWorkers/u);
  });
});
