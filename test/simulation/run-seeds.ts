// Plays the histories of a row of seeds, and fails with the account of the first that breaks a promise.
import { describe, expect, test } from "vitest";
import { createHistory } from "./random-history.js";
import { describeFailure } from "./report.js";
import { playHistory } from "./playing.js";

const SEEDS_A_TEST = 100;

/** Tests for the seeds `from` to `to`, a hundred at a time. */
export function testSeeds(from: number, to: number): void {
  describe(`the promises hold in every history`, () => {
    for (let first = from; first <= to; first += SEEDS_A_TEST) {
      const last = Math.min(to, first + SEEDS_A_TEST - 1);
      test(`of seeds ${first} to ${last}`, async () => {
        expect(await findFailure(first, last)).toBeUndefined();
      });
    }
  });
}

async function findFailure(first: number, last: number): Promise<string | undefined> {
  for (let seed = first; seed <= last; seed += 1) {
    const { violations } = await playHistory(createHistory(seed));
    if (violations.length > 0) return describeFailure(seed);
  }
  return undefined;
}
