// Plays random histories until one breaks a promise, and then shows the smallest variant of it.
//
//   npm run simulate                                1,000 histories from a seed of the day
//   npm run simulate -- --seed 7 --runs 20000       as many as you like
//   npm run simulate -- --seed 7 --runs 1 --trace   one, with everything that happened
//   npm run simulate -- --fifo                      of FIFO queues: the order within every group
import { parseArgs } from "node:util";
import pc from "picocolors";
import { playFifoHistory } from "../test/simulation/fifo-history.js";
import { createHistory } from "../test/simulation/random-history.js";
import { describeFailure } from "../test/simulation/report.js";
import { PROMISES } from "../test/simulation/violation.js";
import { playHistory } from "../test/simulation/world.js";

const DAY_MS = 86_400_000;
const PROGRESS_MS = 2_000;

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: String(Math.floor(Date.now() / DAY_MS) * 1_000_000) },
    runs: { type: "string", default: "1000" },
    trace: { type: "boolean", default: false },
    fifo: { type: "boolean", default: false },
  },
});
const firstSeed = Number(values.seed);
const runs = Number(values.runs);
if (!Number.isInteger(firstSeed) || !Number.isInteger(runs) || runs < 1) {
  console.error("--seed and --runs must be whole numbers.");
  process.exit(2);
}

const startedAt = performance.now();
let toldAt = startedAt;

function tellProgress(done: number): void {
  const seconds = (performance.now() - startedAt) / 1_000;
  console.log(pc.dim(`${done} of ${runs} histories, ${Math.round(done / seconds)} a second`));
}

async function play(seed: number): Promise<boolean> {
  const { violations, world } = await playHistory(createHistory(seed), { isTraced: values.trace });
  if (values.trace) console.log(world.trace.lines.join("\n"));
  if (violations.length === 0) return true;
  console.error(pc.red(`\nSeed ${seed}: broken is promise ${violations.map(({ promise }) => PROMISES[promise])[0]}`));
  console.error(await describeFailure(seed));
  return false;
}

async function playFifo(seed: number): Promise<boolean> {
  const { violations } = await playFifoHistory(seed);
  if (violations.length > 0) console.error(pc.red(`\nSeed ${seed}: ${violations.join("\n")}`));
  return violations.length === 0;
}

async function playAll(): Promise<boolean> {
  for (let run = 0; run < runs; run += 1) {
    if (performance.now() - toldAt > PROGRESS_MS) {
      toldAt = performance.now();
      tellProgress(run);
    }
    if (!(await (values.fifo ? playFifo : play)(firstSeed + run))) return false;
  }
  return true;
}

const isKept = await playAll();
if (isKept) {
  tellProgress(runs);
  console.log(pc.green(`Every promise was kept, from seed ${firstSeed} to ${firstSeed + runs - 1}.`));
}
process.exitCode = isKept ? 0 : 1;
