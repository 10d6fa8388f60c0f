// When a process is killed: not at any time only, but where it hurts.
import { setTimeout as sleep } from "node:timers/promises";
import { drawInteger } from "../../src/testing/random.js";
import type { ConsumerProcess } from "./consumer-process.js";
import type { CrashService } from "./service.js";

/**
 * - `starting`: from the first instruction of the process to its first messages.
 * - `receiving`: a receive is out, or its answer on the way.
 * - `deleting`: a batch of deletes is out, done or not, answered or not.
 * - `unacknowledged`: handlers have returned whose messages wait for their delete.
 * - `idle`: it has nothing, and a long poll is out.
 * - `any`: whenever.
 */
export const MOMENTS = ["starting", "receiving", "deleting", "unacknowledged", "idle", "any"] as const;
export type Moment = (typeof MOMENTS)[number];

export interface MomentOptions {
  readonly victim: ConsumerProcess;
  readonly service: CrashService;
  readonly random: () => number;
}

/** A moment that does not come is not waited for longer than this. */
const PATIENCE_MS = 4_000;
/** As long as the slowest answer takes. */
const AROUND_A_REQUEST_MS = 25;
/** What loading takes, more or less. */
const AROUND_THE_LOADING_MS = 600;
/** From the call of `start` until the first messages are handled. */
const AROUND_THE_START_MS = 150;

/** Waits for the moment. Answers which one it has become. */
export async function untilMoment(moment: Moment, options: MomentOptions): Promise<Moment> {
  const { victim, service, random } = options;
  const around = (longestMs: number): Promise<void> => sleep(random() * longestMs);
  if (moment === "starting") {
    if (random() < 0.3) await around(AROUND_THE_LOADING_MS);
    else await victim.hasTold("listening").then(() => around(AROUND_THE_START_MS));
    return moment;
  }
  await victim.hasTold("started");
  const over = AbortSignal.timeout(PATIENCE_MS);
  if (moment === "receiving" || moment === "deleting") {
    const operation = moment === "receiving" ? "ReceiveMessage" : "DeleteMessageBatch";
    await service.nextRequest(victim.name, operation, over);
    await around(AROUND_A_REQUEST_MS);
  } else if (moment === "unacknowledged") {
    const enough = drawInteger(random, 1, 8);
    await until(() => countUnacknowledged(victim, service) >= enough, over);
  } else if (moment === "idle") {
    await until(() => service.visible === 0 && service.witness.inHandOf(victim.name).size === 0, over);
    await around(AROUND_A_REQUEST_MS);
  } else {
    await around(300);
  }
  return over.aborted ? "any" : moment;
}

function countUnacknowledged(victim: ConsumerProcess, { witness }: CrashService): number {
  const inHand = witness.inHandOf(victim.name);
  let count = 0;
  for (const id of victim.ledger.read().ended) if (inHand.has(id)) count += 1;
  return count;
}

async function until(condition: () => boolean, over: AbortSignal): Promise<void> {
  while (!condition() && !over.aborted) await sleep(3);
}
