// Draws a soak: one panel for each thing that must stay flat, all over the same time.
import { styleWith } from "../../bench/support/picture-style.js";
import type { Point } from "./flatness.js";
import type { Sample, SoakRecord } from "./record.js";
import { formatTime, MIB } from "./verdict.js";

interface Series {
  readonly className: string;
  readonly name: string;
  readonly points: readonly Point[];
  readonly isDots?: boolean;
}

interface Panel {
  readonly title: string;
  readonly unit: string;
  readonly series: readonly Series[];
}

const WIDTH = 1_040;
const LEFT = 84;
const RIGHT = 1_016;
const PANEL_HEIGHT = 104;
const FIRST_TOP = 84;
const STEP = 164;

const STYLE = styleWith([
  { className: "first", light: "#0969da", dark: "#1f6feb", isLine: true },
  { className: "second", light: "#bf8700", dark: "#d29922", isLine: true },
  { className: "third", light: "#8c959f", dark: "#6e7681", isLine: true },
  { className: "dots", light: "#cf222e", dark: "#f85149" },
  { className: "key-first", light: "#0969da", dark: "#1f6feb" },
  { className: "key-second", light: "#bf8700", dark: "#d29922" },
  { className: "key-third", light: "#8c959f", dark: "#6e7681" },
]);

/** An SVG in the style of the other pictures of the docs. */
export function drawSoak(record: SoakRecord): string {
  const panels = panelsOf(record);
  const height = FIRST_TOP + STEP * panels.length - 20;
  const { perSecond, client } = record.settings;
  const seconds = Math.max(record.settings.seconds, record.samples.at(-1)?.atSeconds ?? 0);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-labelledby="title description">`,
    `  <title id="title">A soak of ${formatTime(seconds)} (minutes and seconds)</title>`,
    `  <desc id="description">${panels.map(describe).join(" ")} Drawn by npm run soak.</desc>`,
    `  <style>${STYLE}</style>`,
    `  <rect class="panel" x="0.5" y="0.5" width="${WIDTH - 1}" height="${height - 1}" rx="8" />`,
    `  <text class="name" x="24" y="34">${formatTime(seconds)} at ${perSecond} messages a second, with bursts, faults, outages, pauses and restarts, over ${client === "sdk" ? "the SDK's client" : "millrace/direct"}</text>`,
    ...panels.flatMap((panel, index) => drawPanel(panel, FIRST_TOP + index * STEP, seconds)),
    `</svg>`,
    "",
  ].join("\n");
}

function panelsOf({ samples, rests }: SoakRecord): Panel[] {
  const line = (className: string, name: string, read: (sample: Sample) => number): Series => ({
    className,
    name,
    points: samples.map((sample) => ({ atSeconds: sample.atSeconds, value: read(sample) })),
  });
  const atRest = (read: (rest: (typeof rests)[number]) => number): Series => ({
    className: "dots",
    name: "at rest, after stop()",
    points: rests.map((rest) => ({ atSeconds: rest.atSeconds, value: read(rest) })),
    isDots: true,
  });
  return [
    {
      title: "Memory after a full collection",
      unit: "MiB",
      series: [
        line("first", "under load", ({ consumer }) => consumer.memoryBytes / MIB),
        atRest(({ memoryBytes }) => memoryBytes / MIB),
      ],
    },
    {
      title: "Resident memory",
      unit: "MiB",
      series: [line("first", "of the process", ({ consumer }) => consumer.rssBytes / MIB)],
    },
    {
      title: "Handles: sockets, timers and others",
      unit: "",
      series: [
        line("first", "under load", ({ consumer }) => sum(consumer.handles)),
        atRest(({ handles }) => sum(handles)),
      ],
    },
    {
      title: "Messages in hand",
      unit: "",
      series: [
        line("third", "waiting", ({ consumer }) => consumer.waiting),
        line("second", "unconfirmed", ({ consumer }) => consumer.unconfirmed),
        line("first", "running", ({ consumer }) => consumer.running),
        atRest(({ inHand }) => inHand),
      ],
    },
    {
      title: "Delay of the event loop",
      unit: "ms",
      series: [
        line("third", "the most", ({ consumer }) => consumer.delayMostMs),
        line("first", "99th percentile", ({ consumer }) => consumer.delayP99Ms),
      ],
    },
    {
      title: "Messages handled",
      unit: "a second",
      series: [{ className: "first", name: "", points: rates(samples, ({ queue }) => queue.deleted) }],
    },
    {
      title: "Requests per message",
      unit: "",
      series: [{ className: "first", name: "over a minute", points: requestsPerMessage(samples) }],
    },
  ];
}

function sum(handles: Readonly<Record<string, number>>): number {
  return Object.values(handles).reduce((total, count) => total + count, 0);
}

/** How fast a count grows, from look to look. */
function rates(samples: readonly Sample[], read: (sample: Sample) => number): Point[] {
  return samples.slice(1).map((sample, index) => {
    const before = samples[index] ?? sample;
    return {
      atSeconds: sample.atSeconds,
      value: (read(sample) - read(before)) / (sample.atSeconds - before.atSeconds),
    };
  });
}

function requestsPerMessage(samples: readonly Sample[]): Point[] {
  const looks = 12;
  return samples.slice(looks).map((sample, index) => {
    const { queue } = samples[index] ?? sample;
    const deleted = sample.queue.deleted - queue.deleted;
    return { atSeconds: sample.atSeconds, value: (sample.queue.requests - queue.requests) / Math.max(1, deleted) };
  });
}

function describe({ title, unit, series }: Panel): string {
  const parts = series
    .filter(({ points }) => points.length > 0)
    .map(({ name, points }) => {
      const values = points.map(({ value }) => value);
      return `${name} ${format(Math.min(...values))} to ${format(Math.max(...values))}`.trim();
    });
  return `${title}${unit === "" ? "" : ` (${unit})`}: ${parts.join(", ")}.`;
}

function drawPanel({ title, unit, series }: Panel, top: number, seconds: number): string[] {
  const bottom = top + PANEL_HEIGHT;
  const most = niceAbove(Math.max(...series.flatMap(({ points }) => points.map(({ value }) => value)), 0));
  const x = (atSeconds: number): string =>
    (LEFT + ((RIGHT - LEFT) * Math.min(atSeconds, seconds)) / seconds).toFixed(1);
  const y = (value: number): string => (bottom - (PANEL_HEIGHT * Math.max(0, value)) / most).toFixed(1);
  return [
    `  <text x="24" y="${top - 16}">${title}${unit === "" ? "" : `, ${unit}`}</text>`,
    ...drawKeys(series, top - 16),
    ...[0.5, 1].map((part) => `  <path class="thin" d="M${LEFT} ${y(part * most)} H${RIGHT}" />`),
    ...series.flatMap((one) => drawSeries(one, x, y)),
    `  <path class="line" d="M${LEFT} ${top} V${bottom} H${RIGHT}" />`,
    ...[0, 0.5, 1].map(
      (part) =>
        `  <text class="small" x="${LEFT - 8}" y="${Number(y(part * most)) + 4}" text-anchor="end">${format(part * most)}</text>`,
    ),
    ...[0, 0.25, 0.5, 0.75, 1].map(
      (part) =>
        `  <text class="small" x="${x(part * seconds)}" y="${bottom + 18}" text-anchor="${part === 1 ? "end" : "middle"}">${formatTime(part * seconds)}</text>`,
    ),
  ];
}

/** What each colour is, from right to left. */
function drawKeys(series: readonly Series[], y: number): string[] {
  let right = RIGHT;
  return series
    .filter(({ name }) => name !== "")
    .flatMap(({ className, name }) => {
      const left = right - 7 * name.length;
      right = left - 36;
      const key = className === "dots" ? "dots" : `key-${className}`;
      return [
        `  <rect class="${key}" x="${left - 18}" y="${y - 10}" width="10" height="10" rx="3" />`,
        `  <text class="small" x="${left}" y="${y}">${name}</text>`,
      ];
    });
}

function drawSeries(
  { className, points, isDots = false }: Series,
  x: (atSeconds: number) => string,
  y: (value: number) => string,
): string[] {
  if (points.length === 0) return [];
  if (isDots) {
    return points.map(
      ({ atSeconds, value }) => `  <circle class="${className}" cx="${x(atSeconds)}" cy="${y(value)}" r="3" />`,
    );
  }
  const path = points.map(({ atSeconds, value }) => `${x(atSeconds)} ${y(value)}`).join(" L");
  return [`  <path class="${className}" d="M${path}" />`];
}

/** A round number at or above it, for the top of a scale. */
function niceAbove(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const step = [1, 2, 4, 5, 10].find((factor) => factor * power >= value) ?? 10;
  return step * power;
}

function format(value: number): string {
  if (value === 0) return "0";
  if (value >= 100) return Math.round(value).toLocaleString("en-US");
  return String(Number(value.toFixed(value >= 10 ? 1 : 2)));
}
