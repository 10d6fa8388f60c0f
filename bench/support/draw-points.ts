// Draws the rows of a table as points, by two of its columns: a picture of who has both. Two panels beside each other.
import { cellsOf, formatTick, framePicture, px, tableOf, text } from "./picture.js";
import type { Panel, Picture, Report, Side } from "./report.js";
import { createScale } from "./scale.js";

const PANEL_WIDTH = 400;
const LEFTS = [84, 600] as const;
const PANEL_HEIGHT = 230;
const FIRST_TOP = 60;
const ROW_STEP = 330;
/** Labels come no closer to each other than that. */
const LABEL_STEP = 16;

export function drawPoints(picture: Picture, report: Report): string {
  const height = FIRST_TOP + ROW_STEP * Math.ceil(picture.panels.length / 2) - 24;
  const parts = picture.panels.flatMap((panel, index) =>
    drawPanel(report, panel, LEFTS[index % 2] ?? 0, FIRST_TOP + ROW_STEP * Math.floor(index / 2)),
  );
  return framePicture(picture, report, height, parts);
}

interface Point {
  readonly name: string;
  readonly side: Side;
  readonly x: number;
  readonly y: number;
}

function drawPanel(report: Report, panel: Panel, left: number, top: number): string[] {
  const table = tableOf(report, panel.table);
  const bottom = top + PANEL_HEIGHT;
  const [across = 0, up = 0] = panel.columns;
  const medians = (column: number): number[] => cellsOf(table, column).map(({ cell }) => cell.median);
  const x = createScale({ values: medians(across), from: left, to: left + PANEL_WIDTH, isLogarithmic: false });
  const y = createScale({ values: [...medians(up), 95], from: bottom, to: top, isLogarithmic: false });
  const points = table.rows.map(({ name, side, cells }) => ({
    name,
    side,
    x: x.place(cells[across]?.median ?? 0),
    y: y.place(cells[up]?.median ?? 0),
  }));
  return [
    text(left - 60, top - 24, panel.title, { className: "name" }),
    ...y.ticks.flatMap((tick) => [
      `  <path class="thin" d="M${left} ${px(y.place(tick))} H${left + PANEL_WIDTH}" />`,
      text(left - 8, y.place(tick) + 4, `${formatTick(tick)} %`, { className: "small", anchor: "end" }),
    ]),
    ...x.ticks.map((tick) =>
      text(x.place(tick), bottom + 20, formatTick(tick), { className: "small", anchor: "middle" }),
    ),
    `  <path class="line" d="M${left} ${top} V${bottom} H${left + PANEL_WIDTH}" />`,
    text(left + PANEL_WIDTH / 2, bottom + 40, table.columns[across]?.name ?? "", {
      className: "small",
      anchor: "middle",
    }),
    ...points.map((point) => `  <circle class="${point.side}" cx="${px(point.x)}" cy="${px(point.y)}" r="6" />`),
    ...labelPoints(points, left + PANEL_WIDTH / 2),
  ];
}

/** Names beside their points: to the left of those on the right, and moved apart where they would meet. */
function labelPoints(points: readonly Point[], middle: number): string[] {
  const labels: string[] = [];
  for (const isRight of [false, true]) {
    let free = -Infinity;
    for (const point of points.filter(({ x }) => x > middle === isRight).toSorted((one, other) => one.y - other.y)) {
      const y = Math.max(point.y + 4, free);
      free = y + LABEL_STEP;
      labels.push(
        text(point.x + (isRight ? -12 : 12), y, point.name, { className: "small", anchor: isRight ? "end" : "start" }),
      );
    }
  }
  return labels;
}
