// Random histories of FIFO queues: the order within every group holds, no group is left behind, groups run side by side.
import { expect, it } from "vitest";
import { playFifoHistory } from "./fifo-history.js";

const HISTORIES = 400;

it(`keeps the order of every group in ${HISTORIES} histories`, async () => {
  const broken: string[] = [];
  let mostGroups = 0;
  for (let seed = 1; seed <= HISTORIES; seed += 1) {
    const account = await playFifoHistory(seed);
    mostGroups = Math.max(mostGroups, account.mostGroups);
    if (account.violations.length > 0) broken.push(`seed ${seed}: ${account.violations.slice(0, 3).join("; ")}`);
  }
  expect(broken).toEqual([]);
  expect(mostGroups).toBeGreaterThan(8);
});
