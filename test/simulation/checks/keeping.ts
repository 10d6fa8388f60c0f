// Promise 1: what was received is in somebody's care, and what was buried can be found.
import type { ConsumerStats } from "millrace";
import { type Member, shortId } from "../member.js";
import type { ServiceMessage } from "../service-view.js";
import type { World } from "../world.js";

/** How long a request, and its answer, take at most. */
const LONGEST_RETURN_MS = 1_000;

/** Without faults, every message that is hidden for a consumer's sake is waiting, running or being settled there. */
export function checkCare(world: World, member: Member, { state, waiting, settlementsPending }: ConsumerStats): void {
  if (state !== "running" || !world.wasAlwaysCalm || world.isSlow || world.isOdd) return;
  const held = [...world.view.messages.values()].filter((message) => isHeldUnrun(world, member, message));
  if (held.length <= waiting + settlementsPending) return;
  const names = held.map(({ id }) => shortId(id)).join(", ");
  world.violations.add("forgotten", `${names} hidden here; ${waiting} wait, ${settlementsPending} are being settled`);
}

function isHeldUnrun(world: World, member: Member, message: ServiceMessage): boolean {
  const { newestHandle, newestReceiveAtMs, visibleAgainAtMs, isGone, id } = message;
  if (isGone || visibleAgainAtMs <= world.clock.now() || member.cameAtMs(newestHandle) === undefined) return false;
  if (isRefused(world, member, message)) return false;
  if ((member.returnedAtMs.get(id) ?? -Infinity) >= newestReceiveAtMs) return false;
  return !world.handlers
    .of(id)
    .some(({ consumer, endedAtMs = Infinity }) => consumer === member.index && endedAtMs >= newestReceiveAtMs);
}

/**
 * Whether it may be on its way back without having been let in, which is no settlement: it came behind one of its group that
 * will come again.
 */
function isRefused({ clock }: World, { isFifo, plan }: Member, { newestReceiveAtMs }: ServiceMessage): boolean {
  return isFifo && clock.now() - newestReceiveAtMs <= plan.settleMaxAgeMs + LONGEST_RETURN_MS;
}

export function checkDeadLetters(world: World): void {
  world.view.catchUp();
  const found = world.service.deadLetters;
  const redriven = [...world.view.messages.values()].filter(({ isRedriven }) => isRedriven).length;
  const copies = new Set(world.members.flatMap((member) => [...member.copies])).size;
  const expected = redriven + copies;
  if (found < expected) world.violations.add("lost", `${expected} dead letters were sent, ${found} are there`);
  for (const { id, isGone } of world.view.messages.values()) {
    if (!isGone) world.violations.add("lost", `${shortId(id)} is neither deleted nor among the dead letters`);
  }
}
