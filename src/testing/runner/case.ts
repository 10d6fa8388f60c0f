// One case of the suite: a name, what the source must have for it, and the attempt.

import type { RunnerTraits } from "./harness.js";
import type { RunnerBench } from "./rig.js";

type Flag = {
  [Name in keyof RunnerTraits]-?: RunnerTraits[Name] & boolean extends never ? never : Name;
}[keyof RunnerTraits];

/** What a case needs: a trait, or what goes without saying unless a trait denies it. */
export type Need =
  Extract<Flag, `${"has" | "counts" | "takes" | "can" | "shows"}${string}`> | "several" | "failsBeforeOpen";

/** A case before it is applied to a subject. */
export interface CaseDefinition {
  readonly name: string;
  readonly needs: readonly Need[];
  attempt<Message>(bench: RunnerBench<Message>): Promise<void>;
}

/** What is said of a subject that has not got what a case needs. */
const LACKS: Readonly<Record<Need, string>> = {
  hasDelays: "the source has no delays",
  hasDeadLetters: "the source has no dead letters",
  countsAttempts: "the source does not count attempts",
  hasLanes: "the source has no lanes",
  takesBack: "the source takes nothing back",
  hasLeases: "the source has no leases, or they are too long to wait for",
  canFail: "the source cannot be made to fail",
  canHang: "the source cannot be made to leave requests unanswered",
  canBeMissing: "there is always a source",
  canBeLost: "the source cannot be lost",
  countsRequests: "requests are not counted",
  hasStats: "the runner has no stats",
  showsLeftovers: "the harness does not see what is left behind",
  failsBeforeOpen: "the source can only be made to fail when it is open",
  several: "the runner has one message at a time",
};

/** Why a case is left out for a subject; undefined when it is not. */
export function reasonToLeaveOut({ needs }: CaseDefinition, traits: RunnerTraits): string | undefined {
  const reasons = needs.filter((need) => !isMet(need, traits)).map((need) => LACKS[need]);
  return reasons.length === 0 ? undefined : reasons.join(", ");
}

function isMet(need: Need, traits: RunnerTraits): boolean {
  if (need === "several") return (traits.mostAtOnce ?? Infinity) > 1;
  if (need === "failsBeforeOpen") return traits.failsOnlyWhenOpen !== true;
  return traits[need] === true;
}

/** A case, with what it needs. */
export function needing(needs: readonly Need[], name: string, attempt: CaseDefinition["attempt"]): CaseDefinition {
  return { name, needs, attempt };
}

/** A case for every subject. */
export function always(name: string, attempt: CaseDefinition["attempt"]): CaseDefinition {
  return { name, needs: [], attempt };
}
