// Promise 1: what is said to be settled is what the service has done.
import type { Message, Outcome } from "millrace";
import { type Member, shortId } from "../member.js";
import type { ServiceMessage } from "../service-view.js";
import type { World } from "../world.js";
import { cameInStall } from "./leases.js";

/** What was told of a message. */
export interface Told {
  readonly message: Message;
  readonly outcome: Outcome;
}

export function checkTruth(world: World, member: Member, { message, outcome }: Told): void {
  // A handle from before a redelivery may be confirmed and do nothing.
  if (world.isOdd) return;
  const seen = world.view.messages.get(message.MessageId as string) as ServiceMessage;
  const name = `${shortId(seen.id)} is settled (${outcome.kind})`;
  const say = (text: string): void => world.violations.add("falselyConfirmed", `${name}, ${text}`);
  if (outcome.kind === "retry" || outcome.kind === "release")
    checkReturned(world, member, { message, seen, outcome, say });
  // Acknowledged on a lease that lapsed while the answer lay there: the consumer could not know.
  else if (seen.deletes === 0 && !cameInStall(world, member, seen.id)) say("and was never deleted");
}

interface Returned {
  readonly message: Message;
  readonly seen: ServiceMessage;
  readonly outcome: Outcome & { kind: "retry" | "release" };
  readonly say: (text: string) => void;
}

/** It comes again when it is to: not sooner, and not much later. */
function checkReturned(world: World, member: Member, { message, seen, outcome, say }: Returned): void {
  const now = world.clock.now();
  const isOurs =
    member.handles.has(seen.newestHandle ?? "") &&
    // What came after it was given back has, before this was told, an outcome of its own.
    (member.newerHandles.get(message) ?? message.ReceiptHandle) === seen.newestHandle;
  if (seen.isGone || !isOurs) return; // It has come again already.
  if ((member.revokedAtMs.get(seen.id) ?? -Infinity) >= seen.newestReceiveAtMs) return;
  const seconds = outcome.kind === "retry" ? Math.ceil(outcome.afterSeconds) : 0;
  const latestMs = now + seconds * 1_000;
  const run = world.handlers.of(seen.id).at(-1);
  const isOfRun = run !== undefined && run.consumer === member.index && run.startedAtMs >= seen.newestReceiveAtMs;
  const limitMs = seen.newestReceiveAtMs + 43_200_000 - 2_000;
  // One that was given up on has ended later.
  const wasGivenUp =
    run?.toldAtMs !== undefined || run?.turn.hasSignal === false || member.plan.handlerTimeoutMs !== undefined;
  const isJudged = isOfRun && run.endedAtMs !== undefined && !wasGivenUp;
  const earliestMs = Math.min(isJudged ? (run.endedAtMs ?? 0) + seconds * 1_000 : -Infinity, limitMs);
  // One whose lease has lapsed, by what is known here, is not given back: an extension may have worked that was not answered.
  const isKnown = world.wasCalmSince(seen.newestReceiveAtMs) && !world.isSlow;
  // Nor is one that has been here for 12 hours: the service is about to have it back.
  if (isKnown && now < limitMs && seen.visibleAgainAtMs > latestMs + 1e-6)
    say(`and hidden until ${seen.visibleAgainAtMs} instead of ${latestMs}`);
  // Where its lease had lapsed it was not given back.
  if (seen.changedAtMs >= (run?.endedAtMs ?? -Infinity) && seen.visibleAgainAtMs < earliestMs - 1e-6)
    say(`and visible at ${seen.visibleAgainAtMs} instead of ${earliestMs}`);
}
