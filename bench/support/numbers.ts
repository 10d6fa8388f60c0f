// Numbers as text, the same in tables, pictures and the terminal.
import type { Column, Limit, Spread } from "./report.js";
import { isKept } from "./report.js";

/** 1234.5 as "1,234.5". */
export function formatNumber(value: number, digits: number): string {
  return value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** The median, and the ends in brackets where there are any. */
export function formatSpread({ median, least, most }: Spread, { digits, unit = "" }: Omit<Column, "name">): string {
  const middle = formatNumber(median, digits);
  if (least === most) return `${middle}${unit}`;
  return `${middle}${unit} (${formatNumber(least, digits)} to ${formatNumber(most, digits)})`;
}

/** What a limit demands. */
export function formatDemand({ atMost, atLeast, unit }: Limit): string {
  if (atMost !== undefined) return `at most ${atMost.toLocaleString("en-US")}${unit}`;
  return atLeast === undefined ? "no limit" : `at least ${atLeast.toLocaleString("en-US")}${unit}`;
}

/** Whether it is kept. */
export function formatVerdict(limit: Limit): string {
  const kept = isKept(limit);
  if (kept === undefined) return "";
  return kept ? "holds" : "missed";
}
