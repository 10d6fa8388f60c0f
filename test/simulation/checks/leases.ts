// Promise 5: no handler starts on a lapsed lease, each is told when its lease lapses, and none is lost without a fault.
import type { Run } from "../handler-side.js";
import { type Member, shortId } from "../member.js";
import type { WitnessedRequest } from "../witness-port.js";
import type { World } from "../world.js";

/** SQS hides a message for no longer, counted from its receive. */
const LONGEST_LEASE_MS = 43_200_000;

/** Goes by the service's own reckoning, receipt by receipt: a duplicate's receipt is worth as much as the first. */
export function checkLease(world: World, member: Member, { messageId }: Run): void {
  const until = leaseOf(world, member, messageId);
  if (until === undefined || until > world.clock.now() || cameInStall(world, member, messageId)) return;
  world.violations.add("lapsedStart", `${shortId(messageId)} starts, but its lease was over at ${until}`);
}

/**
 * Whether its answer lay before a process that stood still: nobody can tell then when the service has sent it. A renewal of a
 * lease that had lapsed by then may be confirmed and do nothing.
 */
export function cameInStall(world: World, member: Member, messageId: string): boolean {
  const { newestHandle = "" } = world.view.messages.get(messageId) ?? {};
  for (const [handle, { sentAtMs, endedAtMs = Infinity }] of member.handles) {
    if (!handle.includes(messageId) && handle !== newestHandle) continue;
    if (world.history.stalls.some(({ fromMs, toMs }) => fromMs <= endedAtMs && sentAtMs <= toMs)) return true;
  }
  return false;
}

/** Until when the message is this consumer's. */
function leaseOf(world: World, member: Member, messageId: string): number | undefined {
  const message = world.view.messages.get(messageId);
  if (message === undefined) return undefined;
  let longest = -Infinity;
  for (const [handle, until] of message.leases) {
    if (member.handles.has(handle)) longest = Math.max(longest, until);
  }
  return longest;
}

/** A handler that runs on a lapsed lease has been told; unless its process stands still, or has not asked for a signal. */
export function checkTold(world: World, member: Member): void {
  if (world.isOdd || member.process.isAsleep || member.process.hasJustWoken) return;
  // A timer that fires too early is set again, and Node makes a millisecond of what is left. A group has one clock.
  const skews = world.peersOf(member).map(({ plan }) => plan.timerSkewMs);
  const lateMs = Math.max(...skews.map(([earlyMs, lastMs]) => (earlyMs < 0 ? Math.max(1, lastMs) : lastMs)));
  for (const { messageId, toldAtMs, turn } of member.running) {
    if (toldAtMs !== undefined || !turn.hasSignal) continue;
    const until = leaseOf(world, member, messageId);
    if (until === undefined || until + lateMs >= world.clock.now()) continue;
    if (cameInStall(world, member, messageId)) continue;
    world.violations.add("untold", `${shortId(messageId)} runs on, but its lease was over at ${until}`);
  }
}

/** What the service would refuse, as it is past twelve hours from the receive. */
export function checkExtensions(world: World, { entries, sentAtMs }: WitnessedRequest): void {
  for (const { receiptHandle = "", seconds = 0 } of entries) {
    const message = world.view.byHandle(receiptHandle);
    if (message.newestHandle !== receiptHandle) continue;
    if (sentAtMs + seconds * 1_000 <= message.newestReceiveAtMs + LONGEST_LEASE_MS) continue;
    const text = `${shortId(message.id)} is to be hidden for ${seconds} s, ${sentAtMs - message.newestReceiveAtMs} ms after its receive`;
    world.violations.add("pastTwelveHours", text);
  }
}

export function checkLeasesKept(world: World): void {
  if (!world.wasAlwaysCalm || world.isSlow || world.isOdd) return;
  // Twelve hours are the end of any lease.
  if (
    world.handlers.runs.some(
      ({ startedAtMs, endedAtMs = Infinity }) => endedAtMs - startedAtMs >= LONGEST_LEASE_MS - 5_000,
    )
  )
    return;
  for (const { consumer, index } of world.members) {
    const { revoked } = consumer.stats().counters;
    if (revoked > 0) world.violations.add("leaseLost", `consumer ${index} has lost ${revoked} leases`);
  }
}
