// Draws shares over time as one picture: areas on top of each other.
import { styleWith } from "./picture-style.js";

/** The part of the slots that each class had during one step, 0 to 1. */
export type Sample = readonly number[];

/** What is written into the picture. */
export interface ShareLabels {
  readonly stepSeconds: number;
  readonly classes: readonly string[];
  readonly phases: ReadonlyArray<{ readonly atSeconds: number; readonly text: string }>;
}

const LEFT = 76;
const RIGHT = 1016;
const TOP = 76;
const BOTTOM = 316;
const CLASS_NAMES = ["high", "middle", "low"];

const STYLE = styleWith([
  { className: "high", light: "#0969da", dark: "#1f6feb" },
  { className: "middle", light: "#54aeff", dark: "#79c0ff" },
  { className: "low", light: "#bf8700", dark: "#d29922" },
]);

/** An SVG of the samples, in the style of the other pictures of the docs. */
export function drawShares(samples: readonly Sample[], { stepSeconds, classes, phases }: ShareLabels): string {
  const seconds = samples.length * stepSeconds;
  const x = (atSeconds: number): string => (LEFT + ((RIGHT - LEFT) * atSeconds) / seconds).toFixed(1);
  const y = (part: number): string => (BOTTOM - (BOTTOM - TOP) * part).toFixed(1);
  /** How far the areas up to this class reach, from below: the last class lies at the bottom. */
  const reach = (sample: Sample, index: number): number =>
    Math.min(
      1,
      sample.slice(index).reduce((sum, part) => sum + part, 0),
    );
  const areas = classes.map((_, index) => {
    const upper = samples.flatMap((sample, step) => [
      `${x(step * stepSeconds)} ${y(reach(sample, index))}`,
      `${x((step + 1) * stepSeconds)} ${y(reach(sample, index))}`,
    ]);
    return `  <path class="${CLASS_NAMES[index]}" d="M${x(0)} ${y(0)} L${upper.join(" L")} L${x(seconds)} ${y(0)} z" />`;
  });
  const legend = classes.flatMap((text, index) => [
    `  <rect class="${CLASS_NAMES[index]}" x="${LEFT + index * 200}" y="364" width="14" height="14" rx="3" />`,
    `  <text x="${LEFT + index * 200 + 22}" y="376">${text}</text>`,
  ]);
  const marks = phases.flatMap(({ atSeconds, text }) => [
    ...(atSeconds > 0 ? [`  <path class="thin" d="M${x(atSeconds)} ${TOP - 24} V${BOTTOM}" />`] : []),
    `  <text x="${Number(x(atSeconds)) + 6}" y="${TOP - 10}">${text}</text>`,
  ]);
  const ticks = Array.from({ length: seconds / 15 + 1 }, (_, index) => index * 15).flatMap((at) => [
    `  <path class="line" d="M${x(at)} ${BOTTOM} V${BOTTOM + 6}" />`,
    `  <text class="small" x="${x(at)}" y="${BOTTOM + 24}" text-anchor="middle">${at} s</text>`,
  ]);
  const parts = [0, 0.5, 1].map(
    (part) =>
      `  <text class="small" x="${LEFT - 10}" y="${Number(y(part)) + 4}" text-anchor="end">${part * 100} %</text>`,
  );
  const description = phases.map(({ atSeconds, text }) => `from ${atSeconds} s ${text}`).join(", ");
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1040 400" width="1040" height="400" role="img" aria-labelledby="title description">`,
    `  <title id="title">Handler time of 120 queues over one pool, over time</title>`,
    `  <desc id="description">Shares of the slots of three classes of queues: ${description}. Drawn by npm run bench:shares.</desc>`,
    `  <style>${STYLE}</style>`,
    `  <rect class="panel" x="0.5" y="0.5" width="1039" height="399" rx="8" />`,
    `  <text class="name" x="24" y="34" text-anchor="start">Who has the 100 slots</text>`,
    ...areas,
    ...marks,
    `  <path class="line" d="M${LEFT} ${TOP} V${BOTTOM} H${RIGHT}" />`,
    ...ticks,
    ...parts,
    ...legend,
    `</svg>`,
    "",
  ].join("\n");
}
