// Random histories of FIFO queues with a handler of batches: the order within every group holds, and no group is left behind.
import { expect, it } from "vitest";
import { playBatchHistory } from "./batch-history.js";

const HISTORIES = 400;

it(`keeps the order of every group in ${HISTORIES} histories of batches`, async () => {
  const broken: string[] = [];
  const most = { mostGroups: 0, mostOfGroup: 0, overruled: 0 };
  for (let seed = 1; seed <= HISTORIES; seed += 1) {
    const account = await playBatchHistory(seed);
    for (const name of ["mostGroups", "mostOfGroup", "overruled"] as const) {
      most[name] = Math.max(most[name], account[name]);
    }
    if (account.violations.length > 0) broken.push(`seed ${seed}: ${account.violations.slice(0, 3).join("; ")}`);
  }
  expect(broken).toEqual([]);
  expect(most.mostGroups).toBeGreaterThan(8);
  expect(most.mostOfGroup).toBeGreaterThan(8);
  expect(most.overruled).toBeGreaterThan(8);
});
