// What is sent, and what becomes of each message when it is handled.
import type { Draw } from "../draw.js";
import type { Ending, PlannedMessage, Turn } from "../history.js";
import type { Temper } from "./temper.js";

const GOOD_ENDINGS: readonly Ending[] = ["return", "returnText", "ack", "drop"];
const OTHER_ENDINGS: readonly Ending[] = [
  "deadLetter",
  "retry",
  "release",
  "throwError",
  "throwUndefined",
  "throwText",
  "throwRetry",
];

const HOUR_MS = 3_600_000;

/** Messages of the largest size, where bytes are counted: what a consumer is told that they can have. */
export const LARGEST_MESSAGE_BYTES = 2_048;

export function drawMessages(draw: Draw, temper: Temper): PlannedMessage[] {
  const most = temper.pace === "hours" ? 8 : draw.oneOf([3, 6, 12, 20, 40, 80]);
  const groups = draw.oneOf([1, 3, 10, 40]);
  return Array.from({ length: draw.integer(0, most) }, () => drawMessage(draw, temper, groups));
}

function drawMessage(draw: Draw, temper: Temper, groups: number): PlannedMessage {
  const turnCount = draw.oneOf([1, 1, 1, 2, 3]);
  return {
    queue: draw.integer(0, temper.queues.length - 1),
    sentAtMs: draw.happens(0.5) ? 0 : draw.integer(0, temper.endsAtMs / (temper.pace === "hours" ? 10 : 1)),
    weight: draw.integer(1, 4),
    // One of them is louder than the others.
    group: draw.happens(0.3) ? 0 : draw.integer(0, groups - 1),
    paddingBytes: temper.hasPadding ? draw.oneOf([0, 100, 1_900]) : 0,
    turns: Array.from({ length: turnCount }, () => drawTurn(draw, temper)),
  };
}

function drawTurn(draw: Draw, temper: Temper): Turn {
  const isSynchronous = draw.happens(0.1);
  const ending = draw.oneOf(draw.happens(temper.failureChance) ? OTHER_ENDINGS : GOOD_ENDINGS);
  const retrySeconds = draw.oneOf([0, 0, 1, 2.5, 30]);
  const stopTimeoutMs = temper.maySpeak ? draw.maybe(0.02, () => drawStopTimeout(draw)) : undefined;
  const isHeedful = draw.happens(0.6);
  return {
    ending,
    durationMs: isSynchronous ? 0 : drawDuration(draw, temper),
    isSynchronous,
    isHeedful,
    retrySeconds,
    pauses: temper.mayPause && retrySeconds > 0 ? draw.oneOf([undefined, "queue", "key", "key"]) : undefined,
    extendSeconds: temper.maySpeak ? draw.maybe(0.15, () => drawExtension(draw, temper)) : undefined,
    stopTimeoutMs,
    hasSignal: isHeedful || draw.happens(0.7),
  };
}

function drawDuration(draw: Draw, { slowness, longestVisibilityMs, pace }: Temper): number {
  if (pace === "hours") return draw.oneOf([1_000, HOUR_MS, draw.integer(0, 14 * HOUR_MS), 13 * HOUR_MS]);
  const kind = slowness === "mixed" ? draw.oneOf(["quick", "quick", "slow"]) : slowness;
  if (kind === "quick") return draw.oneOf([0, 1, draw.integer(1, 20), draw.integer(10, 500)]);
  return draw.oneOf([draw.integer(500, 5_000), draw.integer(500, 5_000), draw.integer(0, longestVisibilityMs * 2.2)]);
}

export function drawStopTimeout(draw: Draw): number {
  return draw.oneOf([0, 50, draw.integer(100, 3_000), 25_000, 25_000, Infinity]);
}

/** Twelve hours is more than a history of minutes waits for a message that its handler has hidden and not deleted. */
function drawExtension(draw: Draw, { pace }: Temper): number {
  return pace === "hours" ? draw.oneOf([60, 43_200]) : draw.integer(1, 120);
}
