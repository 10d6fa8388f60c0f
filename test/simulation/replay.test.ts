// A history is all in its seed: played again, the same happens.
import { expect, test } from "vitest";
import { createHistory } from "./random-history.js";
import { playHistory } from "./playing.js";

async function traceOf(seed: number): Promise<readonly string[]> {
  const { world } = await playHistory(createHistory(seed), { isTraced: true });
  return world.trace.lines;
}

test.each([1, 60, 133, 345, 1424, 1686])("seed %i gives the same trace twice", async (seed) => {
  const first = await traceOf(seed);
  expect(first.length).toBeGreaterThan(50);
  expect(await traceOf(seed)).toEqual(first);
});

test.each([1, 60, 133])("a wall clock that is set changes nothing: seed %i", async (seed) => {
  const history = createHistory(seed);
  const traces = [];
  for (const wallClockJumps of [
    [],
    [
      { atMs: 1_000, byMs: 86_400_000 },
      { atMs: 2_000, byMs: -172_800_000 },
    ],
  ]) {
    const { world } = await playHistory({ ...history, wallClockJumps }, { isTraced: true });
    traces.push(world.trace.lines);
  }
  expect(traces[1]).toEqual(traces[0]);
});

test("different seeds give different histories", () => {
  const histories = Array.from({ length: 50 }, (_, seed) => JSON.stringify({ ...createHistory(seed), seed: 0 }));
  expect(new Set(histories).size).toBe(50);
});
