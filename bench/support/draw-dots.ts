// Draws the rows of a table as dots with their ranges: a picture to compare by.
import { formatNumber } from "./numbers.js";
import { cellsOf, formatTick, framePicture, px, tableOf, text, WIDTH } from "./picture.js";
import type { Panel, Picture, Report } from "./report.js";
import { createScale } from "./scale.js";

const NAMES_WIDTH = 320;
const ROW_HEIGHT = 30;
const TOP = 76;
const BOTTOM_HEIGHT = 44;
const GAP = 70;

/** All panels are columns of the same table. */
export function drawDots(picture: Picture, report: Report): string {
  const { panels } = picture;
  const { rows } = tableOf(report, panels[0]?.table ?? 0);
  const height = TOP + rows.length * ROW_HEIGHT + BOTTOM_HEIGHT;
  const width = (WIDTH - NAMES_WIDTH - GAP * panels.length) / panels.length;
  const names = rows.map(({ name }, index) => text(NAMES_WIDTH - 14, rowAt(index) + 4, name, { anchor: "end" }));
  const parts = panels.flatMap((panel, index) =>
    drawPanel(report, panel, { left: NAMES_WIDTH + index * (width + GAP), width, bottom: height - BOTTOM_HEIGHT }),
  );
  return framePicture(picture, report, height, [...names, ...parts]);
}

function rowAt(index: number): number {
  return TOP + index * ROW_HEIGHT + ROW_HEIGHT / 2;
}

interface Place {
  readonly left: number;
  readonly width: number;
  readonly bottom: number;
}

function drawPanel(report: Report, panel: Panel, { left, width, bottom }: Place): string[] {
  const table = tableOf(report, panel.table);
  const column = panel.columns[0] ?? 0;
  const cells = cellsOf(table, column);
  const values = cells.flatMap(({ cell: { least, most } }) => [least, most]);
  const scale = createScale({ values, from: left, to: left + width, isLogarithmic: panel.isLogarithmic ?? false });
  const digits = table.columns[column]?.digits ?? 0;
  const unit = table.columns[column]?.unit ?? "";
  return [
    text(left, 34, panel.title, { className: "name" }),
    text(left, 54, panel.isLogarithmic === true ? "median and range, logarithmic" : "median and range", {
      className: "small",
    }),
    ...scale.ticks.flatMap((tick) => [
      `  <path class="thin" d="M${px(scale.place(tick))} ${TOP - 6} V${bottom}" />`,
      text(scale.place(tick), bottom + 20, formatTick(tick), { className: "small", anchor: "middle" }),
    ]),
    `  <path class="line" d="M${px(left)} ${bottom} H${px(left + width)}" />`,
    ...cells.flatMap(({ row, cell }) => {
      const y = rowAt(table.rows.indexOf(row));
      return [
        `  <path class="${row.side}line" d="M${px(scale.place(cell.least))} ${y} H${px(scale.place(cell.most))}" />`,
        `  <circle class="${row.side}" cx="${px(scale.place(cell.median))}" cy="${y}" r="5" />`,
        text(scale.place(cell.most) + 10, y + 4, `${formatNumber(cell.median, digits)}${unit}`, { className: "small" }),
      ];
    }),
  ];
}
