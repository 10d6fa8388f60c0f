// A limit on waiting, which can be brought forward.
import { VirtualClock } from "millrace/testing";
import { beforeEach, describe, expect, test } from "vitest";
import { TimeLimit } from "../../../src/internal/time-limit.js";

const never = new Promise<never>(() => undefined);

describe("a time limit", () => {
  let clock: VirtualClock;

  beforeEach(() => {
    clock = new VirtualClock();
  });

  test("allows what comes in time", async () => {
    const limit = new TimeLimit(clock, 100);
    expect(await limit.allows(Promise.resolve())).toBe(true);
    expect(limit.isOver).toBe(false);
    expect(clock.nextTimerAt).toBe(100);
  });

  test("ends the wait for what does not", async () => {
    const limit = new TimeLimit(clock, 100);
    const isAllowed = limit.allows(never);
    await clock.advance(99);
    expect(limit.isOver).toBe(false);
    await clock.advance(1);
    expect(await isAllowed).toBe(false);
    expect([limit.isOver, clock.pendingTimers]).toEqual([true, 0]);
    expect(await limit.allows(never)).toBe(false);
  });

  test("passes a rejection on, and swallows one that comes too late", async () => {
    const limit = new TimeLimit(clock, 100);
    await expect(limit.allows(Promise.reject(new Error("broken")))).rejects.toThrow("broken");
    let reject!: (error: Error) => void;
    const late = limit.allows(new Promise((_resolve, rejectPromise) => (reject = rejectPromise)));
    await clock.advance(100);
    reject(new Error("too late"));
    await clock.settle(); // An unhandled rejection would fail the run.
    expect(await late).toBe(false);
  });

  test("can be brought forward while somebody waits, but not put off", async () => {
    const limit = new TimeLimit(clock, 1_000);
    const isAllowed = limit.allows(never);
    limit.shorten(5_000);
    expect(clock.nextTimerAt).toBe(1_000);
    limit.shorten(10);
    expect([clock.nextTimerAt, clock.pendingTimers]).toEqual([10, 1]);
    await clock.advance(10);
    expect(await isAllowed).toBe(false);
    limit.shorten(10);
    expect(clock.pendingTimers).toBe(0);
  });

  test("sets no timer without a limit", async () => {
    const limit = new TimeLimit(clock, Infinity);
    expect(clock.pendingTimers).toBe(0);
    const isAllowed = limit.allows(never);
    limit.shorten(10);
    await clock.advance(10);
    expect(await isAllowed).toBe(false);
  });

  test("leaves no timer when it is cancelled", () => {
    new TimeLimit(clock, 1_000).cancel();
    expect(clock.pendingTimers).toBe(0);
  });
});
