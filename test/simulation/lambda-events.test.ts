// Random histories of a Lambda function: every answer names exactly what is not done, and comes in time.
import { expect, it } from "vitest";
import { playLambdaHistory } from "./lambda-history.js";

const HISTORIES = 500;

it(`answers ${HISTORIES} histories of events with exactly what is not done`, async () => {
  const broken: string[] = [];
  const sums = { reported: 0, done: 0, failedEvents: 0 };
  for (let seed = 1; seed <= HISTORIES; seed += 1) {
    const account = await playLambdaHistory(seed);
    sums.reported += account.reported;
    sums.done += account.done;
    sums.failedEvents += account.failedEvents;
    if (account.violations.length > 0) broken.push(`seed ${seed}: ${account.violations.slice(0, 3).join("; ")}`);
  }
  expect(broken).toEqual([]);
  // Both sides were met, and stops in between.
  expect(sums.reported).toBeGreaterThan(HISTORIES);
  expect(sums.done).toBeGreaterThan(HISTORIES);
  expect(sums.failedEvents).toBeGreaterThan(0);
});
