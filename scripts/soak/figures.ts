// The figures of a soak, for the terminal and for the docs.
import { tableOf } from "../docs-page.js";
import { median } from "./flatness.js";
import type { SoakRecord } from "./record.js";
import { type Finding, formatTime, MIB, processorWait } from "./verdict.js";

/** What is told of every soak, in words and numbers. */
export function figuresOf(record: SoakRecord): ReadonlyArray<readonly [what: string, figure: string]> {
  const { samples, rests, account } = record;
  const [first, last] = [samples.at(0), samples.at(-1)];
  if (first === undefined || last === undefined) return [];
  const seconds = last.atSeconds - first.atSeconds;
  const deleted = last.queue.deleted - first.queue.deleted;
  const requests = last.queue.requests - first.queue.requests;
  const cpuMs = last.consumer.cpuMs - first.consumer.cpuMs;
  const of = (read: (sample: (typeof samples)[number]) => number): number[] => samples.map(read);
  const restMemory = rests.map(({ memoryBytes }) => memoryBytes / MIB);
  const { counters } = last.consumer.stats;
  return [
    ["messages", `${count(account.sent)}, ${count(deleted / seconds)} a second`],
    ["requests per message", (requests / deleted).toFixed(3)],
    ["requests with a fault", count(last.queue.faultyRequests)],
    ["handlers that failed, that were timed out", `${count(counters.failed)}, ${count(counters.timedOut)}`],
    ["leases lost, messages that came again while here", `${count(counters.revoked)}, ${count(counters.redelivered)}`],
    ["stops and starts", count(rests.length)],
    ["memory at rest", `${Math.min(...restMemory).toFixed(1)} to ${Math.max(...restMemory).toFixed(1)} MiB`],
    ["resident memory, at most", `${Math.max(...of(({ consumer }) => consumer.rssBytes / MIB)).toFixed(0)} MiB`],
    [
      "delay of the event loop, p99 of 5 s",
      `${median(of(({ consumer }) => consumer.delayP99Ms)).toFixed(1)} ms in the middle, ${Math.max(...of(({ consumer }) => consumer.delayP99Ms)).toFixed(0)} ms at most`,
    ],
    ["time that it waited for a processor", `${(100 * processorWait(first, last)).toFixed(0)} %`],
    ["processor time a message", `${((1_000 * cpuMs) / deleted).toFixed(0)} µs, handlers and collections included`],
  ];
}

/** The figures and the findings, as a table. */
export function describeFigures(record: SoakRecord, findings: readonly Finding[]): string {
  return tableOf(
    ["", ""],
    [
      ["length", formatTime(record.settings.seconds)],
      ...figuresOf(record),
      ...findings.map(({ what, details }) => [what, details]),
    ],
  );
}

function count(number: number): string {
  return Math.round(number).toLocaleString("en-US");
}
