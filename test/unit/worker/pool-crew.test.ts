// A pool spawns workers as it needs them, keeps some, and lets the others go one by one.
import { OptionError, PoolWorker, type PoolWorkerOptions } from "millrace";
import { beforeEach, describe, expect, test } from "vitest";
import { TestHost, TimedTask } from "../../support/worker-host.js";

let host: TestHost;
beforeEach(() => {
  host = new TestHost();
});

function pause(delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    host.clock.setTimer(resolve, delayMs);
  });
}

async function startPool<Resource>(options: PoolWorkerOptions<Resource>): Promise<PoolWorker<Resource>> {
  const pool = new PoolWorker(options);
  await host.clock.runUntil(pool.start(host));
  return pool;
}

describe("workers are spawned", () => {
  test("one for each task that finds no idle one, up to the maximum", async () => {
    const pool = await startPool({ maxWorkers: 3 });
    for (let count = 1; count <= 3; count += 1) {
      host.accept(pool);
      expect(pool.stats()).toEqual({ running: count, waiting: 0, workers: count });
    }
    expect(pool.reserve(1)).toBe(0);
    expect(host.workers).toEqual([1, 2, 3]);
  });

  test("at the start, as many as are always kept", async () => {
    const pool = await startPool({ maxWorkers: 5, minWorkers: 2 });
    expect(pool.stats().workers).toBe(2);
    host.accept(pool);
    host.accept(pool);
    expect(pool.stats().workers).toBe(2);
  });

  test("not while one is idle: the one that worked last works next", async () => {
    const pool = await startPool({ maxWorkers: 5, onWorkerStart: ({ id }) => id });
    const tasks = [host.accept(pool, 10), host.accept(pool, 30), host.accept(pool, 20)];
    await host.clock.advance(30);
    expect(new Set(tasks.map(({ resource }) => resource))).toEqual(new Set([1, 2, 3]));
    const next = host.accept(pool, 10);
    await host.clock.settle();
    expect([next.resource, pool.stats().workers]).toEqual([tasks[1]?.resource, 3]);
  });

  test("again when load returns, with an id that was never given", async () => {
    const pool = await startPool({ maxWorkers: 2, idleTimeoutMs: 100, onWorkerStart: ({ id }) => id });
    host.accept(pool, 10);
    await host.clock.advance(1_000);
    expect(pool.stats().workers).toBe(0);
    const task = host.accept(pool, 10);
    await host.clock.advance(10);
    expect(task.resource).toBe(2);
  });
});

describe("idle workers are let go", () => {
  test("one per idle period, down to those that are kept", async () => {
    const pool = await startPool({ maxWorkers: 5, minWorkers: 1, idleTimeoutMs: 100 });
    for (let count = 0; count < 5; count += 1) host.accept(pool, 10);
    await host.clock.advance(10);
    const workers: number[] = [];
    for (let period = 0; period < 7; period += 1) {
      await host.clock.advance(100);
      workers.push(pool.stats().workers);
    }
    expect(workers).toEqual([4, 3, 2, 1, 1, 1, 1]);
    expect(host.clock.pendingTimers).toBe(0);
  });

  test("not before they were idle for the whole time, whatever the others did", async () => {
    const pool = await startPool({ maxWorkers: 2, idleTimeoutMs: 100 });
    host.accept(pool, 10);
    host.accept(pool, 60);
    await host.clock.advance(109);
    expect(pool.stats().workers).toBe(2);
    await host.clock.advance(1);
    expect(pool.stats().workers).toBe(1);
    await host.clock.advance(99);
    expect(pool.stats().workers).toBe(1);
    await host.clock.advance(1);
    expect(pool.stats().workers).toBe(0);
  });

  test("while others go on working", async () => {
    const pool = await startPool({ maxWorkers: 3, idleTimeoutMs: 100 });
    for (let count = 0; count < 3; count += 1) host.accept(pool, 10);
    await host.clock.advance(10);
    for (let round = 0; round < 50; round += 1) {
      host.accept(pool, 10);
      await host.clock.advance(10);
    }
    expect(pool.stats().workers).toBe(1);
  });
});

describe("what a worker owns", () => {
  test("is made before its first task, given to each, and ended with it", async () => {
    const log: string[] = [];
    const pool = await startPool({
      maxWorkers: 1,
      idleTimeoutMs: 100,
      onWorkerStart: async ({ id }) => {
        await pause(20);
        log.push(`made ${id} at ${host.clock.now()}`);
        return { connection: id };
      },
      onWorkerStop: async ({ connection }, { id }) => {
        await pause(5);
        log.push(`ended ${connection} of ${id} at ${host.clock.now()}`);
      },
    });
    const task = host.accept(pool, 10);
    await host.clock.advance(1_000);
    expect([task.startedAt, task.resource]).toEqual([20, { connection: 1 }]);
    expect(log).toEqual(["made 1 at 20", "ended 1 of 1 at 135"]);
  });

  test("is ended by a stop, which waits for it", async () => {
    let ended = 0;
    const pool = await startPool({
      maxWorkers: 2,
      minWorkers: 2,
      onWorkerStop: async () => {
        await pause(50);
        ended += 1;
      },
    });
    await host.clock.runUntil(pool.stop());
    expect([ended, host.clock.now(), pool.stats().workers, host.workers.at(-1)]).toEqual([2, 50, 0, 0]);
  });

  test("is ended by a stop even if it was just being made", async () => {
    const log: string[] = [];
    const pool = await startPool({
      maxWorkers: 1,
      onWorkerStart: async () => {
        await pause(50);
        log.push("made");
      },
      onWorkerStop: () => void log.push("ended"),
    });
    host.accept(pool);
    await host.clock.settle();
    expect(pool.withdraw()).toHaveLength(1);
    await host.clock.runUntil(pool.stop());
    expect(log).toEqual(["made", "ended"]);
    expect(host.clock.pendingTimers).toBe(0);
  });

  test("is ended after a stop when its task ends only then", async () => {
    const ended: number[] = [];
    const pool = await startPool({
      maxWorkers: 1,
      onWorkerStart: ({ id }) => id,
      onWorkerStop: (resource) => void ended.push(resource),
    });
    const task = host.accept(pool);
    await host.clock.settle();
    await pool.stop();
    expect(ended).toEqual([]);
    task.end();
    expect(ended).toEqual([1]);
  });

  test.each([
    [
      "throws",
      () => {
        throw new Error("no end");
      },
    ],
    ["rejects", () => Promise.reject(new Error("no end"))],
  ])("can fail to end: a stop goes on when it %s, and it is reported", async (_how, onWorkerStop) => {
    const pool = await startPool({ maxWorkers: 2, minWorkers: 2, onWorkerStop });
    await host.clock.runUntil(pool.stop());
    expect(host.errors).toHaveLength(2);
    expect(host.errors[0]).toMatchObject({ code: "WORKER_STOP_FAILED", cause: { message: "no end" } });
  });
});

describe("a worker that cannot be made", () => {
  test("lets its task wait, and is tried again after growing delays until it works", async () => {
    const attempts: number[] = [];
    const pool = await startPool({
      maxWorkers: 2,
      onWorkerStart: () => {
        attempts.push(host.clock.now());
        if (attempts.length <= 4) throw new Error("no connection");
        return "connection";
      },
    });
    const task = host.accept(pool, 10);
    await host.clock.advance(60_000);
    expect(task.resource).toBe("connection");
    const delays = attempts.slice(1, 5).map((time, index) => time - (attempts[index] as number));
    for (const [index, delayMs] of delays.entries()) {
      expect(delayMs).toBeGreaterThanOrEqual(100 * 2 ** index);
      expect(delayMs).toBeLessThanOrEqual(200 * 2 ** index);
    }
    expect(host.errors).toHaveLength(4);
    expect(host.errors[0]).toMatchObject({ code: "WORKER_START_FAILED", cause: { message: "no connection" } });
  });

  test("asks for no more messages than its working ones can take, and one to find out with", async () => {
    let isBroken = true;
    const pool = await startPool({
      maxWorkers: 10,
      onWorkerStart: () => {
        if (isBroken) throw new Error("no connection");
      },
    });
    host.accept(pool, 10);
    await host.clock.settle();
    expect(pool.reserve(10)).toBe(0);
    isBroken = false;
    await host.clock.advance(1_000);
    expect(pool.stats().waiting).toBe(0);
    expect(pool.reserve(10)).toBe(10);
  });

  test("is not tried again after a stop", async () => {
    let attempts = 0;
    const pool = await startPool({
      maxWorkers: 1,
      onWorkerStart: () => {
        attempts += 1;
        throw new Error("no connection");
      },
    });
    host.accept(pool);
    await host.clock.settle();
    pool.withdraw();
    await pool.stop();
    expect(host.clock.pendingTimers).toBe(0);
    await host.clock.advance(60_000);
    expect(attempts).toBe(1);
  });

  test("at the start lets it fail, with the others ended, and leaves nothing behind", async () => {
    const ended: number[] = [];
    let isBroken = true;
    const pool = new PoolWorker({
      maxWorkers: 3,
      minWorkers: 3,
      onWorkerStart: async ({ id }) => {
        await pause(id * 10);
        if (isBroken && id === 2) throw new Error("no connection");
        return id;
      },
      onWorkerStop: (resource) => void ended.push(resource),
    });
    await expect(host.clock.runUntil(pool.start(host))).rejects.toMatchObject({
      code: "WORKER_START_FAILED",
      cause: { message: "no connection" },
    });
    expect([ended.toSorted((a, b) => a - b), pool.stats().workers, host.clock.pendingTimers, pool.reserve(1)]).toEqual([
      [1, 3],
      0,
      0,
      0,
    ]);
    isBroken = false;
    await host.clock.runUntil(pool.start(host));
    expect([pool.stats().workers, pool.reserve(5)]).toEqual([3, 3]);
  });
});

describe("a pool refuses", () => {
  test.each<[string, object]>([
    ["maxWorkers", { maxWorkers: 0 }],
    ["maxWorkers", { maxWorkers: 2.5 }],
    ["minWorkers", { maxWorkers: 2, minWorkers: 3 }],
    ["waitingRoom", { waitingRoom: -1 }],
    ["waitingRoomMs", { waitingRoomMs: 60_001 }],
    ["idleTimeoutMs", { idleTimeoutMs: 0 }],
    ["onWorkerStart", { onWorkerStart: {} }],
    ["onWorkerStop", { onWorkerStop: "stop" }],
    ["workers", { workers: 3 }],
  ])("a bad %s: %o", (option, options) => {
    const create = (): unknown => new PoolWorker(options);
    expect(create).toThrow(OptionError);
    expect(create).toThrow(expect.objectContaining({ option }));
  });

  test("to be started while it is in use", async () => {
    const pool = await startPool({});
    await expect(pool.start(host)).rejects.toMatchObject({ code: "INTERNAL" });
  });

  test("a task without a place, and more places back than it gave", async () => {
    const pool = await startPool({});
    expect(() => pool.release(1)).toThrow(expect.objectContaining({ code: "INTERNAL" }));
    const task = new TimedTask(host.clock, 1);
    expect(() => pool.accept(task)).toThrow(expect.objectContaining({ code: "INTERNAL" }));
  });
});
