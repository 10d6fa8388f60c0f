// What the pictures of the benches have in common: the frame, the colours, and how numbers stand on an axis.
import { styleWith } from "./picture-style.js";
import type { Picture, Report, Spread, Table } from "./report.js";

export const WIDTH = 1_040;

/** Millrace's figures are blue, as in the other pictures, those of other libraries amber, those of bare loops grey. */
const STYLE = styleWith([
  { className: "ours", light: "#0969da", dark: "#1f6feb" },
  { className: "oursfaint", light: "#54aeff", dark: "#79c0ff" },
  { className: "other", light: "#bf8700", dark: "#d29922" },
  { className: "otherfaint", light: "#d4a72c", dark: "#e3b341" },
  { className: "bare", light: "#6e7781", dark: "#8b949e" },
  { className: "barefaint", light: "#afb8c1", dark: "#6e7681" },
  { className: "oursline", light: "#0969da", dark: "#1f6feb", isLine: true },
  { className: "oursfaintline", light: "#54aeff", dark: "#79c0ff", isLine: true },
  { className: "otherline", light: "#bf8700", dark: "#d29922", isLine: true },
  { className: "otherfaintline", light: "#d4a72c", dark: "#e3b341", isLine: true },
  { className: "bareline", light: "#6e7781", dark: "#8b949e", isLine: true },
  { className: "barefaintline", light: "#afb8c1", dark: "#6e7681", isLine: true },
]);

/** The whole of a picture around its parts. */
export function framePicture(
  { title }: Picture,
  { command, at }: Report,
  height: number,
  parts: readonly string[],
): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-labelledby="title description">`,
    `  <title id="title">${escape(title)}</title>`,
    `  <desc id="description">Measured on ${at.slice(0, 10)}; the figures are in the tables of the page. Drawn by ${command}.</desc>`,
    `  <style>${STYLE}</style>`,
    `  <rect class="panel" x="0.5" y="0.5" width="${WIDTH - 1}" height="${height - 1}" rx="8" />`,
    ...parts,
    `</svg>`,
    "",
  ].join("\n");
}

/** A place, with as many digits as an eye can see. */
export function px(value: number): string {
  return value.toFixed(1);
}

interface TextOptions {
  readonly className?: string;
  readonly anchor?: "start" | "middle" | "end";
}

export function text(x: number, y: number, content: string, { className, anchor }: TextOptions = {}): string {
  const classes = className === undefined ? "" : ` class="${className}"`;
  const anchors = anchor === undefined ? "" : ` text-anchor="${anchor}"`;
  return `  <text${classes} x="${px(x)}" y="${px(y)}"${anchors}>${escape(content)}</text>`;
}

/** A tick's number: 0.2, 50, 10,000, 2 M. */
export function formatTick(value: number): string {
  if (value >= 1_000_000) return `${trim(value / 1_000_000)} M`;
  return trim(value);
}

function trim(value: number): string {
  return Number(value.toPrecision(6)).toLocaleString("en-US", { maximumFractionDigits: 6 });
}

function escape(content: string): string {
  return content.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}

export function tableOf({ tables }: Report, index: number): Table {
  const table = tables[index];
  if (table === undefined) throw new Error(`There is no table ${index}`);
  return table;
}

/** What a column has measured, without the rows in which it has not. */
export function cellsOf({ rows }: Table, column: number): Array<{ row: Table["rows"][number]; cell: Spread }> {
  return rows.flatMap((row) => {
    const cell = row.cells[column];
    return cell === null || cell === undefined ? [] : [{ row, cell }];
  });
}
