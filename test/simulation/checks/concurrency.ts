// Promises 2 and 3: not too many handlers, no message without a place, no slot idle while something waits.
import type { ConsumerStats } from "millrace";
import type { Run } from "../handler-side.js";
import { type Member, shortId } from "../member.js";
import type { WitnessedRequest } from "../witness-port.js";
import type { World } from "../world.js";

/** A message that weighs this much finds room in any history. */
const MOST_WEIGHT = 4;

export function checkAtOnce(world: World, run: Run): void {
  const member = world.members[run.consumer] as Member;
  if (member.permitsTaken > member.capacity) {
    world.violations.add("concurrency", `${member.permitsTaken} of ${member.capacity} permits are taken`);
  }
  for (const other of member.running) {
    if (other === run || other.messageId !== run.messageId) continue;
    world.violations.add("twiceAtOnce", `${shortId(run.messageId)} runs since ${other.startedAtMs} and starts again`);
  }
}

/** What was asked for and what is here must not be more than there can be. */
export function checkPlaces(world: World, { consumer, asked }: WitnessedRequest): void {
  const member = world.members[consumer] as Member;
  const { waiting } = member.consumer.stats();
  const here = member.running.size + waiting;
  const places = member.capacity + member.room;
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
  if (stats.waiting === 0 || stats.isPaused) return;
  if (couldStart(member, stats)) {
    world.violations.add("idleSlot", `${stats.waiting} wait while ${stats.running} of ${member.capacity} run`);
  }
}

function couldStart(member: Member, { running, workers }: ConsumerStats): boolean {
  const { worker } = member.plan;
  if (worker.kind === "semaphore") {
    const needed = worker.isWeighted ? Math.min(MOST_WEIGHT, worker.permits) : 1;
    return member.capacity - member.permitsTaken >= needed;
  }
  if (running < workers) return true;
  const isSpawning = member.resourcesStarting > 0 || member.resourceFailures > 0;
  return running < worker.maxWorkers && !isSpawning;
}
