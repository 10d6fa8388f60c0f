// Random histories of a handler of batches: what leaves the queue was done, and the order within the groups of a FIFO queue holds.
import { expect, it } from "vitest";
import { type BatchAccount, playBatchHistory } from "./batch-history.js";

const HISTORIES = 400;

interface Sum extends Omit<BatchAccount, "violations"> {
  readonly broken: readonly string[];
}

async function playAll(count: number, options: { readonly isFifo: boolean }): Promise<Sum> {
  const broken: string[] = [];
  const most = { mostGroups: 0, mostOfGroup: 0, overruled: 0 };
  for (let seed = 1; seed <= count; seed += 1) {
    const account = await playBatchHistory(seed, options);
    for (const name of ["mostGroups", "mostOfGroup", "overruled"] as const) {
      most[name] = Math.max(most[name], account[name]);
    }
    if (account.violations.length > 0) broken.push(`seed ${seed}: ${account.violations.slice(0, 3).join("; ")}`);
  }
  return { ...most, broken };
}

it(`keeps the order of every group in ${HISTORIES} histories of FIFO queues`, async () => {
  const { broken, mostGroups, mostOfGroup, overruled } = await playAll(HISTORIES, { isFifo: true });
  expect(broken).toEqual([]);
  expect(mostGroups).toBeGreaterThan(8);
  expect(mostOfGroup).toBeGreaterThan(8);
  expect(overruled).toBeGreaterThan(8);
});

it("loses nothing in 200 histories of standard queues", async () => {
  const { broken } = await playAll(200, { isFifo: false });
  expect(broken).toEqual([]);
});
