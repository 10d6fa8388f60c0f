// Plays random histories until one breaks a promise, and then shows the smallest variant of it; see docs/simulation.md.
//
//   npm run simulate                                          1,000 histories from a seed of the day
//   npm run simulate -- --seed 7 --runs 100000 --workers 2    as many as you like, in as many processes
//   npm run simulate -- --seed 7 --runs 1 --trace             one, with everything that happened
//   npm run simulate -- --runs 10000 --keep-going             all, with every seed that breaks a promise
//   npm run simulate -- --fifo                                of FIFO queues: the order within every group
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import pc from "picocolors";
import { CoverageTable } from "../test/simulation/coverage.js";
import { playFifoHistory } from "../test/simulation/fifo-history.js";
import { playHistory } from "../test/simulation/playing.js";
import { createHistory } from "../test/simulation/random-history.js";
import { describeFailure } from "../test/simulation/report.js";
import { PROMISES } from "../test/simulation/violation.js";

const DAY_MS = 86_400_000;
const PROGRESS_MS = 10_000;

/** What a process has played. */
interface Played {
  readonly runs: number;
  readonly broken: number;
  readonly coverage: ReturnType<CoverageTable["toJSON"]>;
}

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: String(Math.floor(Date.now() / DAY_MS) * 1_000_000) },
    runs: { type: "string", default: "1000" },
    workers: { type: "string", default: "1" },
    trace: { type: "boolean", default: false },
    fifo: { type: "boolean", default: false },
    "keep-going": { type: "boolean", default: false },
  },
});
const firstSeed = Number(values.seed);
const runs = Number(values.runs);
const workers = Number(values.workers);
if (![firstSeed, runs, workers].every(Number.isInteger) || runs < 1 || workers < 1) {
  console.error("--seed, --runs and --workers must be whole numbers.");
  process.exit(2);
}

const startedAt = performance.now();
const table = new CoverageTable();
let played = 0;
let broken = 0;

function tellProgress(who = ""): void {
  const seconds = (performance.now() - startedAt) / 1_000;
  const pace = `${((seconds * 1_000) / played).toFixed(1)} ms a history`;
  console.log(pc.dim(`${who}${played} of ${runs} histories, ${pace}, ${broken} broken`));
}

async function play(seed: number): Promise<boolean> {
  const { violations, world } = await playHistory(createHistory(seed), { isTraced: values.trace });
  table.add(world.coverage);
  if (values.trace) console.log(world.trace.lines.join("\n"));
  const [violation] = violations;
  if (violation === undefined) return true;
  console.error(pc.red(`\nSeed ${seed}: broken is promise ${PROMISES[violation.promise]}\n${violation.text}`));
  if (!values["keep-going"]) console.error(await describeFailure(seed));
  return false;
}

async function playFifo(seed: number): Promise<boolean> {
  const { violations } = await playFifoHistory(seed);
  if (violations.length > 0) console.error(pc.red(`\nSeed ${seed}: ${violations.join("\n")}`));
  return violations.length === 0;
}

/** Plays the seeds of this process. */
async function playAll(): Promise<void> {
  let toldAt = startedAt;
  for (; played < runs;) {
    const isKept = await (values.fifo ? playFifo : play)(firstSeed + played);
    played += 1;
    if (!isKept) broken += 1;
    if (!isKept && !values["keep-going"]) return;
    if (performance.now() - toldAt < PROGRESS_MS) continue;
    toldAt = performance.now();
    tellProgress(process.send === undefined ? "" : `from ${firstSeed}: `);
  }
}

/** Shares the seeds among processes, and sums up what they have played. */
async function playInProcesses(): Promise<void> {
  const each = Math.ceil(runs / workers);
  const starts = Array.from({ length: workers }, (_, index) => index * each).filter((start) => start < runs);
  await Promise.all(
    starts.map(async (start) => {
      const share = ["--seed", String(firstSeed + start), "--runs", String(Math.min(each, runs - start))];
      const flags = (["fifo", "keep-going"] as const).filter((name) => values[name]).map((name) => `--${name}`);
      const child = fork(fileURLToPath(import.meta.url), [...share, ...flags]);
      child.on("message", (account: Played) => {
        played += account.runs;
        broken += account.broken;
        table.addSums(account.coverage);
      });
      const code = await new Promise<number | null>((resolve) => child.on("exit", resolve));
      if (code !== 0) broken = Math.max(broken, 1);
    }),
  );
}

await (workers > 1 ? playInProcesses() : playAll());
if (process.send === undefined) {
  if (!values.fifo && runs >= 1_000) console.log(`\n${table.lines.join("\n")}\n`);
  tellProgress();
  const { missing } = table;
  if (!values.fifo && missing.length > 0) console.log(pc.yellow(`Never met: ${missing.join("; ")}.`));
  if (broken === 0) {
    const count = played.toLocaleString("en");
    console.log(
      pc.green(`${count} simulated histories, all promises kept (seeds ${firstSeed} to ${firstSeed + runs - 1}).`),
    );
  } else console.log(pc.red(`${broken} of ${played} histories have broken a promise.`));
} else {
  process.send({ runs: played, broken, coverage: table.toJSON() } satisfies Played, () => process.disconnect());
}
process.exitCode = broken === 0 ? 0 : 1;
