// Promises 8 and 9: how many requests there are, in an outage and when all is well.
import type { FaultPeriod } from "../history.js";
import type { Member } from "../member.js";
import type { WitnessedRequest } from "../witness-port.js";
import type { World } from "../world.js";

/** The shortest that a receive's, and a settlement's, back-off becomes in the long run. */
const RECEIVE_PAUSE_MS = 10_000;
const SETTLE_PAUSE_MS = 2_500;
/** How many steps it takes to get there. */
const STEPS = 9;

export function checkOutages(world: World): void {
  for (const period of world.history.faultPeriods) {
    if (!period.isOutage) continue;
    for (const member of world.members) checkOutage(world, member, period);
  }
}

function checkOutage(world: World, { index, plan, startsAtMs }: Member, { fromMs, toMs }: FaultPeriod): void {
  const requests = world.requests.filter(
    ({ consumer, sentAtMs }) => consumer === index && sentAtMs >= fromMs && sentAtMs < toMs,
  );
  const receives = count(requests, "ReceiveMessage");
  const others = requests.length - receives;
  const starts = 1 + startsAtMs.filter((atMs) => atMs >= fromMs && atMs < toMs).length;
  const messages = world.history.messages.length;
  const runs = world.handlers.runs.filter(({ startedAtMs }) => startedAtMs < toMs).length;
  // A receive takes up to ten messages, so no more pollers than a tenth of them, and one, have come up.
  const mostReceives =
    starts * (STEPS + (toMs - fromMs) / RECEIVE_PAUSE_MS) + Math.min(plan.maxReceives, 1 + messages / 10);
  const batches = 1 + messages / 10;
  const mostOthers = runs + starts * 4 * batches * (STEPS + (toMs - fromMs) / SETTLE_PAUSE_MS);
  if (receives > mostReceives) {
    world.violations.add(
      "outage",
      `${receives} receives in an outage of ${toMs - fromMs} ms (at most ${mostReceives})`,
    );
  }
  if (others > mostOthers) {
    world.violations.add("outage", `${others} other requests in ${toMs - fromMs} ms of outage (at most ${mostOthers})`);
  }
}

/** Without faults: a message costs few requests, its heartbeats go in batches, and an empty queue is asked rarely. */
export function checkRequestCounts(world: World): void {
  if (!world.wasAlwaysCalm || world.isOdd) return;
  for (const member of world.members) {
    const requests = world.requests.filter(({ consumer }) => consumer === member.index);
    checkReceiveCount(world, member, requests);
    checkVisibilityCount(world, member, requests);
    checkDeleteCount(world, member, requests);
  }
}

function checkReceiveCount(
  world: World,
  { plan, index, startsAtMs, resumes }: Member,
  requests: WitnessedRequest[],
): void {
  const empty = requests.filter(({ operation, handles }) => operation === "ReceiveMessage" && handles.length === 0);
  const received = requests.reduce((sum, { handles }) => sum + handles.length, 0);
  const polls = world.clock.now() / (plan.waitTimeSeconds * 1_000);
  // A burst leaves pollers behind, which end with their first empty answer.
  const most = 1.5 * polls + received + 10 * (1 + startsAtMs.length + resumes);
  if (empty.length > most)
    world.violations.add("requests", `consumer ${index}: ${empty.length} empty receives (${most})`);
}

function checkVisibilityCount(world: World, member: Member, requests: WitnessedRequest[]): void {
  const changes = count(requests, "ChangeMessageVisibilityBatch");
  const { runs } = world.handlers;
  const spoken = runs.filter(({ said, turn }) => said !== "done" || turn.extendSeconds !== undefined).length;
  const { release, retry } = member.consumer.stats().counters.settled;
  // Those that no handler has asked for: messages of a tenant that go back until its turn.
  const postponed = Math.max(0, retry - spoken);
  const held = Math.min(world.history.messages.length, member.capacity + member.room);
  // Leases that fall due within a tenth of a visibility timeout go together, and each lives for two thirds of one.
  const periods = 1 + world.clock.now() / (member.plan.visibilityTimeoutSeconds * 560);
  const most = spoken + release + postponed + periods * (7 + held / 10);
  if (changes > most)
    world.violations.add("requests", `consumer ${member.index}: ${changes} visibility changes (${most})`);
}

function checkDeleteCount(world: World, { index }: Member, requests: WitnessedRequest[]): void {
  const deletes = count(requests, "DeleteMessageBatch");
  const ended = world.handlers.runs.filter(({ consumer }) => consumer === index).length;
  if (deletes > ended) world.violations.add("requests", `consumer ${index}: ${deletes} deletes for ${ended} handlers`);
}

function count(requests: readonly WitnessedRequest[], wanted: WitnessedRequest["operation"]): number {
  return requests.filter(({ operation }) => operation === wanted).length;
}
