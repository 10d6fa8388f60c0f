// Which checks are made when.
import type { StopResult } from "millrace";
import type { Run } from "../handler-side.js";
import type { Member } from "../member.js";
import type { WitnessedRequest } from "../witness-port.js";
import type { World } from "../world.js";
import { checkAtOnce, checkIdleSlots, checkPlaces } from "./concurrency.js";
import { checkDeletes, noteCopies } from "./deleting.js";
import { checkCare, checkDeadLetters } from "./keeping.js";
import { checkLease, checkLeasesKept } from "./leases.js";
import { checkOutages, checkRequestCounts } from "./requests.js";
import { checkAcknowledged, checkGivenBack, checkNothingLeft, checkStaysStopped, checkStopResult } from "./stopping.js";

/** A handler has been called. */
export function checkRunBegan(world: World, run: Run): void {
  world.view.catchUp();
  checkAtOnce(world, run);
  checkLease(world, run);
}

/** A request is about to be sent. */
export function checkRequestBegan(world: World, request: WitnessedRequest): void {
  world.view.catchUp();
  checkStaysStopped(world, request);
  if (request.operation === "ReceiveMessage") checkPlaces(world, request);
  if (request.operation === "DeleteMessageBatch") checkDeletes(world, request);
}

/** A request was answered, or has failed. */
export function checkRequestEnded(world: World, request: WitnessedRequest): void {
  const member = world.members[request.consumer] as Member;
  if (request.operation === "SendMessageBatch") noteCopies(member, request);
  for (const handle of request.handles) member.handles.set(handle, request);
  if (request.handles.length > request.asked) {
    world.violations.add("overasked", `${request.handles.length} messages came where ${request.asked} were asked for`);
  }
}

/** Nothing more can happen at this moment. */
export function checkStep(world: World): void {
  world.view.catchUp();
  for (const member of world.members) {
    const stats = member.consumer.stats();
    checkIdleSlots(world, member, stats);
    checkCare(world, member, stats);
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
}

/** The queue is empty and every consumer stopped. */
export async function checkEnd(world: World): Promise<void> {
  checkLeasesKept(world);
  checkOutages(world);
  checkRequestCounts(world);
  await checkDeadLetters(world);
}
