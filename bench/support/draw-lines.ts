// Draws columns of a table as lines over the rows' places: a picture of growth. Two panels beside each other.
import { cellsOf, formatTick, framePicture, px, tableOf, text } from "./picture.js";
import type { Column, Panel, Picture, Report } from "./report.js";
import { createScale } from "./scale.js";

const PANEL_WIDTH = 420;
const LEFTS = [80, 590] as const;
const PANEL_HEIGHT = 190;
const FIRST_TOP = 84;
const ROW_STEP = 320;
/** The mean, of the font of small text. */
const LETTER_WIDTH = 6.4;

export function drawLines(picture: Picture, report: Report): string {
  const height = FIRST_TOP + ROW_STEP * Math.ceil(picture.panels.length / 2) - 40;
  const parts = picture.panels.flatMap((panel, index) =>
    drawPanel(report, panel, LEFTS[index % 2] ?? 0, FIRST_TOP + ROW_STEP * Math.floor(index / 2)),
  );
  return framePicture(picture, report, height, parts);
}

/** Its colour. */
function classOf({ side = "ours", isFaint = false }: Column): string {
  return `${side}${isFaint ? "faint" : ""}`;
}

function drawPanel(report: Report, panel: Panel, left: number, top: number): string[] {
  const table = tableOf(report, panel.table);
  const bottom = top + PANEL_HEIGHT;
  const series = panel.columns.map((column) => ({
    className: classOf(table.columns[column] ?? { name: "", digits: 0 }),
    name: table.columns[column]?.name ?? "",
    cells: cellsOf(table, column),
  }));
  const values = series.flatMap(({ cells }) => cells.flatMap(({ cell: { least, most } }) => [least, most]));
  const y = createScale({ values, from: bottom, to: top, isLogarithmic: panel.isLogarithmic ?? false });
  const x = placeRows(
    table.rows.map((row) => row.x ?? 0),
    left,
  );
  const lines = series.flatMap(({ className, cells }) => {
    const points = cells.map(({ row, cell }) => `${px(x(row.x ?? 0))} ${px(y.place(cell.median))}`);
    return [
      `  <path class="${className}line" d="M${points.join(" L")}" />`,
      ...cells.flatMap(({ row, cell }) => [
        `  <path class="${className}line" d="M${px(x(row.x ?? 0))} ${px(y.place(cell.least))} V${px(y.place(cell.most))}" />`,
        `  <circle class="${className}" cx="${px(x(row.x ?? 0))}" cy="${px(y.place(cell.median))}" r="4" />`,
      ]),
    ];
  });
  return [
    text(left - 56, top - 50, panel.title, { className: "name" }),
    ...drawLegend(series, left, top - 24),
    ...y.ticks.flatMap((tick) => [
      `  <path class="thin" d="M${left} ${px(y.place(tick))} H${left + PANEL_WIDTH}" />`,
      text(left - 8, y.place(tick) + 4, formatTick(tick), { className: "small", anchor: "end" }),
    ]),
    `  <path class="line" d="M${left} ${top} V${bottom} H${left + PANEL_WIDTH}" />`,
    ...table.rows.map((row) => text(x(row.x ?? 0), bottom + 20, row.name, { className: "small", anchor: "middle" })),
    text(left + PANEL_WIDTH / 2, bottom + 40, table.rowTitle, { className: "small", anchor: "middle" }),
    ...lines,
  ];
}

/** Logarithmic: growth is by factors. */
function placeRows(all: readonly number[], left: number): (value: number) => number {
  const [least, most] = [Math.log(Math.min(...all)), Math.log(Math.max(...all))];
  const inset = 24;
  return (value) => left + inset + ((PANEL_WIDTH - 2 * inset) * (Math.log(value) - least)) / (most - least);
}

function drawLegend(series: ReadonlyArray<{ className: string; name: string }>, left: number, y: number): string[] {
  if (series.length === 1) return [];
  let x = left - 56;
  return series.flatMap(({ className, name }) => {
    const at = x;
    x += 32 + name.length * LETTER_WIDTH;
    return [
      `  <rect class="${className}" x="${at}" y="${y - 10}" width="12" height="12" rx="3" />`,
      text(at + 18, y, name, { className: "small" }),
    ];
  });
}
