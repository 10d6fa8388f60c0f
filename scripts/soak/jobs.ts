// The work of the soak: what each message asks of its handler, and the handler.
import { setTimeout as sleep } from "node:timers/promises";
import { ack, deadLetter, type Handler, type Message } from "../../src/index.js";
import type { RandomSource } from "../../src/testing/index.js";
import type { SoakTimes } from "./settings.js";

/** How a handler behaves. */
type JobKind = "quick" | "slow" | "long" | "failing" | "unusable" | "stubborn";

/** What stands in a message's body. */
export interface Job {
  readonly kind: JobKind;
  readonly workMs: number;
  readonly padding: string;
}

/** Of so many messages each kind has one, but for the quick ones, which are the rest. */
const ONE_OF = { slow: 50, failing: 100, unusable: 300, long: 2_000, stubborn: 10_000 } as const;
const LONGEST_PADDING = 4_000;
/** After that a stubborn job ends in time: if it never did, it would come again for ever. */
const STUBBORN_ATTEMPTS = 2;

/** Draws the next job. */
export function drawJob(random: RandomSource, times: SoakTimes): Job {
  const kind = drawKind(random);
  const padding = "x".repeat(Math.floor(random() * LONGEST_PADDING));
  return { kind, workMs: Math.round(workMsOf(kind, random, times)), padding };
}

function drawKind(random: RandomSource): JobKind {
  for (const [kind, count] of Object.entries(ONE_OF)) {
    if (random() * count < 1) return kind as JobKind;
  }
  return "quick";
}

function workMsOf(kind: JobKind, random: RandomSource, times: SoakTimes): number {
  if (kind === "long") return times.longWorkMs;
  if (kind === "stubborn") return times.stubbornWorkMs;
  if (kind === "slow") return (times.longWorkMs / 4) * random();
  return 10 * random();
}

/** What the handlers tell. */
export interface JobWatcher {
  /** It has come to an end that lets its message be deleted. */
  finished(messageId: string): void;
  /** By how many handlers more, or fewer, are running; also those that were given up on. */
  changed(by: 1 | -1): void;
}

/** The handler. It waits, as if for a database, and fails where the job says so. */
export function createHandler(watcher: JobWatcher): Handler<Message> {
  return async ({ MessageId = "", Body = "" }, context) => {
    const { kind, workMs } = JSON.parse(Body) as Job;
    watcher.changed(1);
    try {
      // Most handlers never look at their signal, which is then never made.
      if (kind === "slow" || kind === "long") await sleep(workMs, undefined, { signal: context.signal });
      else if (kind !== "stubborn" || context.attempt <= STUBBORN_ATTEMPTS) await sleep(workMs);
      if (kind === "failing" && context.attempt === 1) throw new Error("the job has failed");
      watcher.finished(MessageId);
      return kind === "unusable" ? deadLetter("the job makes no sense") : ack();
    } finally {
      watcher.changed(-1);
    }
  };
}
