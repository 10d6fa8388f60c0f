// Promise 6: what a stop leaves, and what it says of it.
import type { ErrorCode, StopResult } from "millrace";
import { type Member, shortId } from "../member.js";
import type { ServiceMessage } from "../service-view.js";
import type { WitnessedRequest } from "../witness-port.js";
import type { World } from "../world.js";

/** The errors that tell of a lost settlement. */
const LOST: ReadonlySet<ErrorCode> = new Set([
  "ACKNOWLEDGEMENT_LOST",
  "SETTLEMENT_FAILED",
  "DEAD_LETTER_FAILED",
  "DEAD_LETTER_QUEUE_UNKNOWN",
]);

/** A request that hung is given up after this, at the latest. */
const LONGEST_REQUEST_TIMEOUT_MS = 10_000;

export function checkStaysStopped(world: World, { consumer, operation }: WitnessedRequest): void {
  const { state } = (world.members[consumer] as Member).consumer;
  if (state !== "stopped" && state !== "idle") return;
  world.violations.add("leftAfterStop", `${operation} begins while the consumer is ${state}`);
}

export function checkNothingLeft(world: World, member: Member): void {
  const { pendingTimers } = member.clock;
  if (pendingTimers > 0) world.violations.add("leftAfterStop", `${pendingTimers} timers are left after the stop`);
  for (const { operation, sentAtMs } of member.requestsOut) {
    if (operation !== "ReceiveMessage" && !world.wasAlwaysCalm) continue;
    if (world.isSlow) continue;
    world.violations.add("leftAfterStop", `${operation} of ${sentAtMs} is still out after the stop`);
  }
  if (member.resourcesStarting > 0 || member.resourcesAlive > member.running.size) {
    const { resourcesStarting, resourcesAlive } = member;
    world.violations.add("leftAfterStop", `${resourcesAlive} resources are alive and ${resourcesStarting} starting`);
  }
}

export function checkStopResult(world: World, member: Member, result: StopResult): void {
  const { isDrained, handlersAborted, handlersAbandoned, settlementsLost } = result;
  const say = (text: string): void => world.violations.add("stopResult", `${text} (${JSON.stringify(result)})`);
  if (handlersAbandoned !== member.running.size) say(`${member.running.size} handlers still run`);
  if (isDrained && (member.running.size > 0 || handlersAborted > 0 || settlementsLost > 0)) say("it is not drained");
  const lost = member.errors.slice(member.errorsBeforeStop).filter(({ error }) => LOST.has(error.code)).length;
  if (lost !== settlementsLost) say(`${lost} settlements were lost`);
}

/** Whether the service was within reach for so long that a stop had no excuse. */
function hadNoExcuse(world: World, sinceMs: number): boolean {
  return !world.isSlow && world.wasCalmSince(sinceMs);
}

/** What came, and was not started, others can have. */
export function checkGivenBack(world: World, member: Member): void {
  if (!hadNoExcuse(world, member.stopCalledAtMs ?? world.clock.now())) return;
  const runs = world.handlers.runs.filter(({ consumer }) => consumer === member.index);
  for (const message of world.view.messages.values()) {
    const { id, newestHandle, newestReceiveAtMs, visibleAgainAtMs, isGone } = message;
    const cameAtMs = member.cameAtMs(newestHandle) ?? -Infinity;
    if (isGone || visibleAgainAtMs <= world.clock.now() || cameAtMs <= member.lastStoppedAtMs) continue;
    const wasStarted = runs.some(
      ({ messageId, endedAtMs = Infinity }) => messageId === id && endedAtMs >= newestReceiveAtMs,
    );
    if (wasStarted) continue;
    world.violations.add("hiddenAfterStop", `${shortId(id)} was not started, and is hidden until ${visibleAgainAtMs}`);
  }
}

/** Whether the lease still lasted, and whatever had failed before could be tried again since the stop was called. */
function hadItInHand(world: World, member: Member, { newestHandle, visibleAgainAtMs }: ServiceMessage): boolean {
  const calledAtMs = member.stopCalledAtMs ?? world.clock.now();
  const wasRefusedForGood = world.history.faultPeriods.some(({ faults }) => (faults.failedEntriesSenderFault ?? 0) > 0);
  const mayHang = world.history.faultPeriods.some(
    ({ faults, fromMs, toMs }) =>
      faults.hangs !== undefined && fromMs <= world.clock.now() && toMs >= calledAtMs - LONGEST_REQUEST_TIMEOUT_MS,
  );
  // One that was lost before the stop is not tried again.
  const wasLostBefore = member.errors.some(({ error, atMs }) => LOST.has(error.code) && atMs < calledAtMs);
  if (wasRefusedForGood || wasLostBefore || mayHang || !hadNoExcuse(world, calledAtMs)) return false;
  return member.cameAtMs(newestHandle) !== undefined && visibleAgainAtMs > world.clock.now();
}

/** What was done is deleted. */
export function checkAcknowledged(world: World, member: Member): void {
  for (const run of world.handlers.runs) {
    const { consumer, messageId, said, abortedWith, startedAtMs, endedAtMs = Infinity } = run;
    if (consumer !== member.index || said !== "done" || abortedWith !== undefined) continue;
    if (endedAtMs < member.startCalledAtMs) continue;
    const message = world.view.messages.get(messageId);
    if (message === undefined || message.isGone || message.newestReceiveAtMs > endedAtMs) continue;
    if (!hadNoExcuse(world, startedAtMs) && !hadItInHand(world, member, message)) continue;
    world.violations.add(
      "unacknowledgedAfterStop",
      `${shortId(messageId)} was done at ${endedAtMs}, and is not deleted`,
    );
  }
}
