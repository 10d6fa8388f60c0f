// Draws each kill as a dot: what the process had in hand, and what was handled twice because of it.
import { styleWith } from "../../bench/support/picture-style.js";
import type { Account, CrashFigures } from "../../test/crashes/account.js";

const WIDTH = 1_040;
const HEIGHT = 470;
const LEFT = 70;
const TOP = 70;
const PLOT_WIDTH = 600;
const PLOT_HEIGHT = 330;
const LEGEND_LEFT = 710;

const STYLE = styleWith([
  { className: "default", light: "#0969da", dark: "#58a6ff" },
  { className: "direct", light: "#bf8700", dark: "#d29922" },
]);

/** An SVG of the kills, in the style of the other pictures of the docs. */
export function drawCrashes(accounts: readonly Account[]): string {
  const killed = accounts.filter(({ signal }) => signal === "SIGKILL");
  const all = killed.flatMap(({ crashes }) => crashes);
  const most = Math.max(10, Math.ceil(Math.max(...all.map(({ inHand }) => inHand)) / 10) * 10);
  const bottom = TOP + PLOT_HEIGHT;
  const x = (inHand: number): number => LEFT + (PLOT_WIDTH * inHand) / most;
  const y = (duplicates: number): number => bottom - (PLOT_HEIGHT * duplicates) / most;
  const steps = Array.from({ length: 6 }, (_, step) => Math.round((most * step) / 5));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" aria-labelledby="title description">`,
    `  <title id="title">Duplicates of each kill against what the process had in hand</title>`,
    `  <desc id="description">${describe(all)} Drawn by npm run crashes.</desc>`,
    `  <style>${STYLE}</style>`,
    `  <rect class="panel" x="0.5" y="0.5" width="${WIDTH - 1}" height="${HEIGHT - 1}" rx="8" />`,
    `  <text class="name" x="24" y="34">Handled twice because of each kill</text>`,
    `  <path class="line" d="M${LEFT} ${TOP} V${bottom} H${LEFT + PLOT_WIDTH}" />`,
    `  <path class="thin" d="M${x(0)} ${y(0)} L${x(most)} ${y(most)}" />`,
    `  <text class="small" x="${x(most) - 8}" y="${y(most) + 4}" text-anchor="end">all that was in hand</text>`,
    ...steps.flatMap((step) => [
      `  <text class="small" x="${x(step)}" y="${bottom + 20}" text-anchor="middle">${step}</text>`,
      `  <text class="small" x="${LEFT - 10}" y="${y(step) + 4}" text-anchor="end">${step}</text>`,
    ]),
    `  <text x="${LEFT + PLOT_WIDTH / 2}" y="${bottom + 44}" text-anchor="middle">messages in hand at the kill, as the service sees it</text>`,
    ...killed.flatMap(({ clients, crashes }) =>
      crashes.map(
        ({ inHand, duplicates }) =>
          `  <circle class="${clients[0] ?? "default"}" cx="${x(inHand).toFixed(1)}" cy="${y(duplicates).toFixed(1)}" r="4" fill-opacity="0.55" />`,
      ),
    ),
    ...killed.flatMap((account, index) => drawLegend(account, TOP + 30 + index * 90)),
    `</svg>`,
    "",
  ].join("\n");
}

function drawLegend({ clients, crashes, duplicates }: Account, top: number): string[] {
  const name = clients[0] ?? "default";
  const inHand = crashes.reduce((sum, crash) => sum + crash.inHand, 0);
  const figure = (number: number): string => number.toLocaleString("en-US");
  return [
    `  <circle class="${name}" cx="${LEGEND_LEFT}" cy="${top - 4}" r="6" />`,
    `  <text x="${LEGEND_LEFT + 16}" y="${top}">the ${name} client: ${figure(crashes.length)} kills</text>`,
    `  <text class="small" x="${LEGEND_LEFT + 16}" y="${top + 22}">${figure(inHand)} messages in hand</text>`,
    `  <text class="small" x="${LEGEND_LEFT + 16}" y="${top + 42}">${figure(duplicates)} handled twice, none lost</text>`,
  ];
}

function describe(crashes: readonly CrashFigures[]): string {
  const duplicates = crashes.reduce((sum, crash) => sum + crash.duplicates, 0);
  const above = crashes.filter((crash) => crash.duplicates > crash.inHand).length;
  return `${crashes.length} kills, each a dot: ${duplicates} messages were handled twice. ${above === 0 ? "No dot is" : `${above} dots are`} above the diagonal, on which all that was in hand is handled twice.`;
}
