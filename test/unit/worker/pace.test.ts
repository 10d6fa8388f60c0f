// How many tasks will start within the next moment.
import { describe, expect, test } from "vitest";
import { Pace } from "../../../src/worker/pace.js";

/** A pace that has seen `slots` run tasks of one duration, one after the other, for some time. */
function paceOf(options: { readonly slots: number; readonly durationMs: number; readonly forMs: number }): Pace {
  const { slots, durationMs, forMs } = options;
  const pace = new Pace({ windowMs: 1_000, slots });
  for (let now = durationMs; now <= forMs; now += durationMs) {
    for (let slot = 0; slot < slots; slot += 1) pace.ended(durationMs, now);
  }
  return pace;
}

describe("the pace", () => {
  test("is nothing before anything has ended, and without a window", () => {
    expect(new Pace({ windowMs: 1_000, slots: 10 }).expectedStarts(0)).toBe(0);
    const windowless = new Pace({ windowMs: 0, slots: 10 });
    windowless.ended(1, 1);
    expect(windowless.expectedStarts(1)).toBe(0);
  });

  test("comes to what the slots do in one window", () => {
    const pace = paceOf({ slots: 10, durationMs: 20, forMs: 10_000 });
    expect(pace.expectedStarts(10_000)).toBeGreaterThan(480);
    expect(pace.expectedStarts(10_000)).toBeLessThanOrEqual(505);
  });

  test("never runs ahead of what was seen: quick handlers at the start are few", () => {
    const pace = new Pace({ windowMs: 1_000, slots: 100 });
    for (let count = 0; count < 5; count += 1) pace.ended(1, 5);
    expect(pace.expectedStarts(5)).toBe(5);
  });

  test("is not misled by slow handlers that end together", () => {
    const pace = paceOf({ slots: 10, durationMs: 60_000, forMs: 600_000 });
    expect(pace.expectedStarts(600_000)).toBe(0);
  });

  test("fades while nothing ends", () => {
    const pace = paceOf({ slots: 10, durationMs: 20, forMs: 10_000 });
    const atOnce = pace.expectedStarts(10_000);
    expect(pace.expectedStarts(11_000)).toBeLessThan(atOnce / 2);
    expect(pace.expectedStarts(30_000)).toBe(0);
  });

  test("follows handlers that become slow", () => {
    const pace = paceOf({ slots: 10, durationMs: 10, forMs: 10_000 });
    for (let now = 11_000; now <= 40_000; now += 1_000) {
      for (let slot = 0; slot < 10; slot += 1) pace.ended(1_000, now);
    }
    expect(pace.expectedStarts(40_000)).toBeLessThanOrEqual(15);
  });

  test("takes handlers that end at once for as many as have ended", () => {
    const pace = new Pace({ windowMs: 1_000, slots: 10 });
    for (let count = 0; count < 50; count += 1) pace.ended(0, 0);
    expect(pace.expectedStarts(0)).toBe(50);
  });
});
