// Promise 6: what a stop leaves, and what it says of it.
import type { ConsumerStats, ErrorCode, StopResult } from "millrace";
import type { Run } from "../handler-side.js";
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
/** By how much a timer may be too early. */
const EARLY_MS = 1;
/** SQS hides a message for twelve hours after its receive at most; a second less, as millrace counts from its request. */
const LONGEST_LEASE_MS = 43_199_000;
/** How long a stop waits for the service after its time. */
const CLOSE_TIMEOUT_MS = 2_000;

export function checkStaysStopped(world: World, { consumer, operation }: WitnessedRequest): void {
  const { state } = (world.members[consumer] as Member).consumer;
  if (state !== "stopped" && state !== "idle") return;
  world.violations.add("leftAfterStop", `${operation} begins while the consumer is ${state}`);
}

export function checkNothingLeft(world: World, member: Member): void {
  // The queues of a group share a pool, whose timers are those of any of them.
  const peers = world.peersOf(member);
  const isOver = peers.every(({ consumer }) => consumer.state === "stopped" || consumer.state === "idle");
  const pendingTimers = isOver ? peers.reduce((sum, { process }) => sum + process.pendingTimers, 0) : 0;
  if (pendingTimers > 0) world.violations.add("leftAfterStop", `${pendingTimers} timers are left after the stop`);
  for (const { operation, sentAtMs } of member.requestsOut) {
    if (operation !== "ReceiveMessage" && !world.wasAlwaysCalm) continue;
    if (world.isSlow) continue;
    world.violations.add("leftAfterStop", `${operation} of ${sentAtMs} is still out after the stop`);
  }
  const { starting, alive } = member.resources;
  if (starting > 0 || alive > member.running.size) {
    world.violations.add("leftAfterStop", `${alive} resources are alive and ${starting} starting`);
  }
}

export function checkStopResult(world: World, member: Member, result: StopResult): void {
  const { isDrained, messagesReleased, handlersAborted, handlersAbandoned, settlementsLost } = result;
  const say = (text: string): void => world.violations.add("stopResult", `${text} (${JSON.stringify(result)})`);
  if (handlersAbandoned !== member.running.size) say(`${member.running.size} handlers still run`);
  if (isDrained && (member.running.size > 0 || handlersAborted > 0 || settlementsLost > 0)) say("it is not drained");
  const lost = member.errors.slice(member.errorsBeforeStop).filter(({ code }) => LOST.has(code)).length;
  if (lost !== settlementsLost) say(`${lost} settlements were lost`);
  const { atStop } = member;
  if (atStop === undefined) return;
  const { counters } = member.consumer.stats();
  const { received, started } = atStop.counters;
  const unstarted = atStop.waiting + counters.received - received - (counters.started - started);
  // What was revoked counts as waiting until its turn comes; what a pause has given back is not the stop's.
  const least = unstarted - counters.revoked - member.refusedAtStop;
  if (messagesReleased > unstarted || messagesReleased < least) say(`${unstarted} had not started`);
  const told = toldToEnd(world, member) - member.toldByEarlierStops;
  if (told > handlersAborted) say(`${told} handlers were told to end`);
}

/** Handlers that stops of this consumer have told to end. */
export function toldToEnd(world: World, { index }: Member): number {
  return world.handlers.runs.filter(({ consumer, abortedWith }) => consumer === index && abortedWith === "STOPPED")
    .length;
}

/** A long poll ends by itself, unless it hangs or a stop has waited for it. */
export function checkPolls(
  world: World,
  { plan, stopCalledAtMs, stopEndsAtMs }: Member,
  { operation, sentAtMs, waitSeconds }: WitnessedRequest,
): void {
  const now = world.clock.now() + EARLY_MS;
  if (operation !== "ReceiveMessage" || now - sentAtMs >= waitSeconds * 1_000 + plan.requestTimeoutMs) return;
  const isOfStop = stopCalledAtMs !== undefined;
  if (isOfStop && (waitSeconds === 0 || now >= stopEndsAtMs || now >= stopCalledAtMs + plan.pollGraceMs)) return;
  world.violations.add("pollAborted", `a receive of ${sentAtMs} that waits for ${waitSeconds} s is given up`);
}

/** What handlers, and then the service, are given when the time is over. */
export function checkStopTime(world: World, member: Member, { state }: ConsumerStats): void {
  if (state !== "stopping" || member.stopCalledAtMs === undefined) return;
  // The queues of a group are in one process, and the stop of one is the stop of all.
  const peers = world.peersOf(member);
  if (peers.some(({ process }) => process.stalled > 0)) return;
  const lateMs = Math.max(...peers.map(({ plan }) => plan.timerSkewMs[1]));
  const latestMs = member.stopEndsAtMs + member.plan.abortGraceMs + CLOSE_TIMEOUT_MS + EARLY_MS + 5 * lateMs;
  if (world.clock.now() <= latestMs) return;
  world.violations.add("lateStop", `a stop that has to be over at ${member.stopEndsAtMs} goes on`);
}

/** Whether the service was within reach for so long that a stop had no excuse. */
function hadNoExcuse(world: World, sinceMs: number): boolean {
  return !world.isSlow && world.wasCalmSince(sinceMs);
}

/** What came, and was not started, others can have. */
export function checkGivenBack(world: World, member: Member): void {
  if (!hadNoExcuse(world, member.stopCalledAtMs ?? world.clock.now())) return;
  for (const message of world.view.messages.values()) {
    const { id, newestHandle, newestReceiveAtMs, visibleAgainAtMs, isGone } = message;
    const cameAtMs = member.cameAtMs(newestHandle) ?? -Infinity;
    if (isGone || visibleAgainAtMs <= world.clock.now() || cameAtMs <= member.lastStoppedAtMs) continue;
    // It could not be given back, which was told.
    if (member.errors.some(({ code, atMs }) => LOST.has(code) && atMs >= newestReceiveAtMs)) continue;
    // Sent back until its tenant's turn, or it came again while its retry could not be told.
    if ((member.retriedAtMs.get(id) ?? -Infinity) >= newestReceiveAtMs) continue;
    const wasStarted = world.handlers
      .of(id)
      .some(({ consumer, endedAtMs = Infinity }) => consumer === member.index && endedAtMs >= newestReceiveAtMs);
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
  const wasLostBefore = member.errors.some(({ code, atMs }) => LOST.has(code) && atMs < calledAtMs);
  if (wasRefusedForGood || wasLostBefore || mayHang || !hadNoExcuse(world, calledAtMs)) return false;
  return member.cameAtMs(newestHandle) !== undefined && visibleAgainAtMs > world.clock.now();
}

/** Whether it may have been told to end without its asking. */
function mayBeTold({ plan, stopEndsAtMs }: Member, { turn, startedAtMs, endedAtMs = Infinity }: Run): boolean {
  return (
    !turn.hasSignal && (endedAtMs - startedAtMs >= (plan.handlerTimeoutMs ?? Infinity) || endedAtMs >= stopEndsAtMs)
  );
}

/** What was done is deleted. */
export function checkAcknowledged(world: World, member: Member): void {
  for (const run of world.handlers.runs) {
    const { consumer, messageId, said, abortedWith, startedAtMs, endedAtMs = Infinity } = run;
    if (consumer !== member.index || said !== "done" || abortedWith !== undefined || mayBeTold(member, run)) continue;
    if (startedAtMs <= member.lastStoppedAtMs) continue;
    const message = world.view.messages.get(messageId);
    if (message === undefined || message.isGone || message.newestReceiveAtMs > endedAtMs) continue;
    if (endedAtMs - message.newestReceiveAtMs >= LONGEST_LEASE_MS) continue;
    if (!hadNoExcuse(world, startedAtMs) && !hadItInHand(world, member, message)) continue;
    world.violations.add(
      "unacknowledgedAfterStop",
      `${shortId(messageId)} was done at ${endedAtMs}, and is not deleted`,
    );
  }
}
