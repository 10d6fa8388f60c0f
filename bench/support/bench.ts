// What every bench does around its measuring: reads its options, keeps what it found, draws it, and says it.
import { readFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";
import pc from "picocolors";
import { canBind } from "./child.js";
import { formatDemand, formatSpread, formatVerdict } from "./numbers.js";
import { PEERS_FOLDER } from "./peers.js";
import type { BenchName, Environment, Report, Table } from "./report.js";
import { isKept } from "./report.js";
import { writePage, writePictures, writeResults } from "./write-page.js";

/** What a bench is told on its command line. */
export interface BenchOptions {
  /** A short run, to see that it works. Nothing is written. */
  readonly isQuick: boolean;
  /** A folder for CPU profiles of what is measured. Nothing else is written. */
  readonly profileFolder: string | undefined;
  /** Of `drain` alone: parts of names. Cases without any of them are left out, and nothing is written. */
  readonly only: readonly string[];
  /** Of `drain` alone: over TLS. Nothing is written. */
  readonly isSecure: boolean;
}

const OPTIONS = { quick: { type: "boolean" }, profile: { type: "string" } } as const;
const OPTIONS_OF_DRAIN = { only: { type: "string", multiple: true }, tls: { type: "boolean" } } as const;

/** Does not return when an option is unknown. */
function readOptions(bench: BenchName): BenchOptions {
  try {
    const options = { ...OPTIONS, ...(bench === "drain" && OPTIONS_OF_DRAIN) } as typeof OPTIONS &
      typeof OPTIONS_OF_DRAIN;
    const { quick = false, profile, only = [], tls = false } = parseArgs({ options }).values;
    return { isQuick: quick, profileFolder: profile, only, isSecure: tls };
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exit(2);
  }
}

/** Whether what it finds is what the page is about. */
function isWhole({ isQuick, profileFolder, only, isSecure }: BenchOptions): boolean {
  return !isQuick && !isSecure && profileFolder === undefined && only.length === 0;
}

/** What a bench has found. */
export type Findings = Pick<Report, "tables" | "limits" | "pictures">;

/** Runs it, prints what it found, and writes it into the docs if it was whole. */
export async function runBench(
  bench: BenchName,
  packages: readonly string[],
  measure: (options: BenchOptions) => Promise<Findings>,
): Promise<void> {
  const options = readOptions(bench);
  const environment = readEnvironment(packages);
  const startedAt = performance.now();
  const findings = await measure(options);
  const report: Report = {
    bench,
    command: `npm run bench:${bench}`,
    at: new Date().toISOString(),
    seconds: Math.round((performance.now() - startedAt) / 1_000),
    environment,
    ...findings,
  };
  print(report);
  if (!isWhole(options)) return;
  await writeResults(report);
  writePictures(report);
  await writePage();
}

function readEnvironment(packages: readonly string[]): Environment {
  const versions = packages.map((name) => [name, readVersion(name)]);
  return {
    node: process.versions.node,
    cpu: cpus()[0]?.model ?? "unknown CPU",
    cores: cpus().length,
    isBound: canBind,
    loadBefore: Math.round((loadavg()[0] ?? Number.NaN) * 100) / 100,
    versions: Object.fromEntries([["millrace", readVersion(".")], ...versions]) as Record<string, string>,
  };
}

/** The version of a package: of the peers' folder if it is there, of this repository's otherwise. */
function readVersion(name: string): string {
  const folders = name === "." ? ["."] : [`${PEERS_FOLDER}/node_modules/${name}`, `node_modules/${name}`];
  for (const folder of folders) {
    try {
      return (JSON.parse(readFileSync(`${folder}/package.json`, "utf8")) as { version: string }).version;
    } catch {
      // It is in the other one.
    }
  }
  throw new Error(`${name} is not installed`);
}

function print({ environment, tables, limits, seconds, bench }: Report): void {
  const { node, cores, cpu, loadBefore, versions } = environment;
  const packages = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  console.log(`\n${pc.bold(bench)}: Node ${node}, ${cores} × ${cpu}, load before ${loadBefore}, ${seconds} s`);
  console.log(pc.dim(packages.join(", ")));
  for (const table of tables) printTable(table);
  console.log("");
  for (const limit of limits) {
    const colour = isKept(limit) === false ? pc.red : pc.green;
    const verdict = colour(formatVerdict(limit).padEnd(6));
    console.log(`  ${verdict}  ${limit.what}: ${formatSpread(limit.measured, limit)}, ${formatDemand(limit)}`);
  }
}

function printTable({ title, rowTitle, columns, rows }: Table): void {
  const lines = rows.map(({ name, cells }) => [
    name,
    ...cells.map((cell, index) => (cell === null ? "" : formatSpread(cell, columns[index] ?? { digits: 0 }))),
  ]);
  const all = [[rowTitle, ...columns.map(({ name }) => name)], ...lines];
  const widths = all[0]?.map((_, column) => Math.max(...all.map((line) => line[column]?.length ?? 0))) ?? [];
  console.log(`\n${pc.bold(title)}`);
  for (const line of all) {
    console.log(
      `  ${line.map((text, column) => (column === 0 ? text.padEnd(widths[0] ?? 0) : text.padStart(widths[column] ?? 0))).join("  ")}`,
    );
  }
}
