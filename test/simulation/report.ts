// Tells of a failing history: what is broken, how to play it again, and what happened.
import type { History } from "./history.js";
import { createHistory } from "./random-history.js";
import { shrinkHistory } from "./shrink.js";
import { PROMISES } from "./violation.js";
import { playHistory, type Result } from "./playing.js";
import type { PlayOptions } from "./world.js";

/** How many lines of a trace are shown; a failure is found at its end. */
const MOST_LINES = 120;

/** What a failing seed breaks, and the account of its smallest variant. */
export async function describeFailure(seed: number, options: PlayOptions = {}): Promise<string> {
  const history = createHistory(seed);
  const original = await playHistory(history, options);
  const [violation] = original.violations;
  if (violation === undefined) return `Seed ${seed} breaks nothing.`;
  const smallest = await shrinkHistory(history, violation.promise, options);
  const result = await playHistory(smallest, { ...options, isTraced: true });
  return [
    `Seed ${seed} breaks ${describeViolations(original)}`,
    `Play it again: npm run simulate -- --seed ${seed} --runs 1`,
    "",
    `The smallest variant found: ${describeSize(smallest)} (of ${describeSize(history)}) breaks`,
    describeViolations(result),
    "",
    JSON.stringify(smallest),
    "",
    ...lastLines(result),
  ].join("\n");
}

function describeViolations({ violations }: Result): string {
  return violations
    .map(({ promise, atMs, text }) => `promise ${PROMISES[promise]}\n  at ${atMs.toFixed(1)} ms: ${text}`)
    .join("\n");
}

function describeSize({ messages, consumers, commands, faultPeriods, endsAtMs }: History): string {
  return (
    `${messages.length} messages, ${consumers.length} consumers, ${commands.length} commands, ` +
    `${faultPeriods.length} fault periods, ${endsAtMs} ms`
  );
}

function lastLines({ world }: Result): string[] {
  const { lines } = world.trace;
  const left = lines.length - MOST_LINES;
  return left > 0 ? [`… ${left} lines before`, ...lines.slice(left)] : lines;
}
