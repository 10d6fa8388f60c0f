// The parts of docs/benchmarks.md that are measured: between marks, made from the reports and nothing else.
import { formatDemand, formatSpread, formatVerdict } from "./numbers.js";
import type { Limit, Report, Table } from "./report.js";

/** Puts what the reports say between the marks of a page. Marks without a report stay as they are. */
export function fillPage(page: string, reports: readonly Report[]): string {
  const parts = new Map<string, string>(reports.map((report) => [report.bench, renderReport(report)]));
  if (reports.length > 0) parts.set("limits", renderAllLimits(reports));
  return page.replaceAll(
    /(<!-- measured: (\S+) -->)[\s\S]*?(<!-- end of measured -->)/g,
    (whole, begin: string, name: string, end: string) => {
      const part = parts.get(name);
      return part === undefined ? whole : `${begin}\n\n${part}\n\n${end}`;
    },
  );
}

function renderReport(report: Report): string {
  const { pictures, tables, limits } = report;
  return [
    renderEnvironment(report),
    ...pictures.map(({ file, title }) => `![${title}](images/${file})`),
    ...tables.map(renderTable),
    ...(limits.length > 0 ? [renderLimits(limits)] : []),
  ].join("\n\n");
}

function renderEnvironment({ at, seconds, environment }: Report): string {
  const { node, cores, cpu, isBound, loadBefore, versions } = environment;
  const packages = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const bound = isBound ? "a core each for the server and for what is measured" : "processes not bound to cores";
  return `Measured on ${at.slice(0, 10)} in ${seconds} s: Node ${node}, ${cores} × ${cpu}, ${bound}, load of the machine before ${loadBefore}. ${packages.join(", ")}.`;
}

function renderTable({ title, rowTitle, columns, rows }: Table): string {
  const head = [rowTitle, ...columns.map(({ name }) => name)];
  const lines = rows.map(({ name, side, cells }) => [
    side === "ours" ? `**${name}**` : name,
    ...cells.map((cell, index) => (cell === null ? "" : formatSpread(cell, columns[index] ?? { digits: 0 }))),
  ]);
  return `${title}:\n\n${renderGrid(head, lines)}`;
}

function renderLimits(limits: readonly Limit[]): string {
  return renderGrid(
    ["To be kept", "Limit", "Measured", ""],
    limits.map((limit) => [limit.what, formatDemand(limit), formatSpread(limit.measured, limit), formatVerdict(limit)]),
  );
}

function renderAllLimits(reports: readonly Report[]): string {
  return renderLimits(reports.flatMap(({ limits }) => limits));
}

/** The first column to the left, numbers to the right. */
function renderGrid(head: readonly string[], lines: ReadonlyArray<readonly string[]>): string {
  const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const rule = row(head.map((_, index) => (index === 0 ? "---" : "--:")));
  return [row(head), rule, ...lines.map(row)].join("\n");
}
