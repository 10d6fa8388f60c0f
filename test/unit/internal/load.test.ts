// When the processor counts as what everything waits for.
import { beforeEach, expect, test } from "vitest";
import { Load } from "../../../src/internal/load.js";
import { LoopClock } from "../../support/loop-clock.js";

let clock: LoopClock;
let load: Load;

beforeEach(() => {
  clock = new LoopClock();
  load = new Load(clock);
});

test("a loop is full that had less than a fiftieth of the time to spare", () => {
  expect(load.isFull(clock.pass(100, 1.9))).toBe(true);
  expect(load.isFull(clock.pass(100, 2))).toBe(false);
  expect(load.isFull(clock.pass(100, 0))).toBe(true);
});

test("a moment says nothing", () => {
  expect(load.isFull(clock.pass(49, 0))).toBe(false);
  expect(load.isFull(clock.pass(1, 0))).toBe(true);
  expect(load.isFull(clock.pass(49, 49))).toBe(true);
  expect(load.isFull(clock.pass(1, 0))).toBe(false);
});

test("a clock that does not tell has time to spare", () => {
  const { now, setTimer } = clock;
  expect(new Load({ now, setTimer }).isFull(10_000)).toBe(false);
});
