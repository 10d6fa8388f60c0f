// Which checks are made when.
import type { Message, Outcome, StopResult } from "millrace";
import type { Run } from "../handler-side.js";
import type { Member } from "../member.js";
import type { WitnessedRequest } from "../witness-port.js";
import type { World } from "../world.js";
import { checkAtOnce, checkIdleSlots, checkPlaces } from "./concurrency.js";
import { checkAttempt, checkCounters } from "./counting.js";
import { checkDeletes, noteCopies } from "./deleting.js";
import { checkCare, checkDeadLetters } from "./keeping.js";
import { checkExtensions, checkLease, checkLeasesKept, checkTold } from "./leases.js";
import { checkBytes, checkNotAsked, checkPaused, checkRates, checkTenants } from "./limits.js";
import { checkOrder } from "./order.js";
import { checkOutages, checkRequestCounts } from "./requests.js";
import { checkTruth } from "./settled.js";
import {
  checkAcknowledged,
  checkGivenBack,
  checkNothingLeft,
  checkPolls,
  checkStaysStopped,
  checkStopResult,
  checkStopTime,
} from "./stopping.js";

/** A handler has been called. */
export function checkRunBegan(world: World, run: Run): void {
  const member = world.members[run.consumer] as Member;
  world.view.catchUp();
  checkAtOnce(world, member, run);
  checkLease(world, member, run);
  checkAttempt(world, member, run);
  if (member.plan.batches === undefined) checkOrder(world, member, run);
  checkPaused(world, member, "a handler starts");
  checkTenants(world, member, run);
}

/** A request is about to be sent. */
export function checkRequestBegan(world: World, request: WitnessedRequest): void {
  const member = world.members[request.consumer] as Member;
  world.view.catchUp();
  checkStaysStopped(world, request);
  if (request.operation === "ReceiveMessage") checkPlaces(world, member, request);
  if (request.operation === "ReceiveMessage") checkNotAsked(world, member);
  if (request.operation === "DeleteMessageBatch") checkDeletes(world, request);
  if (request.operation === "ChangeMessageVisibilityBatch") checkExtensions(world, request);
}

/** A request was answered, or has failed. */
export function checkRequestEnded(world: World, request: WitnessedRequest): void {
  const member = world.members[request.consumer] as Member;
  if (request.operation === "SendMessageBatch") noteCopies(member, request);
  for (const handle of request.handles) member.handles.set(handle, request);
  // A receive of a FIFO queue that is repeated brings the same messages, however many are asked for now.
  if (request.handles.length > request.asked && !(member.isFifo && !world.wasAlwaysCalm)) {
    world.violations.add("overasked", `${request.handles.length} messages came where ${request.asked} were asked for`);
  }
}

/** A receive was given up by the consumer. */
export function checkRequestAborted(world: World, request: WitnessedRequest): void {
  checkPolls(world, world.members[request.consumer] as Member, request);
}

/** A settlement was told of. */
export function checkSettled(
  world: World,
  member: Member,
  told: { readonly message: Message; readonly outcome: Outcome },
): void {
  world.view.catchUp();
  checkTruth(world, member, told);
}

/** Nothing more can happen at this moment. */
export function checkStep(world: World): void {
  world.view.catchUp();
  for (const member of world.members) {
    const stats = member.consumer.stats();
    checkIdleSlots(world, member, stats);
    checkCare(world, member, stats);
    checkTold(world, member);
    checkBytes(world, member, stats);
    checkStopTime(world, member, stats);
    if (stats.state === "stopped" || stats.state === "idle") checkNothingLeft(world, member);
  }
}

/** A stop has come to its end. */
export function checkStopped(world: World, member: Member, result: StopResult): void {
  world.view.catchUp();
  checkNothingLeft(world, member);
  checkStopResult(world, member, result);
  checkGivenBack(world, member);
  checkAcknowledged(world, member);
  checkCounters(world, member);
}

/** The queue is empty and every consumer stopped. */
export function checkEnd(world: World): void {
  checkLeasesKept(world);
  checkOutages(world);
  checkRequestCounts(world);
  checkRates(world);
  checkDeadLetters(world);
}
