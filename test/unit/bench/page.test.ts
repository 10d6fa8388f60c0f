// docs/benchmarks.md and its pictures are made from bench/results: none of them says what was not measured.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { draw } from "../../../bench/support/draw.js";
import { fillPage } from "../../../bench/support/page.js";
import type { Limit, Report } from "../../../bench/support/report.js";
import { BENCHES, isKept } from "../../../bench/support/report.js";
import { readReports, renderPage } from "../../../bench/support/write-page.js";

const PAGE = "docs/benchmarks.md";
const reports = readReports();
const EMPTY: Report = {
  bench: "drain",
  command: "npm run bench:drain",
  at: "2026-11-21T00:00:00.000Z",
  seconds: 1,
  environment: { node: "20.0.0", cpu: "a CPU", cores: 2, isBound: true, loadBefore: 0, versions: {} },
  tables: [],
  limits: [],
  pictures: [],
};

describe("the page of benchmarks", () => {
  it("says what the results say", async () => {
    const page = readFileSync(PAGE, "utf8");
    expect(page).toBe(await renderPage(page));
  });

  it.each(BENCHES)("has a place for %s", (bench) => {
    expect(readFileSync(PAGE, "utf8")).toContain(`<!-- measured: ${bench} -->`);
  });

  it.each(reports.flatMap((report) => report.pictures.map((picture) => ({ file: picture.file, picture, report }))))(
    "has the picture $file as the results draw it",
    ({ file, picture, report }) => {
      expect(readFileSync(`docs/images/${file}`, "utf8")).toBe(draw(picture, report));
    },
  );

  it("is changed by another result", () => {
    const page = "<!-- measured: limits -->\n<!-- end of measured -->";
    const missed: Limit = { what: "speed", measured: spread(2), atMost: 1, digits: 0, unit: "" };
    const kept: Limit = { ...missed, measured: spread(1) };
    const render = (limit: Limit): string => fillPage(page, [{ ...EMPTY, limits: [limit] }]);
    expect(render(missed)).toContain("| speed | at most 1 | 2 | missed |");
    expect(render(kept)).toContain("| speed | at most 1 | 1 | holds |");
  });
});

describe("a limit", () => {
  it.each([
    { bound: { atMost: 1.05 }, value: 1.05, kept: true },
    { bound: { atMost: 1.05 }, value: 1.06, kept: false },
    { bound: { atLeast: 12 }, value: 12, kept: true },
    { bound: { atLeast: 12 }, value: 11.9, kept: false },
  ])("of $bound is judged by the median, $value", ({ bound, value, kept }) => {
    expect(isKept({ what: "", measured: { median: value, least: 0, most: 100 }, digits: 0, unit: "", ...bound })).toBe(
      kept,
    );
  });
});

function spread(value: number): Limit["measured"] {
  return { median: value, least: value, most: value };
}
