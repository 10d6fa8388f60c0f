// Draws the rows of a table as points, by two of its columns: a picture of who has both. Two panels beside each other.
import { cellsOf, formatTick, framePicture, px, tableOf, text } from "./picture.js";
import type { Panel, Picture, Report, Side } from "./report.js";
import { createScale } from "./scale.js";

const PANEL_WIDTH = 400;
const LEFTS = [84, 600] as const;
const PANEL_HEIGHT = 230;
const FIRST_TOP = 60;
const ROW_STEP = 330;
/** The mean, of the font of small text. */
const LETTER_WIDTH = 6.6;

interface Place {
  readonly dx: number;
  readonly dy: number;
  readonly anchor: "start" | "middle" | "end";
}

const BESIDE: Place = { dx: 12, dy: 4, anchor: "start" };
/** Where a name may stand, seen from its point: the first are the best. */
const PLACES: readonly Place[] = [
  BESIDE,
  { dx: -12, dy: 4, anchor: "end" },
  ...[14, 28, 42].flatMap((distance): Place[] => [
    { dx: 12, dy: 4 + distance, anchor: "start" },
    { dx: 12, dy: 4 - distance, anchor: "start" },
    { dx: -12, dy: 4 - distance, anchor: "end" },
    { dx: -12, dy: 4 + distance, anchor: "end" },
    { dx: 0, dy: 4 - distance, anchor: "middle" },
  ]),
];

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
    ...labelPoints(points, { left, right: left + PANEL_WIDTH + 20, top, bottom: bottom - 2 }),
  ];
}

interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Names beside their points, at the first place where they meet nothing. */
function labelPoints(points: readonly Point[], area: Box): string[] {
  const taken: Box[] = points.map(({ x, y }) => ({ left: x - 8, right: x + 8, top: y - 8, bottom: y + 8 }));
  return points.map((point) => {
    const places = PLACES.map((place) => ({ ...place, box: boxOf(point, place) }));
    const fits = places.find(({ box }) => isWithin(box, area) && !taken.some((other) => doMeet(box, other)));
    const { dx, dy, anchor } = fits ?? BESIDE;
    taken.push(boxOf(point, { dx, dy, anchor }));
    return text(point.x + dx, point.y + dy, point.name, { className: "small", anchor });
  });
}

function boxOf({ x, y, name }: Point, { dx, dy, anchor }: Place): Box {
  const width = name.length * LETTER_WIDTH;
  const left = x + dx - { start: 0, middle: width / 2, end: width }[anchor];
  return { left, right: left + width, top: y + dy - 12, bottom: y + dy + 3 };
}

function isWithin(box: Box, { left, right, top, bottom }: Box): boolean {
  return box.left >= left && box.right <= right && box.top >= top && box.bottom <= bottom;
}

function doMeet(one: Box, other: Box): boolean {
  return one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom;
}
