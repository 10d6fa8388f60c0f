// Draws who has the slots, and how long the quiet tenants wait, as one picture: a row for each way to run.
import { styleWith } from "./picture-style.js";

/** One second. */
export interface TenantSample {
  /** The part of the slots that the noisy tenant had, 0 to 1. */
  readonly noisy: number;
  /** The part that the quiet ones had together. */
  readonly quiet: number;
  /** The longest that a message of a quiet one had waited. */
  readonly longestWaitMs: number;
}

/** A way to run, and what came of it. */
export interface TenantRow {
  readonly name: string;
  readonly samples: readonly TenantSample[];
}

const WIDTH = 1_040;
const COLUMN_WIDTH = 420;
const SLOTS_LEFT = 76;
const WAIT_LEFT = 590;
const ROW_HEIGHT = 140;
const FIRST_TOP = 92;
const ROW_STEP = 204;
/** The scale of waits is logarithmic, from the one to the other. */
const LEAST_MS = 10;
const MOST_MS = 10_000;

const STYLE = styleWith([
  { className: "quiet", light: "#0969da", dark: "#1f6feb" },
  { className: "noisy", light: "#bf8700", dark: "#d29922" },
  { className: "wait", light: "#0969da", dark: "#1f6feb", isLine: true },
]);

/** An SVG of the rows, in the style of the other pictures of the docs. */
export function drawTenants(rows: readonly TenantRow[], noisyAtSeconds: number): string {
  const height = FIRST_TOP + ROW_STEP * rows.length + 8;
  const legendTop = height - 34;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-labelledby="title description">`,
    `  <title id="title">Slots and waits of tenants over time, with and without the option tenants</title>`,
    `  <desc id="description">${describe(rows, noisyAtSeconds)} Drawn by npm run bench:tenants.</desc>`,
    `  <style>${STYLE}</style>`,
    `  <rect class="panel" x="0.5" y="0.5" width="${WIDTH - 1}" height="${height - 1}" rx="8" />`,
    `  <text class="name" x="24" y="34">Who has the 20 slots</text>`,
    `  <text class="name" x="${WAIT_LEFT - 52}" y="34">The longest wait of a quiet tenant's message</text>`,
    ...rows.flatMap((row, index) => drawRow(row, FIRST_TOP + index * ROW_STEP, noisyAtSeconds)),
    `  <rect class="noisy" x="${SLOTS_LEFT}" y="${legendTop}" width="14" height="14" rx="3" />`,
    `  <text x="${SLOTS_LEFT + 22}" y="${legendTop + 12}">the noisy tenant: 20,000 messages at ${noisyAtSeconds} s</text>`,
    `  <rect class="quiet" x="${WAIT_LEFT}" y="${legendTop}" width="14" height="14" rx="3" />`,
    `  <text x="${WAIT_LEFT + 22}" y="${legendTop + 12}">50 quiet ones: a message a second each</text>`,
    `</svg>`,
    "",
  ].join("\n");
}

function describe(rows: readonly TenantRow[], noisyAtSeconds: number): string {
  const sentences = rows.map(({ name, samples }) => {
    const after = samples.slice(noisyAtSeconds + 1);
    const longest = Math.max(...after.map(({ longestWaitMs }) => longestWaitMs));
    const most = Math.max(...after.map(({ noisy }) => noisy));
    return `${name}: the noisy tenant has up to ${Math.round(100 * most)} % of the slots, and messages of the quiet ones wait for up to ${Math.round(longest)} ms.`;
  });
  return sentences.join(" ");
}

function drawRow({ name, samples }: TenantRow, top: number, noisyAtSeconds: number): string[] {
  const bottom = top + ROW_HEIGHT;
  const x = (left: number, second: number): string => (left + (COLUMN_WIDTH * second) / samples.length).toFixed(1);
  const y = (part: number): string => (bottom - ROW_HEIGHT * Math.min(1, Math.max(0, part))).toFixed(1);
  const yOfWait = (ms: number): string => y(Math.log(Math.max(ms, LEAST_MS) / LEAST_MS) / Math.log(MOST_MS / LEAST_MS));
  const steps = (left: number, height: (sample: TenantSample) => string): string =>
    samples
      .flatMap((sample, second) => [`${x(left, second)} ${height(sample)}`, `${x(left, second + 1)} ${height(sample)}`])
      .join(" L");
  const area = (className: string, height: (sample: TenantSample) => string): string =>
    `  <path class="${className}" d="M${x(SLOTS_LEFT, 0)} ${bottom} L${steps(SLOTS_LEFT, height)} V${bottom} z" />`;
  return [
    `  <text x="${SLOTS_LEFT}" y="${top - 14}">${name}</text>`,
    area("noisy", ({ noisy, quiet }) => y(noisy + quiet)),
    area("quiet", ({ quiet }) => y(quiet)),
    `  <path class="wait" d="M${steps(WAIT_LEFT, ({ longestWaitMs }) => yOfWait(longestWaitMs))}" />`,
    ...[SLOTS_LEFT, WAIT_LEFT].flatMap((left) => [
      `  <path class="thin" d="M${x(left, noisyAtSeconds)} ${top} V${bottom}" />`,
      `  <path class="line" d="M${left} ${top} V${bottom} H${left + COLUMN_WIDTH}" />`,
      ...[0, 20, 40, 60].map(
        (second) =>
          `  <text class="small" x="${x(left, second)}" y="${bottom + 20}" text-anchor="middle">${second} s</text>`,
      ),
    ]),
    ...[0, 0.5, 1].map((part) => label(SLOTS_LEFT, y(part), `${part * 100} %`)),
    ...[10, 100, 1_000, 10_000].map((ms) => label(WAIT_LEFT, yOfWait(ms), ms < 1_000 ? `${ms} ms` : `${ms / 1_000} s`)),
  ];
}

function label(left: number, y: string, text: string): string {
  return `  <text class="small" x="${left - 8}" y="${Number(y) + 4}" text-anchor="end">${text}</text>`;
}
