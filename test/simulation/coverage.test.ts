// A search that never draws something finds nothing there: everything that is looked for is met, and soon.
import { expect, test } from "vitest";
import { CoverageTable } from "./coverage.js";
import { playHistory } from "./playing.js";
import { createHistory } from "./random-history.js";

/** What needs more luck than some hundred histories have; a run of `npm run simulate` says when it was never met. */
const RARE: ReadonlySet<string> = new Set([
  "message: twelve hours",
  "message: lease lost waiting",
  "error: DEAD_LETTER_FAILED",
]);

test("some hundred histories meet every switch, outcome, option, error and way to stop", async () => {
  const table = new CoverageTable();
  for (let seed = 90_001; seed <= 90_600; seed += 1) {
    const { world } = await playHistory(createHistory(seed));
    table.add(world.coverage);
  }
  expect(table.missing.filter((meeting) => !RARE.has(meeting))).toEqual([]);
}, 300_000);
