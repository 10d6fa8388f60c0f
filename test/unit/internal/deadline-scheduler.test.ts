// One timer serves any number of deadlines.
import { VirtualClock } from "millrace/testing";
import { beforeEach, describe, expect, test } from "vitest";
import type { Scheduled } from "../../../src/internal/deadline-queue.js";
import { DeadlineScheduler } from "../../../src/internal/deadline-scheduler.js";

class Item implements Scheduled {
  readonly name: string;
  dueAt = Infinity;
  queueIndex = -1;

  constructor(name: string) {
    this.name = name;
  }
}

describe("a deadline scheduler", () => {
  let clock: VirtualClock;
  let told: string[];
  let scheduler: DeadlineScheduler<Item>;

  beforeEach(() => {
    clock = new VirtualClock();
    told = [];
    scheduler = new DeadlineScheduler(clock, ({ name }) => told.push(`${name} at ${clock.now()}`));
  });

  test("tells of each item at its time, with one timer for all", async () => {
    for (let index = 0; index < 100; index += 1) scheduler.schedule(new Item(String(index)), 100 - index);
    expect(clock.pendingTimers).toBe(1);
    await clock.advance(100);
    expect(told).toEqual(Array.from({ length: 100 }, (_, index) => `${99 - index} at ${index + 1}`));
    expect(clock.pendingTimers).toBe(0);
  });

  test("tells of several that are due at once in one go", async () => {
    for (const name of ["a", "b", "c"]) scheduler.schedule(new Item(name), 10);
    await clock.advance(10);
    expect(told.toSorted()).toEqual(["a at 10", "b at 10", "c at 10"]);
  });

  test("does not tell of an item that was cancelled, and keeps no timer once that has fired", async () => {
    const item = new Item("a");
    scheduler.schedule(item, 10);
    scheduler.cancel(item);
    scheduler.cancel(item);
    await clock.advance(10);
    expect(told).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
  });

  test("goes by the new time of an item that was moved, later or earlier", async () => {
    const [later, earlier] = [new Item("later"), new Item("earlier")];
    scheduler.schedule(later, 10);
    scheduler.schedule(earlier, 50);
    scheduler.schedule(later, 30);
    scheduler.schedule(earlier, 5);
    await clock.advance(100);
    expect(told).toEqual(["earlier at 5", "later at 30"]);
  });

  test("takes an item out that is moved to infinity", async () => {
    const item = new Item("a");
    scheduler.schedule(item, 10);
    scheduler.schedule(item, Infinity);
    expect(scheduler.size).toBe(0);
    await clock.advance(10);
    expect(told).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
  });

  test("sets no timer for an item that is never due", () => {
    scheduler.schedule(new Item("a"), Infinity);
    expect(clock.pendingTimers).toBe(0);
  });

  test("tells of an item at once whose time has passed", async () => {
    await clock.advance(100);
    scheduler.schedule(new Item("a"), 50);
    await clock.advance(0);
    expect(told).toEqual(["a at 100"]);
  });

  test("takes items that are scheduled while it tells of others", async () => {
    const again = new DeadlineScheduler<Item>(clock, (item) => {
      told.push(`${item.name} at ${clock.now()}`);
      if (clock.now() < 30) again.schedule(item, clock.now() + 10);
    });
    again.schedule(new Item("a"), 10);
    again.schedule(new Item("b"), 25);
    await clock.advance(100);
    expect(told).toEqual(["a at 10", "a at 20", "b at 25", "a at 30", "b at 35"]);
    expect(clock.pendingTimers).toBe(0);
  });

  test("gives away what is due soon, in order, to be done together", () => {
    for (const dueAt of [30, 10, 20]) scheduler.schedule(new Item(String(dueAt)), dueAt);
    expect([scheduler.takeDue(20)?.name, scheduler.takeDue(20)?.name, scheduler.takeDue(20)?.name]).toEqual([
      "10",
      "20",
      undefined,
    ]);
    expect(scheduler.size).toBe(1);
  });

  test("forgets everything when it is cleared, and can be used again", async () => {
    const item = new Item("a");
    scheduler.schedule(item, 10);
    scheduler.clear();
    expect([scheduler.size, clock.pendingTimers]).toEqual([0, 0]);
    await clock.advance(20);
    scheduler.schedule(item, 30);
    await clock.advance(20);
    expect(told).toEqual(["a at 30"]);
  });

  test("sets no timer while it is paused, and catches up when it goes on", async () => {
    scheduler.schedule(new Item("a"), 10);
    scheduler.pause();
    scheduler.schedule(new Item("b"), 5);
    scheduler.schedule(new Item("c"), 100);
    expect(clock.pendingTimers).toBe(0);
    await clock.advance(50);
    scheduler.resume();
    await clock.advance(50);
    expect(told).toEqual(["b at 50", "a at 50", "c at 100"]);
    scheduler.pause();
    scheduler.resume();
    expect(clock.pendingTimers).toBe(0);
  });

  test("waits longer than setTimeout can, timer by timer", async () => {
    // The clock of this process cuts a delay at 2^31 - 1 ms, and so fires early.
    const longestMs = 1_000;
    const cutting = {
      now: () => clock.now(),
      setTimer: (callback: () => void, delayMs: number) => clock.setTimer(callback, Math.min(delayMs, longestMs)),
    };
    const patient = new DeadlineScheduler<Item>(cutting, ({ name }) => told.push(`${name} at ${clock.now()}`));
    patient.schedule(new Item("a"), 3_500);
    await clock.advance(5_000);
    expect(told).toEqual(["a at 3500"]);
  });
});
