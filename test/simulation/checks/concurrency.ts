// Promises 2 and 3: not too many handlers, no message without a place, no slot idle while something waits.
import type { ConsumerStats } from "millrace";
import type { Run } from "../handler-side.js";
import { type Member, shortId } from "../member.js";
import type { WitnessedRequest } from "../witness-port.js";
import type { World } from "../world.js";

/** A message that weighs this much finds room in any history. */
const MOST_WEIGHT = 4;

export function checkAtOnce(world: World, member: Member, run: Run): void {
  const taken = world.peersOf(member).reduce((sum, peer) => sum + peer.permitsTaken, 0);
  if (taken > member.capacity) {
    world.violations.add("concurrency", `${taken} of ${member.capacity} permits are taken`);
  }
  const { worker } = member.plan;
  if (worker.kind === "share" && member.running.size > (worker.maxRunning ?? Infinity)) {
    world.violations.add("concurrency", `${member.running.size} of its ${worker.maxRunning} handlers run`);
  }
  for (const other of member.running) {
    if (other === run || other.messageId !== run.messageId) continue;
    world.violations.add("twiceAtOnce", `${shortId(run.messageId)} runs since ${other.startedAtMs} and starts again`);
  }
}

/** What was asked for and what is here must not be more than there can be. */
export function checkPlaces(world: World, member: Member, { asked }: WitnessedRequest): void {
  const { waiting } = member.consumer.stats();
  // Those that wait for the one before in their group, or for their tenant's turn, take no place from others.
  const mayWaitAside = member.isFifo || member.plan.tenants !== undefined;
  const here = mayWaitAside ? 0 : member.running.size + waiting;
  // A share has a message here for its turn, even where none is to wait.
  const places = member.mostCapacity + member.room + (member.plan.worker.kind === "share" ? 1 : 0);
  if (member.placesAsked + here <= places && asked >= 1) return;
  world.violations.add(
    "overasked",
    `${asked} are asked for, ${member.placesAsked} in all, with ${here} here, where there are ${places} places`,
  );
}

export function checkIdleSlots(world: World, member: Member, stats: ConsumerStats): void {
  if (stats.running !== member.running.size) {
    world.violations.add("concurrency", `stats() tells of ${stats.running} handlers, but ${member.running.size} run`);
  }
  if (stats.waiting === 0 || stats.isPaused || mayWait(member, stats)) return;
  if (couldStart(world, member, stats)) {
    world.violations.add("idleSlot", `${stats.waiting} wait while ${stats.running} of ${member.capacity} run`);
  }
}

/** Whether messages may wait though there is a slot: for the one before in their group, or for their tenant's turn. */
function mayWait({ isFifo, plan }: Member, { running, settlementsPending }: ConsumerStats): boolean {
  return plan.tenants !== undefined || (isFifo && running + settlementsPending > 0);
}

function couldStart(world: World, member: Member, { running, workers }: ConsumerStats): boolean {
  const { worker } = member.plan;
  if (worker.kind === "semaphore") {
    const needed = worker.isWeighted ? Math.min(MOST_WEIGHT, worker.permits) : 1;
    return member.capacity - member.permitsTaken >= needed;
  }
  if (member.process.isAsleep) return false;
  if (worker.kind === "share") {
    const taken = world.members.reduce((sum, peer) => sum + peer.running.size, 0);
    return running < (worker.maxRunning ?? Infinity) && taken < member.capacity;
  }
  if (running >= member.capacity) return false;
  if (running < workers) return true;
  const { starting, failures } = member.resources;
  return starting === 0 && failures === 0;
}
