// What is shown of the plays: a line for each as it ends, and the table in docs/faults.md.
import { FAULTS } from "../../test/faults/faults.js";
import { tableOf } from "../docs-page.js";
import type { Report } from "./process.js";

const HEAD = ["Fault", "Client", "Sent", "Handled", "Deleted", "Lost", "Run twice", "Came again", "Recovery", "Stop"];

/** One line about a play. */
export function describeRow(report: Report): string {
  const [fault = "", client = "", ...rest] = cellsOf(report);
  return [fault.padEnd(20), client.padEnd(7), ...rest.map((cell) => cell.padStart(6))].join(" ");
}

/** The table of all plays, what was played, and what each fault does. */
export function describePlays(reports: readonly Report[], machine: string): string {
  const total = reports.reduce((sum, { outcome }) => sum + (outcome?.account.sent ?? 0), 0);
  const broken = reports.filter((report) => report.broken.length > 0).length;
  const summary = `${reports.length} plays, ${total.toLocaleString("en")} messages, ${broken} promises broken. ${machine}.`;
  const faults = FAULTS.filter(({ isTls }) => isTls !== true).map(({ name, what }) => [name, what]);
  return [
    summary,
    tableOf(HEAD, reports.map(cellsOf), 2),
    "What happens while a fault is on:",
    tableOf(["Fault", "What happens"], faults),
  ].join("\n\n");
}

function cellsOf({ fault, client, outcome }: Report): string[] {
  if (outcome === undefined) return [fault, client, ...HEAD.slice(2).map(() => "–")];
  const { sent, handled, deleted, lost, runTwice, cameAgain } = outcome.account;
  const { givenBack, answerLost, leaseEnded } = cameAgain;
  const counts = [sent, handled, deleted, lost, runTwice].map((count) => count.toLocaleString("en"));
  const again = [givenBack, answerLost, leaseEnded].map((count) => count.toLocaleString("en")).join(" / ");
  return [fault, client, ...counts, again, describeRecovery(outcome.recoveredMs), seconds(outcome.stops[0].tookMs)];
}

function describeRecovery(recoveredMs: readonly number[]): string {
  const sorted = recoveredMs.toSorted((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  return `${seconds(median)}, ${seconds(sorted.at(-1) ?? Number.NaN)}`;
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
