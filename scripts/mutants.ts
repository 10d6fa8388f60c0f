// Breaks the source on purpose, one defect after the other, and writes down what noticed: the random histories first, and
// where they do not, the unit tests beside it and the contract tests. A defect that nothing notices fails the run.
//
//   npm run mutants                        all of them; writes the table of docs/mutations.md
//   npm run mutants -- --only heartbeat    those whose name has the word in it; writes nothing
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import pc from "picocolors";
import type { Mutant } from "../test/mutants/mutant.js";
import { MUTANTS } from "../test/mutants/mutants.js";
import { tableOf, writeIntoPage } from "./docs-page.js";

/** A defect may make a test wait for ever, or loop. */
const LONGEST_RUN_MS = 300_000;

interface Report {
  readonly testResults: ReadonlyArray<{
    readonly name: string;
    readonly message: string;
    readonly assertionResults: ReadonlyArray<{ readonly status: string; readonly fullName: string }>;
  }>;
}

const root = fileURLToPath(new URL("..", import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), "mutants-"));
const foundFile = join(scratch, "found.txt");
const reportFile = join(scratch, "report.json");

/** Runs tests with the defect in the source; answers how that went. */
async function runTests(mutant: Pick<Mutant, "name">, args: readonly string[]): Promise<"passed" | "failed" | "hung"> {
  for (const file of [foundFile, reportFile]) rmSync(file, { force: true });
  const command = ["node_modules/vitest/vitest.mjs", "run", "--config", "vitest.mutants.config.ts", ...args];
  const tests = spawn(process.execPath, command, {
    cwd: root,
    env: { ...process.env, MUTANT: mutant.name, MUTANT_FOUND: foundFile },
    stdio: "ignore",
    detached: true, // A group of its own, as its workers are to end with it.
  });
  const timer = setTimeout(() => {
    if (tests.pid !== undefined) process.kill(-tests.pid, "SIGKILL");
  }, LONGEST_RUN_MS);
  const [code] = (await once(tests, "exit")) as [number | null];
  clearTimeout(timer);
  if (code === null) return "hung";
  return code === 0 ? "passed" : "failed";
}

/** What the histories say of it; undefined when they say nothing. */
async function findInHistories(mutant: Mutant): Promise<string | undefined> {
  const result = await runTests(mutant, ["--project", "search"]);
  if (existsSync(foundFile)) return `histories, ${readFileSync(foundFile, "utf8")}`;
  return result === "hung" ? "histories: they do not end" : undefined;
}

async function findInTests(mutant: Mutant): Promise<string | undefined> {
  const folders = [mutant.file.split("/")[0], "defects", "acceptance"].map((folder) => `test/unit/${folder}/`);
  const report = ["--bail", "1", "--reporter=json", `--outputFile=${reportFile}`];
  const result = await runTests(mutant, [
    "--project",
    "unit",
    "--project",
    "contract",
    ...folders,
    "test/contract/",
    ...report,
  ]);
  if (result === "passed") return undefined;
  if (result === "hung") return "tests: they do not end";
  const { testResults } = JSON.parse(readFileSync(reportFile, "utf8")) as Report;
  for (const { name, assertionResults } of testResults) {
    const failed = assertionResults.find(({ status }) => status === "failed");
    if (failed !== undefined) return `\`${relative(root, name)}\`: ${failed.fullName}`;
  }
  return undefined;
}

/** Without a defect everything must pass, or what a defect is said to break was broken before. */
async function passesAsItIs(): Promise<boolean> {
  const isPassed = async (...projects: string[]): Promise<boolean> =>
    (await runTests(
      { name: "" },
      projects.flatMap((project) => ["--project", project]),
    )) === "passed";
  return (await isPassed("search")) && (await isPassed("unit", "contract"));
}

const { values } = parseArgs({ options: { only: { type: "string", default: "" } } });
const wanted = MUTANTS.filter(({ name }) => name.includes(values.only));
const caughtBy = new Map<Mutant, string>();
console.log(pc.dim("Without a defect …"));
if (!(await passesAsItIs())) {
  console.error(pc.red("Something fails without any defect: npm test says what."));
  process.exit(1);
}
for (const [index, mutant] of wanted.entries()) {
  const startedAt = performance.now();
  const found = (await findInHistories(mutant)) ?? (await findInTests(mutant));
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(0);
  if (found !== undefined) caughtBy.set(mutant, found);
  console.log(
    `${pc.dim(`[${index + 1}/${wanted.length}]`)} ${mutant.name} ${pc.dim(`(${mutant.file}, ${seconds} s)`)}`,
  );
  console.log(`    ${found === undefined ? pc.red("nothing noticed") : pc.green(found)}`);
}
rmSync(scratch, { recursive: true });

const missed = wanted.filter((mutant) => !caughtBy.has(mutant));
console.log(`\n${wanted.length - missed.length} of ${wanted.length} were noticed.`);
if (missed.length === 0 && wanted.length === MUTANTS.length) {
  const rows = [...caughtBy].map(([{ name, file }, found]) => [name, `\`src/${file}\``, found]);
  await writeIntoPage("mutations.md", "mutants", tableOf(["Defect", "Put into", "Noticed by"], rows));
}
process.exitCode = missed.length === 0 ? 0 : 1;
