// The work of the demo: what each job is, how long it takes, and how it ends. The same for every run.
import { setTimeout as sleep } from "node:timers/promises";
import { ack, deadLetter, type Handler, type Message } from "../../src/index.js";
import { seededRandom } from "../../src/testing/index.js";
import type { Ledger } from "./ledger.js";

/** How a job ends: at the first attempt, after one or two failures, never, or in the dead letters by its own word. */
type Ending = "finishes" | "failsOnce" | "failsTwice" | "failsForGood" | "isUnusable";

/** One job, as it stands in a message's body. */
export interface Job {
  readonly id: number;
  readonly workMs: number;
  readonly ending: Ending;
}

/** After so many attempts the queue itself moves a message to its dead-letter queue. */
export const MAX_ATTEMPTS = 4;

const FAILED_ATTEMPTS: Readonly<Record<Ending, number>> = {
  finishes: 0,
  failsOnce: 1,
  failsTwice: 2,
  failsForGood: Infinity,
  isUnusable: 0,
};

/** Makes the jobs: most take a few milliseconds, one in twenty some hundred, one in a hundred two seconds. */
export function createJobs(count: number): Job[] {
  const random = seededRandom(20);
  const between = (least: number, most: number): number => Math.round(least + random() * (most - least));
  const drawWorkMs = (): number => {
    const luck = random();
    if (luck < 0.01) return between(1_500, 2_500);
    return luck < 0.06 ? between(200, 600) : between(5, 40);
  };
  return Array.from({ length: count }, (_, id) => ({ id, workMs: drawWorkMs(), ending: drawEnding(random()) }));
}

function drawEnding(luck: number): Ending {
  if (luck < 0.005) return "failsForGood";
  if (luck < 0.01) return "isUnusable";
  if (luck < 0.02) return "failsTwice";
  return luck < 0.05 ? "failsOnce" : "finishes";
}

/** The handler: it waits as if for a database or an HTTP endpoint, and writes down what it has done. */
export function createHandler(ledger: Ledger): Handler<Message> {
  return async ({ MessageId = "", Body = "" }, { attempt, signal }) => {
    const { id, workMs, ending } = JSON.parse(Body) as Job;
    ledger.started(MessageId);
    try {
      await sleep(workMs, undefined, { signal });
      if (attempt <= FAILED_ATTEMPTS[ending]) throw new Error(`job ${id} has failed, attempt ${attempt}`);
      ledger.finished(MessageId, ending === "isUnusable" ? "dead" : "done");
      return ending === "isUnusable" ? deadLetter(`job ${id} makes no sense`) : ack();
    } finally {
      ledger.ended(MessageId);
    }
  };
}
