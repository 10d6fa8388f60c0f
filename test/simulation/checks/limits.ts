// What an operator sets: pauses, rates, tenants, bytes.
import type { ConsumerStats } from "millrace";
import { LARGEST_MESSAGE_BYTES } from "../drawing/messages.js";
import type { Run } from "../handler-side.js";
import type { RatePlan } from "../history.js";
import type { Member } from "../member.js";
import type { World } from "../world.js";

export function checkPaused(world: World, { consumer, index, plan }: Member, what: string): void {
  if (!consumer.stats().isPaused) return;
  // A listener that is told of a start comes too late to prevent it.
  if (plan.reactions.some(({ event, action }) => event === "messageStarted" && action === "pause")) return;
  world.violations.add("paused", `${what} while consumer ${index} is paused`);
}

/** What was about to be asked for in the very moment of the pause may still be. */
export function checkNotAsked(world: World, member: Member): void {
  // A start reaches the queue all the same.
  if (member.pausedAtMs === world.clock.now() || member.consumer.state === "starting") return;
  checkPaused(world, member, "messages are asked for");
}

/** What is asked for counts as the largest that it can be. */
export function checkBytes(world: World, member: Member, { bytesInFlight }: ConsumerStats): void {
  const { maxInFlightMessages } = member.plan;
  if (maxInFlightMessages === undefined || member.consumer.state === "stopped") return;
  let running = 0;
  for (const { body, startedAtMs } of member.running)
    if (startedAtMs > member.lastStoppedAtMs) running += world.history.messages[Number(body)]?.paddingBytes ?? 0;
  const asked = member.placesAsked * LARGEST_MESSAGE_BYTES;
  const most = maxInFlightMessages * LARGEST_MESSAGE_BYTES;
  if (Math.max(bytesInFlight, running) + asked > most || running > bytesInFlight) {
    const here = `${bytesInFlight} bytes are said to be here, ${running} of them run`;
    world.violations.add("bytes", `${here}, and ${asked} are asked for, of ${most}`);
  }
}

export function checkTenants(world: World, member: Member, run: Run): void {
  const { maxRunning = Infinity } = member.tenants ?? {};
  if (maxRunning === Infinity || member.plan.worker.kind === "semaphore") return;
  const ofTenant = [...member.running].filter(({ group }) => group === run.group).length;
  if (ofTenant <= maxRunning) return;
  world.violations.add("tenants", `${ofTenant} handlers of tenant ${run.group} run, ${maxRunning} may`);
}

/** In any window of t seconds no more messages come, and are started, than `burst + perSecond × t`. */
export function checkRates(world: World): void {
  for (const member of world.members) {
    const { rate } = member.plan;
    const isSame = rate !== undefined && !world.history.commands.some((command) => command.action === "setRate");
    if (!isSame || member.consumer.stats().counters.redelivered > 0) continue;
    const came = world.handlers.runs
      .filter(({ consumer, startedAtMs }) => consumer === member.index && startedAtMs < world.history.endsAtMs)
      .map((run) => cameAtMs(world, member, run))
      .sort((one, other) => one - other);
    checkWindows(world, came, rate);
  }
}

/** When the message came for which this handler was called. */
function cameAtMs(world: World, member: Member, { messageId, startedAtMs }: Run): number {
  let latest = -Infinity;
  for (const handle of world.view.messages.get(messageId)?.leases.keys() ?? []) {
    const atMs = member.handles.get(handle)?.endedAtMs ?? -Infinity;
    if (atMs <= startedAtMs) latest = Math.max(latest, atMs);
  }
  return latest;
}

function checkWindows(world: World, came: readonly number[], { perSecond, burst }: RatePlan): void {
  const most = burst ?? Math.max(2, Math.ceil(perSecond / 5));
  for (const [first, fromMs] of came.entries()) {
    for (let last = first + most; last < came.length; last += 1) {
      const spanMs = (came[last] as number) - fromMs;
      const count = last - first + 1;
      const allowed = most + (perSecond * spanMs) / 1_000;
      if (count <= allowed + 1e-6) continue;
      world.violations.add("rate", `${count} messages within ${spanMs} ms from ${fromMs} on, ${allowed} may come`);
      return;
    }
  }
}
