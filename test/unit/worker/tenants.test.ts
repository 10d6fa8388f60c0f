// Tenants of one queue: fair turns, limits for each, and none that fills the waiting room.
import { fc } from "@fast-check/vitest";
import { OptionError, PoolWorker, type PoolWorkerOptions, type TenantOptions } from "millrace";
import { describe, expect, test } from "vitest";
import { TestHost, TimedTask } from "../../support/worker-host.js";

/** A pool with tenants, and a way to hand it messages of theirs. */
async function start(tenants: TenantOptions, options: PoolWorkerOptions = {}) {
  const host = new TestHost();
  const pool = new PoolWorker({ maxWorkers: 10, ...options, tenants });
  await pool.start(host);
  const tasks: TimedTask[] = [];
  const send = (tenant: string | undefined, count: number, { durationMs = 50, attempt = 1, pausedForMs = 0 } = {}) => {
    const sent = Array.from({ length: count }, () => {
      const task = new TimedTask(host.clock, durationMs, { tenant });
      task.groupId = tenant;
      task.attempt = attempt;
      task.keyPausedForMs = pausedForMs;
      pool.makePlace();
      pool.accept(task);
      return task;
    });
    tasks.push(...sent);
    return sent;
  };
  return { host, clock: host.clock, pool, send, tasks };
}

function count(tasks: readonly TimedTask[], predicate: (task: TimedTask) => boolean): number {
  return tasks.filter((task) => predicate(task)).length;
}
const isRunning = ({ startedAt, endedAt }: TimedTask): boolean => startedAt !== undefined && endedAt === undefined;
const isSentBack = ({ postponedSeconds }: TimedTask): boolean => postponedSeconds !== undefined;

describe("turns", () => {
  test("a tenant that has just come does not wait behind the messages of another", async () => {
    const { clock, send } = await start({}, { maxWorkers: 2 });
    send("loud", 10);
    const [quiet] = send("quiet", 1);
    await clock.advance(50);
    expect(quiet?.startedAt).toBe(50);
  });

  test("are by handler time", async () => {
    const { clock, send } = await start({ maxWaitMs: 60_000 }, { maxWorkers: 2 });
    send("slow", 1, { durationMs: 100 });
    send("quick", 1, { durationMs: 10 });
    await clock.advance(200);
    const slow = send("slow", 200, { durationMs: 100 });
    const quick = send("quick", 500, { durationMs: 10 });
    await clock.advance(4_000);
    const slowMs = 100 * count(slow, ({ startedAt }) => startedAt !== undefined);
    const quickMs = 10 * count(quick, ({ startedAt }) => startedAt !== undefined);
    expect(slowMs / (slowMs + quickMs)).toBeGreaterThan(0.45);
    expect(slowMs / (slowMs + quickMs)).toBeLessThan(0.55);
  });

  test("a tenant whose messages come one by one has no more than its turn", async () => {
    const { clock, send } = await start({ maxWaitMs: 60_000 }, { maxWorkers: 1 });
    const steady = send("steady", 5_000, { durationMs: 10 });
    let current = send("slow", 1, { durationMs: 1_000 })[0];
    let ofSlow = 0;
    for (let elapsedMs = 0; elapsedMs < 40_000; elapsedMs += 10) {
      await clock.advance(10);
      if (current?.endedAt === undefined) continue;
      ofSlow += 1;
      current = send("slow", 1, { durationMs: 1_000 })[0];
    }
    const ofSteady = count(steady, ({ endedAt }) => endedAt !== undefined);
    expect([ofSlow, ofSteady]).toEqual([expect.closeTo(20, -0.7), expect.closeTo(2_000, -2.3)]);
  });

  test("messages of one tenant keep their order", async () => {
    const { clock, send, tasks } = await start({ maxRunning: 1 });
    send("a", 5);
    send("b", 5);
    await clock.advance(2_000);
    for (const tenant of ["a", "b"]) {
      const starts = tasks.filter(({ groupId }) => groupId === tenant).map(({ startedAt }) => startedAt ?? Infinity);
      expect(starts).toEqual(starts.toSorted((one, other) => one - other));
    }
  });

  test("messages without a tenant have turns as one", async () => {
    const { clock, send } = await start({ maxRunning: 3 });
    const tasks = send(undefined, 8);
    await clock.advance(1);
    expect(count(tasks, isRunning)).toBe(3);
  });

  test("the key can be anything of the message", async () => {
    const key = (message: unknown): string | undefined => (message as { tenant?: string }).tenant?.toUpperCase();
    const { clock, send, tasks } = await start({ maxRunning: 2, key });
    send("a", 3);
    send("A", 3);
    await clock.advance(1);
    expect(count(tasks, isRunning)).toBe(2);
  });

  test.each([
    ["throws", () => JSON.parse("{") as string],
    ["answers with a number", () => 7 as unknown as string],
    ["answers with a promise that rejects", () => Promise.reject(new Error("no")) as unknown as string],
  ])("a key function that %s is reported, and the message is worked on", async (_what, key) => {
    const { clock, host, send } = await start({ maxRunning: 1, key });
    const tasks = send("a", 2);
    await clock.advance(1_000);
    expect(host.errors).toMatchObject([{ code: "TENANT_FAILED" }, { code: "TENANT_FAILED" }]);
    expect(count(tasks, ({ endedAt }) => endedAt !== undefined)).toBe(2);
  });
});

describe("a limit for each tenant", () => {
  test("holds, and slots that it leaves are used by others", async () => {
    const { clock, send } = await start({ maxRunning: 4 });
    const loud = send("loud", 10);
    const other = send("other", 10);
    await clock.advance(1);
    expect([count(loud, isRunning), count(other, isRunning)]).toEqual([4, 4]);
  });

  test("what waits for it takes no place: receiving goes on", async () => {
    const { clock, pool, send } = await start({ maxRunning: 4 });
    send("loud", 14);
    await clock.advance(1);
    expect(pool.reserve(10)).toBe(6);
  });

  test("what would wait for long is sent back for as long as its turn is away", async () => {
    const { clock, send } = await start({ maxRunning: 2 });
    send("loud", 2, { durationMs: 100 });
    await clock.advance(100);
    // Two at once, of 100 ms each: 20 a second.
    const tasks = send("loud", 220, { durationMs: 100 });
    const here = tasks.filter((task) => !isSentBack(task));
    const away = tasks.filter((task) => isSentBack(task));
    expect(here.length).toBe(22);
    const delays = away.map(({ postponedSeconds = 0 }) => postponedSeconds);
    expect(delays[0]).toBeCloseTo(0.9, 5);
    expect(delays.at(-1)).toBeCloseTo(9.9, 5); // 20 for each second.
    expect(delays).toEqual(delays.toSorted((one, other) => one - other));
  });

  test("what comes back and finds no room is given the first second that is not full", async () => {
    const { clock, send } = await start({ maxRunning: 2 });
    send("loud", 2, { durationMs: 100 });
    await clock.advance(100);
    send("loud", 22 + 25, { durationMs: 100 });
    const [back] = send("loud", 1, { durationMs: 100, attempt: 2 });
    expect(back?.postponedSeconds).toBeCloseTo(1.9, 5);
  });

  test("what came so often that the source might give it up is not sent back", async () => {
    const { send } = await start({ maxRunning: 1, keepFromAttempt: 3 });
    send("loud", 50, { durationMs: Infinity });
    const often = send("loud", 5, { attempt: 3 });
    const seldom = send("loud", 5, { attempt: 2 });
    expect([count(often, isSentBack), count(seldom, isSentBack)]).toEqual([0, 5]);
  });

  test("without a limit nothing is sent back", async () => {
    const { send } = await start({});
    expect(count(send("loud", 5_000), isSentBack)).toBe(0);
  });

  test("what is held for want of anywhere else ends receiving only when the room is full", async () => {
    const { pool, send } = await start({ maxRunning: 1, maxSentBack: 0 }, { waitingRoom: 100 });
    send("loud", 101, { durationMs: Infinity });
    expect(pool.reserve(10)).toBe(9);
    pool.release(9);
    send("loud", 9);
    expect(pool.reserve(10)).toBe(0);
  });

  test("all tenants together hold no more than the waiting room takes", async () => {
    const { pool, send } = await start({ rate: { perSecond: 1, burst: 1 } }, { waitingRoom: 100 });
    for (let index = 0; index < 10_000; index += 1) send(`tenant ${index}`, 2, { durationMs: 1 });
    const { running, waiting } = pool.stats();
    expect([running, waiting]).toEqual([10, 9_990 + 100]);
  });

  test("while it is not known how long handlers take, ten of a tenant wait", async () => {
    const { send } = await start({ maxRunning: 2 });
    const tasks = send("loud", 50, { durationMs: 60_000 });
    expect([count(tasks, isRunning), count(tasks, isSentBack)]).toEqual([2, 38]);
  });

  test("of handlers of a minute one waits", async () => {
    const { clock, send } = await start({ maxRunning: 2 });
    send("loud", 2, { durationMs: 60_000 });
    await clock.advance(60_000);
    const tasks = send("loud", 10, { durationMs: 60_000 });
    expect([count(tasks, isRunning), count(tasks, isSentBack)]).toEqual([2, 7]);
  });

  test("when as many of a tenant are away as may be the rest stays, and ends receiving", async () => {
    const { clock, pool, send } = await start({ maxRunning: 2 });
    send("loud", 2, { durationMs: 1 });
    await clock.advance(1);
    send("loud", 60_000, { durationMs: 1 });
    expect(pool.stats().waiting).toBeGreaterThan(5_000);
    expect(pool.reserve(10)).toBe(0);
  });
});

describe("a rate for each tenant", () => {
  test("is kept, and what would wait for long is sent back", async () => {
    const { clock, send } = await start({ rate: { perSecond: 10, burst: 2 } });
    const tasks = send("a", 100, { durationMs: 1 });
    await clock.advance(10_000);
    const started = tasks.filter(({ startedAt }) => startedAt !== undefined);
    expect(started.length + count(tasks, isSentBack)).toBe(100);
    expect(started.length).toBeLessThanOrEqual(12);
    for (const { startedAt, acceptedAt } of started) expect((startedAt ?? 0) - acceptedAt).toBeLessThanOrEqual(1_000);
  });

  test("over ten seconds it is what was asked for", async () => {
    const { clock, send, tasks } = await start({ rate: { perSecond: 20, burst: 4 } });
    for (let elapsedMs = 0; elapsedMs < 12_000; elapsedMs += 100) {
      send("a", 10, { durationMs: 1, attempt: 2 });
      send("b", 1, { durationMs: 1, attempt: 2 });
      await clock.advance(100);
    }
    const inWindow = ({ startedAt = -1 }: TimedTask): boolean => startedAt >= 1_000 && startedAt < 11_000;
    const ofA = count(tasks, (task) => task.groupId === "a" && inWindow(task));
    const ofB = count(tasks, (task) => task.groupId === "b" && inWindow(task));
    expect(ofA).toBeGreaterThanOrEqual(196);
    expect(ofA).toBeLessThanOrEqual(204);
    expect(ofB).toBe(100);
  });

  test("a tenant that was gone for a moment has no second burst", async () => {
    const { clock, send, tasks } = await start({ rate: { perSecond: 1, burst: 2 } });
    for (let elapsedMs = 0; elapsedMs < 10_000; elapsedMs += 250) {
      send("a", 1, { durationMs: 1, attempt: 2 });
      await clock.advance(250);
    }
    expect(count(tasks, ({ startedAt }) => startedAt !== undefined)).toBeLessThanOrEqual(12);
  });
});

describe("a pause of one tenant by its handler's outcome", () => {
  test("no more of it starts before it is over, what waits goes back, and others go on", async () => {
    const { clock, send } = await start({ maxRunning: 1 });
    send("limited", 1, { pausedForMs: 5_000 });
    const waiting = send("limited", 5);
    await clock.advance(100);
    expect(waiting.map(({ postponedSeconds }) => postponedSeconds !== undefined)).toEqual([
      true,
      true,
      true,
      true,
      true,
    ]);
    for (const { postponedSeconds } of waiting) expect(postponedSeconds).toBeGreaterThanOrEqual(4.9);
    const [late] = send("limited", 1);
    const [other] = send("other", 1);
    await clock.advance(10);
    expect([late?.startedAt, other?.startedAt]).toEqual([undefined, 100]);
    await clock.advance(6_000);
    const [after] = send("limited", 1);
    expect(after?.isStarted).toBe(true);
  });

  test("where they come again and again, what is sent back is given the time between them", async () => {
    const { clock, send } = await start({ maxRunning: 1 });
    for (let seconds = 0; seconds < 60; seconds += 1) {
      send("limited", 1, { durationMs: 500, pausedForMs: 500 });
      await clock.advance(1_000);
    }
    send("limited", 1, { durationMs: 500, pausedForMs: 5_000 });
    await clock.advance(500);
    // Two a second without pauses, and half of the time is paused.
    const delays = send("limited", 20, { durationMs: 500 }).map(({ postponedSeconds = 0 }) => postponedSeconds);
    expect(delays.at(-1)).toBeGreaterThan(5 + 15);
    expect(delays.at(-1)).toBeLessThan(5 + 30);
  });

  test("a short one is waited out here", async () => {
    const { clock, send } = await start({ maxRunning: 1 });
    send("limited", 1, { durationMs: 10, pausedForMs: 500 });
    const [next] = send("limited", 1);
    await clock.advance(600);
    expect(next?.startedAt).toBe(510);
  });
});

describe("life", () => {
  test("tenants that are gone are forgotten, and no timer stays", async () => {
    const { clock, pool, send } = await start({ maxRunning: 1, rate: { perSecond: 100 } }, { idleTimeoutMs: 1_000 });
    for (let index = 0; index < 100; index += 1) send(`tenant ${index}`, 1);
    await clock.advance(60_000);
    expect(clock.pendingTimers).toBe(0);
    send("a", 5);
    expect(pool.withdraw()).toHaveLength(4);
    await clock.runUntil(pool.drained());
    await clock.runUntil(pool.stop());
    expect(clock.pendingTimers).toBe(0);
  });

  test("a handler that ends after the stop leaves no timer", async () => {
    const { clock, pool, send } = await start({ rate: { perSecond: 1 } });
    const [abandoned] = send("a", 1, { durationMs: Infinity, pausedForMs: 60_000 });
    await clock.runUntil(pool.stop());
    abandoned?.end();
    expect(clock.pendingTimers).toBe(0);
  });

  test("a pause lasts over a restart", async () => {
    const { clock, host, pool, send } = await start({ maxRunning: 1 }, { idleTimeoutMs: 1 });
    send("a", 1, { pausedForMs: 10_000 });
    await clock.advance(100);
    await clock.runUntil(pool.stop());
    await pool.start(host);
    const [other, early] = [send("b", 1)[0], send("a", 1)[0]];
    expect([other?.isStarted, early?.isStarted]).toEqual([true, false]);
    await clock.advance(10_000);
    expect(send("a", 1)[0]?.isStarted).toBe(true);
    await clock.advance(60_000);
    expect(clock.pendingTimers).toBe(0);
  });

  test("limits can be changed while it runs, but not what a tenant is", async () => {
    const { clock, pool, send } = await start({ maxRunning: 1 });
    const tasks = send("a", 8);
    pool.update({ tenants: { maxRunning: 3 } });
    await clock.advance(1);
    expect(count(tasks, isRunning)).toBe(3);
    expect(() => pool.update({ tenants: { key: () => "b" } })).toThrow(/key/u);
    expect(() => new PoolWorker().update({ tenants: { maxRunning: 1 } })).toThrow(/tenants/u);
  });

  test.each([
    [{ maxRunning: 0 }, /Option tenants\.maxRunning: /u],
    [{ rate: { perSecond: 0 } }, /Option tenants\.rate\.perSecond: /u],
    [{ maxWaitMs: 1 }, /maxWaitMs/u],
    [{ key: "tenant" as unknown as () => string }, /key/u],
    [{ maxRuning: 1 } as TenantOptions, /maxRuning/u],
  ])("%o is refused", (tenants, message) => {
    expect(() => new PoolWorker({ tenants })).toThrow(OptionError);
    expect(() => new PoolWorker().share({ tenants })).toThrow(message);
  });
});

test("every task runs once or is sent back once, within both limits", async () => {
  const message = fc.record({ tenant: fc.integer({ min: 0, max: 4 }), durationMs: fc.integer({ min: 0, max: 30 }) });
  const histories = [fc.array(message, { maxLength: 200 }), fc.integer({ min: 1, max: 4 })] as const;
  const property = fc.asyncProperty(...histories, async (messages, maxRunning) => {
    const { clock, send, pool, tasks } = await start({ maxRunning }, { maxWorkers: 5 });
    let most = 0;
    for (const { tenant, durationMs } of messages) {
      send(`tenant ${tenant}`, 1, { durationMs });
      await clock.advance(1);
      const running = tasks.filter((task) => isRunning(task));
      const ofTenant = running.filter(({ groupId }) => groupId === `tenant ${tenant}`);
      most = Math.max(most, ofTenant.length);
      expect(running.length).toBeLessThanOrEqual(5);
    }
    await clock.runUntil(pool.drained());
    expect(most).toBeLessThanOrEqual(maxRunning);
    expect(tasks.every((task) => isSentBack(task) !== (task.endedAt !== undefined))).toBe(true);
    expect(pool.stats()).toMatchObject({ running: 0, waiting: 0 });
    expect(pool.withdraw()).toEqual([]);
  });
  await fc.assert(property);
});
