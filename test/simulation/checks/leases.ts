// Promise 5: no handler starts on a lapsed lease; and none is lost without a fault.
import type { Run } from "../handler-side.js";
import { isOdd } from "../history.js";
import { type Member, shortId } from "../member.js";
import type { World } from "../world.js";

/** Goes by the service's own reckoning, receipt by receipt: a duplicate's receipt is worth as much as the first. */
export function checkLease(world: World, { consumer, messageId }: Run): void {
  const member = world.members[consumer] as Member;
  const message = world.view.messages.get(messageId);
  if (message === undefined) return;
  let longest = -Infinity;
  for (const [handle, until] of message.leases) {
    if (member.handles.has(handle)) longest = Math.max(longest, until);
  }
  if (longest > world.clock.now()) return;
  world.violations.add("lapsedStart", `${shortId(messageId)} starts, but its lease was over at ${longest}`);
}

export function checkLeasesKept(world: World): void {
  if (!world.wasAlwaysCalm || world.isSlow || world.history.faultPeriods.some(isOdd)) return;
  for (const { consumer, index } of world.members) {
    const { revoked } = consumer.stats().counters;
    if (revoked > 0) world.violations.add("leaseLost", `consumer ${index} has lost ${revoked} leases`);
  }
}
