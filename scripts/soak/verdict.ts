// What a soak must show, point by point.
import { judgeFlatness, type Point } from "./flatness.js";
import type { Sample, SoakRecord } from "./record.js";
import { SLOTS_PART } from "./settings.js";

/** One thing that a soak must show. */
export interface Finding {
  readonly what: string;
  readonly isGood: boolean;
  readonly details: string;
}

export const MIB = 1_048_576;
/** How much the second half of a soak may grow, of memory at rest, of memory under load, and of what the system gave. */
const MOST_GROWTH_MIB = { rest: 2, load: 4, rss: 32 } as const;
/** How much later the event loop may be at the end than in the middle. */
const MOST_DELAY_GROWTH_MS = 50;
/** Where the event loop waited for a processor for a larger part of the time than that, its delay says nothing of itself. */
const MOST_PROCESSOR_WAIT = 0.05;
/** Shorter soaks say nothing of it: a neighbour that is busy for some seconds is all that one would see. */
const SHORTEST_FOR_DELAY_SECONDS = 240;
/** Longer than that, messages never wait while none is finished: an outage, a pause and a back-off together. */
const LONGEST_STANDSTILL_SECONDS = 30;
/** The least waiting room of a pool that is not told otherwise; larger ones have two places a slot. */
const WAITING_ROOM = 1_000;

/** Judges a soak. It has passed if every finding is good. */
export function judgeSoak(record: SoakRecord): readonly Finding[] {
  return [
    memoryAtRest(record),
    memoryUnderLoad(record),
    residentMemory(record),
    handlesAtRest(record),
    inHandAtRest(record),
    inHandUnderLoad(record),
    eventLoop(record),
    standstill(record),
    lost(record),
    deletedUnhandled(record),
    reportedErrors(record),
  ];
}

function memoryAtRest({ rests }: SoakRecord): Finding {
  const points = rests.map(({ atSeconds, memoryBytes }) => ({ atSeconds, value: memoryBytes }));
  return growth("memory after a collection, at rest", points, { most: MOST_GROWTH_MIB.rest, unit: "MiB", size: MIB });
}

function memoryUnderLoad({ samples }: SoakRecord): Finding {
  const points = samples.map(({ atSeconds, consumer }) => ({ atSeconds, value: consumer.memoryBytes }));
  return growth("memory after a collection, under load", points, {
    most: MOST_GROWTH_MIB.load,
    unit: "MiB",
    size: MIB,
  });
}

function residentMemory({ samples }: SoakRecord): Finding {
  const points = samples.map(({ atSeconds, consumer }) => ({ atSeconds, value: consumer.rssBytes }));
  return growth("resident memory", points, { most: MOST_GROWTH_MIB.rss, unit: "MiB", size: MIB });
}

function eventLoop({ samples, settings }: SoakRecord): Finding {
  const what = "delay of the event loop (p99)";
  if (settings.seconds < SHORTEST_FOR_DELAY_SECONDS)
    return { what, isGood: true, details: "not judged in so short a soak" };
  const quiet = samples.filter((sample, index) => processorWait(samples[index - 1], sample) <= MOST_PROCESSOR_WAIT);
  const share = `${((100 * quiet.length) / samples.length).toFixed(0)} % of the looks`;
  if (2 * quiet.length < samples.length) {
    return { what, isGood: true, details: `not judged: it had the processor to itself in only ${share}` };
  }
  const points = quiet.map(({ atSeconds, consumer }) => ({ atSeconds, value: consumer.delayP99Ms }));
  const finding = growth(what, points, { most: MOST_DELAY_GROWTH_MS, unit: "ms", size: 1 });
  return { ...finding, details: `${finding.details}, in the ${share} in which it had the processor to itself` };
}

/** The part of the time between two looks in which the event loop was ready to run and had no processor. */
export function processorWait(before: Sample | undefined, sample: Sample): number {
  const waitedMs = sample.consumer.processorWaitMs - (before?.consumer.processorWaitMs ?? 0);
  return waitedMs / (1_000 * (sample.atSeconds - (before?.atSeconds ?? 0)));
}

function growth(
  what: string,
  points: readonly Point[],
  { most, unit, size }: { most: number; unit: string; size: number },
): Finding {
  const flatness = judgeFlatness(points, most * size);
  if (flatness === undefined) return { what, isGood: false, details: "measured too seldom to be judged" };
  const { isFlat, growth: by, fromSeconds, toSeconds } = flatness;
  const change = `${by < 0 ? "-" : "+"}${(Math.abs(by) / size).toFixed(2)} ${unit}`;
  const details = `${change} from ${formatTime(fromSeconds)} to ${formatTime(toSeconds)}, at most +${most} ${unit}`;
  return { what, isGood: isFlat, details };
}

function handlesAtRest({ rests, handlesBefore }: SoakRecord): Finding {
  const left = rests.flatMap(({ atSeconds, handles }) =>
    Object.entries(handles)
      .filter(([kind, count]) => count > (handlesBefore[kind] ?? 0))
      .map(([kind, count]) => `${count - (handlesBefore[kind] ?? 0)} ${kind} at ${formatTime(atSeconds)}`),
  );
  return {
    what: "handles at rest",
    isGood: left.length === 0,
    details: left.length === 0 ? `none more than before the first start, ${rests.length} times` : list(left),
  };
}

function inHandAtRest({ rests }: SoakRecord): Finding {
  const stuck = rests.filter(({ inHand }) => inHand > 0);
  const details = stuck.map(({ inHand, atSeconds }) => `${inHand} at ${formatTime(atSeconds)}`);
  return {
    what: "messages in hand at rest",
    isGood: stuck.length === 0,
    details: stuck.length === 0 ? `none, ${rests.length} times` : list(details),
  };
}

function inHandUnderLoad({ samples, settings }: SoakRecord): Finding {
  const mostRunning = Math.max(...samples.map(({ consumer }) => consumer.running));
  const mostWaiting = Math.max(...samples.map(({ consumer }) => consumer.waiting));
  const slots = Math.round(settings.concurrency * SLOTS_PART.moreSlots);
  return {
    what: "messages in hand under load",
    isGood: mostRunning <= slots && mostWaiting <= Math.max(WAITING_ROOM, 2 * slots),
    details: `at most ${mostRunning} running on ${slots} slots, ${mostWaiting} waiting`,
  };
}

/** The longest that nothing was finished although there was something to do. */
function standstill({ samples }: SoakRecord): Finding {
  let longestSeconds = 0;
  let sinceSeconds: number | undefined;
  let lastDeleted = -1;
  for (const { atSeconds, queue } of samples) {
    const isStanding = queue.deleted === lastDeleted && queue.visible > 0;
    lastDeleted = queue.deleted;
    if (!isStanding) sinceSeconds = atSeconds;
    longestSeconds = Math.max(longestSeconds, atSeconds - (sinceSeconds ?? atSeconds));
  }
  return {
    what: "longest standstill with messages in the queue",
    isGood: longestSeconds <= LONGEST_STANDSTILL_SECONDS,
    details: `${longestSeconds.toFixed(0)} s, at most ${LONGEST_STANDSTILL_SECONDS} s`,
  };
}

function lost({ account, remaining }: SoakRecord): Finding {
  const { sent, deleted, redriven } = account;
  const details = `${account.lost} of ${count(sent)}: ${count(deleted)} deleted, ${count(redriven)} redriven, ${count(remaining)} left in the queue`;
  return { what: "messages lost", isGood: account.lost === 0 && remaining === 0, details };
}

function deletedUnhandled({ account }: SoakRecord): Finding {
  const details = `${account.deletedUnhandled}; handled twice, which may happen: ${count(account.handledTwice)}`;
  return { what: "messages deleted before they were handled", isGood: account.deletedUnhandled === 0, details };
}

/** Those that say that something is broken, and not only that the service has failed. */
const BAD_ERRORS: readonly string[] = [
  "INTERNAL",
  "LISTENER_FAILED",
  "RETRY_POLICY_FAILED",
  "RUNNER_FAILED",
  "WORKER_START_FAILED",
  "WORKER_STOP_FAILED",
];

function reportedErrors({ errors }: SoakRecord): Finding {
  const all = Object.entries(errors).map(([code, times]) => `${code} ${count(times)}`);
  return {
    what: "errors that were reported",
    isGood: BAD_ERRORS.every((code) => errors[code] === undefined),
    details: all.length === 0 ? "none" : all.join(", "),
  };
}

function list(details: readonly string[]): string {
  const [first = "", ...others] = details;
  return others.length === 0 ? first : `${first}, and ${others.length} times more`;
}

/** 90 as "1:30". */
export function formatTime(seconds: number): string {
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

function count(number: number): string {
  return number.toLocaleString("en-US");
}
