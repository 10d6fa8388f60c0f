// When messages that were sent back come again.
import { fc } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { Calendar } from "../../../src/worker/calendar.js";

const WITHIN_MS = 900_000;

/** Gives so many messages a time, all at one moment, and answers the seconds. */
function bookMany(calendar: Calendar, count: number, perSecond: number, now = 0, from = now): number[] {
  return Array.from({ length: count }, () => {
    const awayMs = calendar.book({ now, from, perSecond, withinMs: WITHIN_MS });
    return Math.floor((now + awayMs) / 1_000);
  });
}

describe("a calendar", () => {
  test("gives out each second as often as the pace allows", () => {
    expect(bookMany(new Calendar(), 7, 3)).toEqual([1, 1, 1, 2, 2, 2, 3]);
  });

  test("gives every tenth second at a tenth of a message a second", () => {
    expect(bookMany(new Calendar(), 3, 0.1)).toEqual([9, 19, 29]);
  });

  test("begins when it is told to", () => {
    expect(bookMany(new Calendar(), 3, 2, 500, 60_500)).toEqual([60, 60, 61]);
  });

  test("fills what is free before a pause, when the pause is over", () => {
    const calendar = new Calendar();
    bookMany(calendar, 4, 2, 0, 60_000);
    expect(bookMany(calendar, 2, 2)).toEqual([1, 1]);
    expect(bookMany(calendar, 2, 2, 0, 60_000)).toEqual([62, 62]);
  });

  test("gives seconds again when the pace has grown", () => {
    const calendar = new Calendar();
    bookMany(calendar, 100, 1);
    expect(bookMany(calendar, 3, 3)).toEqual([1, 1, 2]);
  });

  test("gives a message that finds its second overfull the first one that is not", () => {
    const calendar = new Calendar();
    bookMany(calendar, 100, 10); // Ten seconds of ten.
    expect(bookMany(calendar, 2, 1, 3_000)).toEqual([11, 12]);
  });

  test("spreads what is too much over the later half", () => {
    const seconds = bookMany(new Calendar(), 10_900, 1).slice(900);
    const ofEach = new Map<number, number>();
    for (const second of seconds) ofEach.set(second, (ofEach.get(second) ?? 0) + 1);
    expect(Math.min(...seconds)).toBeGreaterThanOrEqual(450);
    expect(Math.max(...seconds)).toBeLessThanOrEqual(900);
    expect(Math.max(...ofEach.values())).toBeLessThan(2 * (10_000 / 450));
  });

  test("counts what has not come", () => {
    const calendar = new Calendar();
    bookMany(calendar, 10, 2);
    expect(calendar.sizeAt(0)).toBe(10);
    expect(calendar.comingWithin(0, 2_000)).toBe(4);
    expect(calendar.sizeAt(3_000)).toBe(6);
    expect(calendar.lastAt(3_000)).toBe(6_000);
    expect(calendar.sizeAt(6_000)).toBe(0);
    expect(calendar.lastAt(6_000)).toBeUndefined();
  });
});

test("always counts those whose second has not passed, and gives a time within what is allowed", () => {
  const booking = fc.record({
    waitMs: fc.integer({ min: 0, max: 5_000 }),
    aheadMs: fc.integer({ min: 0, max: 20_000 }),
    perSecond: fc.double({ min: 0.01, max: 20, noNaN: true }),
    count: fc.integer({ min: 1, max: 40 }),
  });
  const property = fc.property(fc.array(booking, { maxLength: 30 }), (bookings) => {
    const calendar = new Calendar();
    const seconds: number[] = [];
    let now = 0;
    for (const { waitMs, aheadMs, perSecond, count } of bookings) {
      now += waitMs;
      const given = bookMany(calendar, count, perSecond, now, now + aheadMs);
      expect(Math.min(...given)).toBeGreaterThan(now / 1_000 - 1);
      expect(Math.max(...given)).toBeLessThanOrEqual((now + WITHIN_MS) / 1_000);
      seconds.push(...given);
      const present = Math.floor(now / 1_000);
      expect(calendar.sizeAt(now)).toBe(seconds.filter((second) => second >= present).length);
    }
  });
  fc.assert(property);
});
