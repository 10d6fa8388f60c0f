// The account in words.
import pc from "picocolors";
import type { Account } from "./account.js";
import { formatCount } from "./format.js";
import type { Snapshot } from "./snapshot.js";

/** The account as the demo's last lines. */
export function describeAccount(account: Account, last: Snapshot, mostRunning: number): string {
  const { sent, done, deadByWord, deadByRedrive, remaining, wrongs, isProven } = account;
  const rate = (last.gone * 1_000) / last.elapsedMs;
  const terms: ReadonlyArray<readonly [count: number, what: string]> = [
    [sent, "sent, of which the server says:"],
    [done, "deleted once, after their work was done"],
    [deadByWord, "in the dead-letter queue, because their handler said so"],
    [deadByRedrive, "in the dead-letter queue, after failing every attempt"],
    [remaining, "still in the queue"],
  ];
  return [
    "",
    ...terms.map(([count, what], index) => `${index === 0 ? " " : "+"} ${formatCount(count).padStart(7)}  ${what}`),
    "",
    ...wrongs.map(([what, times]) => {
      const line = `  ${formatCount(times).padStart(7)}  ${what}`;
      return times === 0 ? line : pc.red(line);
    }),
    "",
    `  ${formatCount(last.gone)} messages in ${(last.elapsedMs / 1_000).toFixed(1)} s, ${formatCount(rate)} a second, ` +
      `at most ${mostRunning} at once,`,
    `  ${last.requestsPerMessage.toFixed(3)} requests per message, retries and dead letters included.`,
    "",
    isProven ? pc.green("Nothing was lost, and nothing was acknowledged twice.") : pc.red("The account is wrong."),
  ].join("\n");
}
