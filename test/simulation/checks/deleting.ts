// Promise 1: a message is deleted only after its handler said so, or after a copy is among the dead letters.
import { type Member, shortId } from "../member.js";
import type { WitnessedRequest } from "../witness-port.js";
import type { World } from "../world.js";

export function noteCopies(member: Member, { entries, error, failedPositions }: WitnessedRequest): void {
  if (error !== undefined) return;
  entries.forEach(({ body }, position) => {
    if (body !== undefined && !failedPositions.has(position)) member.copies.add(body);
  });
}

export function checkDeletes(world: World, { consumer, entries }: WitnessedRequest): void {
  const member = world.members[consumer] as Member;
  for (const { receiptHandle = "" } of entries) {
    const { id } = world.view.byHandle(receiptHandle);
    const runs = world.handlers.of(id).filter((run) => run.consumer === consumer);
    const isSaid = runs.some(
      ({ said, body }) => said === "done" || (mayBuryIt(member, said) && member.copies.has(body)),
    );
    if (!isSaid) world.violations.add("deletedUnsaid", `${shortId(id)} is deleted, and no handler has said so`);
  }
}

/** Whether the outcome can have been `deadLetter`: from the handler, or from the policy for its failure. */
function mayBuryIt({ plan }: Member, said: string | undefined): boolean {
  return said === "dead" || plan.retry === "deadLetter";
}
