// The temper of a history: what all of its parts are drawn by.
import type { Draw } from "../draw.js";
import type { QueuePlan } from "../history.js";

/** How long things take. */
type Pace = "minutes" | "hours";

export interface Temper {
  readonly pace: Pace;
  readonly endsAtMs: number;
  readonly queues: readonly QueuePlan[];
  readonly consumers: number;
  /** Whether its consumers are the queues of one group. */
  readonly isGroup: boolean;
  /** Whether everything goes well that the service can do well. */
  readonly isFaultless: boolean;
  readonly longestVisibilityMs: number;
  readonly visibilitiesSeconds: readonly number[];
  readonly failureChance: number;
  readonly slowness: "quick" | "mixed" | "slow";
  /** Whether handlers extend leases, and stop their consumers. */
  readonly maySpeak: boolean;
  /** Whether handlers pause queues and tenants. */
  readonly mayPause: boolean;
  readonly hasPadding: boolean;
}

/** Histories of hours take their time: few, and with few messages. */
const CHANCE_OF_HOURS = 0.003;

export function drawTemper(draw: Draw): Temper {
  const pace: Pace = draw.happens(CHANCE_OF_HOURS) ? "hours" : "minutes";
  const isGroup = pace === "minutes" && draw.happens(0.12);
  const queueCount = isGroup ? draw.integer(2, 4) : 1;
  const visibilitiesSeconds = pace === "hours" ? [3_600, 14_400, 43_200] : [5, 5, 6, 10, 30, 60];
  return {
    pace,
    isGroup,
    endsAtMs: pace === "hours" ? 50_400_000 : draw.integer(5_000, draw.oneOf([15_000, 30_000, 60_000, 120_000])),
    queues: Array.from({ length: queueCount }, () => drawQueue(draw)),
    consumers: isGroup ? queueCount : draw.oneOf([1, 1, 1, 2]),
    isFaultless: draw.happens(0.25),
    longestVisibilityMs: draw.oneOf(visibilitiesSeconds) * 1_000,
    visibilitiesSeconds,
    failureChance: draw.oneOf([0, 0.1, 0.4]),
    slowness: draw.oneOf(["quick", "mixed", "slow"]),
    maySpeak: draw.happens(0.4),
    mayPause: draw.happens(0.15),
    hasPadding: draw.happens(0.2),
  };
}

function drawQueue(draw: Draw): QueuePlan {
  return { isFifo: draw.happens(0.25), maxReceiveCount: draw.maybe(0.4, () => draw.integer(2, 12)) };
}
