// The waiting room is filled by time: with what will start within a second or so, and no more.
import { PoolWorker, type PoolWorkerOptions } from "millrace";
import { describe, expect, test } from "vitest";
import { TestHost, TimedTask } from "../../support/worker-host.js";

const ROUND_TRIP_MS = 20;

/** What a queue that is never empty would see of a pool. */
interface Supply {
  readonly host: TestHost;
  readonly tasks: TimedTask[];
  /** Each receive: how many messages it asked for, and whether a slot was idle or nothing was in supply. */
  readonly receives: Array<{ readonly count: number; readonly wasNeeded: boolean }>;
  mostWaiting: number;
  /** Milliseconds that slots were idle, of all slots together, since the first second. */
  idleSlotMs: number;
}

/** Feeds a pool from a queue that is never empty, with receives of ten that take a round trip. */
async function feed(
  options: PoolWorkerOptions & { maxWorkers: number },
  durationOf: () => number,
  forMs: number,
  { waitingForTurn = 0 } = {},
): Promise<Supply> {
  const host = Object.assign(new TestHost(), { waitingForTurn });
  const pool = new PoolWorker(options);
  const supply: Supply = { host, tasks: [], receives: [], mostWaiting: 0, idleSlotMs: 0 };
  let reserved = 0;
  const receive = (): void => {
    for (;;) {
      const { running, waiting } = pool.stats();
      const wasNeeded = running + waiting + reserved < options.maxWorkers || waiting + reserved === 0;
      const count = pool.reserve(10);
      if (count === 0) return;
      reserved += count;
      supply.receives.push({ count, wasNeeded });
      host.clock.setTimer(() => {
        for (let index = 0; index < count; index += 1) {
          const task = new TimedTask(host.clock, durationOf());
          supply.tasks.push(task);
          reserved -= 1;
          pool.accept(task);
        }
        supply.mostWaiting = Math.max(supply.mostWaiting, pool.stats().waiting);
      }, ROUND_TRIP_MS);
    }
  };
  host.onPlacesFreed = receive;
  await pool.start(host);
  receive();
  await host.clock.advance(1_000);
  for (let elapsedMs = 1_000; elapsedMs < forMs; elapsedMs += 1) {
    supply.idleSlotMs += options.maxWorkers - pool.stats().running;
    await host.clock.advance(1);
  }
  return supply;
}

/** The longest that a task has waited in the room. */
function longestWaitMs({ tasks }: Supply): number {
  return Math.max(...tasks.map(({ acceptedAt, startedAt }) => (startedAt ?? acceptedAt) - acceptedAt));
}

describe("the waiting room", () => {
  test("stays empty while handlers take a minute", async () => {
    const supply = await feed({ maxWorkers: 10 }, () => 60_000, 300_000);
    expect(supply.mostWaiting).toBe(0);
    expect(supply.tasks.length).toBeGreaterThanOrEqual(40);
  });

  test("is filled while handlers are short: receives are full, and slots are not idle", async () => {
    const supply = await feed({ maxWorkers: 10 }, () => 10, 4_000);
    expect(supply.mostWaiting).toBeGreaterThan(500);
    const full = supply.receives.slice(20).filter(({ count }) => count === 10);
    expect(full.length / supply.receives.slice(20).length).toBeGreaterThan(0.95);
    expect(supply.idleSlotMs / (10 * 3_000)).toBeLessThan(0.01);
  });

  test("holds nothing for much longer than it is filled for", async () => {
    for (const durationMs of [5, 50, 400]) {
      const supply = await feed({ maxWorkers: 10, waitingRoomMs: 500 }, () => durationMs, 3_000);
      expect(longestWaitMs(supply)).toBeLessThanOrEqual(500 + durationMs);
    }
  });

  test("keeps slots busy with one slow handler in ten", async () => {
    let count = 0;
    const supply = await feed({ maxWorkers: 10 }, () => ((count += 1) % 10 === 0 ? 1_000 : 10), 20_000);
    expect(supply.idleSlotMs / (10 * 19_000)).toBeLessThan(0.02);
    expect(supply.tasks.length / supply.receives.length).toBeGreaterThan(8);
  });

  test("asks for less than a full receive only when a slot would be idle without", async () => {
    for (const durationMs of [3, 30, 300]) {
      const supply = await feed({ maxWorkers: 7 }, () => durationMs, 3_000);
      expect(supply.receives.filter(({ count, wasNeeded }) => count < 10 && !wasNeeded)).toEqual([]);
    }
  });

  test("has something that can start at once behind what waits for the turn of its group", async () => {
    const supply = await feed({ maxWorkers: 10 }, () => 100, 4_000, { waitingForTurn: 5_000 });
    expect(supply.idleSlotMs / (10 * 3_000)).toBeLessThan(0.01);
    expect(supply.mostWaiting).toBeGreaterThan(15);
    expect(supply.mostWaiting).toBeLessThanOrEqual(25);
    const full = supply.receives.slice(20).filter(({ count }) => count === 10);
    expect(full.length / supply.receives.slice(20).length).toBeGreaterThan(0.95);
  });

  test("holds less when there is much that waits for the turn of its group", async () => {
    const supply = await feed({ maxWorkers: 10 }, () => 100, 4_000, { waitingForTurn: 50 });
    expect(supply.mostWaiting).toBeGreaterThan(40);
    expect(supply.mostWaiting).toBeLessThanOrEqual(50);
  });

  test("never holds more than its size", async () => {
    const supply = await feed({ maxWorkers: 10, waitingRoom: 25 }, () => 5, 3_000);
    expect(supply.mostWaiting).toBeLessThanOrEqual(25);
    expect(supply.mostWaiting).toBeGreaterThan(10);
  });

  test.each([{ waitingRoom: 0 }, { waitingRoomMs: 0 }])("can be left out: %o", async (options) => {
    const supply = await feed({ maxWorkers: 10, ...options }, () => 5, 2_000);
    expect(supply.mostWaiting).toBe(0);
  });
});
