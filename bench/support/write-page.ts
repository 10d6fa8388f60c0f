// Keeps reports in bench/results, and writes docs/benchmarks.md and its pictures anew from them.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { format } from "prettier";
import { draw } from "./draw.js";
import { fillPage } from "./page.js";
import { BENCHES, type Report } from "./report.js";

const PAGE = "docs/benchmarks.md";
const RESULTS = "bench/results";
export async function writeResults(report: Report): Promise<void> {
  mkdirSync(RESULTS, { recursive: true });
  const text = JSON.stringify(report, undefined, 2);
  writeFileSync(`${RESULTS}/${report.bench}.json`, await format(text, { parser: "json", printWidth: 120 }));
}

/** The last whole run of each bench, if there is one. */
export function readReports(): Report[] {
  if (!existsSync(RESULTS)) return [];
  return readdirSync(RESULTS)
    .map((file) => JSON.parse(readFileSync(`${RESULTS}/${file}`, "utf8")) as Report)
    .toSorted((one, other) => BENCHES.indexOf(one.bench) - BENCHES.indexOf(other.bench));
}

/** The page as it should be, given the page as it is. */
export function renderPage(page: string): Promise<string> {
  return format(fillPage(page, readReports()), { parser: "markdown", printWidth: 120 });
}

export async function writePage(): Promise<void> {
  writeFileSync(PAGE, await renderPage(readFileSync(PAGE, "utf8")));
}

export function writePictures(report: Report): void {
  for (const picture of report.pictures) writeFileSync(`docs/images/${picture.file}`, draw(picture, report));
}
