// Promise 2, for handlers of batches.
import type { Run } from "../handler-side.js";
import type { Member } from "../member.js";
import type { World } from "../world.js";
import { checkLease } from "./leases.js";
import { checkOrder } from "./order.js";

/** A batch that is handed over. */
export interface HandedOver {
  readonly consumer: number;
  readonly runs: readonly Run[];
  readonly key: string;
}

export function checkBatch(world: World, { consumer, runs, key }: HandedOver): void {
  const member = world.members[consumer] as Member;
  const { batches } = member.plan;
  if (batches === undefined) return;
  const say = (text: string): void => world.violations.add("batch", text);
  if (runs.length === 0 || runs.length > batches.size)
    say(`${runs.length} messages, where the size is ${batches.size}`);
  if (new Set(runs.map(({ messageId }) => messageId)).size < runs.length) say("a message is in one batch twice");
  if (batches.key === "group" && runs.some(({ group }) => String(group) !== key)) say(`not all are of the key ${key}`);
  const others = batches.key === "none" ? [] : [...member.running].filter((run) => isAtWork(member, run, key));
  if (others.length > 0) say(`another batch of the key ${key} is being worked on`);
  for (const run of runs) {
    run.batchKey = key;
    // Whoever wakes may come to this before it comes to the timer of the lease.
    if (!member.process.hasJustWoken) checkLease(world, member, run);
    checkOrder(world, member, run, runs);
  }
}

/** Whether it is in a batch of that key, of this life, and not told to end. */
function isAtWork({ lastStoppedAtMs }: Member, { batchKey, toldAtMs, turn, startedAtMs }: Run, key: string): boolean {
  return batchKey === key && toldAtMs === undefined && turn.hasSignal && startedAtMs > lastStoppedAtMs;
}
