// Plays histories until one breaks a promise, and writes down which: what `npm run mutants` asks for each mutant.
import { writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { playFifoHistory } from "../simulation/fifo-history.js";
import { createHistory } from "../simulation/random-history.js";
import { PROMISES } from "../simulation/violation.js";
import { playHistory } from "../simulation/playing.js";

const HISTORIES = 3_000;
const FIFO_HISTORIES = 500;

test("no history breaks a promise", async () => {
  const found = (await findInPlain()) ?? (await findInFifo());
  const file = process.env["MUTANT_FOUND"];
  if (file !== undefined && found !== undefined) writeFileSync(file, found);
  expect(found).toBeUndefined();
});

async function findInPlain(): Promise<string | undefined> {
  for (let seed = 1; seed <= HISTORIES; seed += 1) {
    const [violation] = (await playHistory(createHistory(seed))).violations;
    if (violation !== undefined) return `seed ${seed}: promise ${PROMISES[violation.promise]}`;
  }
  return undefined;
}

async function findInFifo(): Promise<string | undefined> {
  for (let seed = 1; seed <= FIFO_HISTORIES; seed += 1) {
    const [violation] = (await playFifoHistory(seed)).violations;
    if (violation !== undefined) return `FIFO seed ${seed}: ${violation.split("\n")[0]}`;
  }
  return undefined;
}
