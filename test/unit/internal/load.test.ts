// When the processor counts as what everything waits for.
import { expect, test } from "vitest";
import type { Clock } from "../../../src/internal/clock.js";
import { Load } from "../../../src/internal/load.js";

class ToldClock implements Clock {
  nowMs = 1_000;
  idle = 300;
  readonly now = (): number => this.nowMs;
  readonly idleMs = (): number => this.idle;
  readonly setTimer = (): never => {
    throw new Error("Nothing waits here");
  };

  pass(ms: number, idle: number): number {
    this.idle += idle;
    return (this.nowMs += ms);
  }
}

test("a loop is full that had less than a fiftieth of the time to spare", () => {
  const clock = new ToldClock();
  const load = new Load(clock);
  expect(load.isFull(clock.pass(100, 1.9))).toBe(true);
  expect(load.isFull(clock.pass(100, 2))).toBe(false);
  expect(load.isFull(clock.pass(100, 0))).toBe(true);
});

test("a moment says nothing", () => {
  const clock = new ToldClock();
  const load = new Load(clock);
  expect(load.isFull(clock.pass(49, 0))).toBe(false);
  expect(load.isFull(clock.pass(1, 0))).toBe(true);
  expect(load.isFull(clock.pass(49, 49))).toBe(true);
  expect(load.isFull(clock.pass(1, 0))).toBe(false);
});

test("a clock that does not tell has time to spare", () => {
  const { now, setTimer } = new ToldClock();
  expect(new Load({ now, setTimer }).isFull(10_000)).toBe(false);
});
