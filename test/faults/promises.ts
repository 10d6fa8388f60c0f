// What must hold whatever goes wrong. The same for the tests and for `npm run faults`.
import type { Outcome, Scale } from "./play.js";

/** What was not kept; empty when all is well. */
export function findBroken(
  { account, leftBehind, stops, strikes, recoveredMs, errors }: Outcome,
  scale: Scale,
): string[] {
  const { messages } = scale;
  const { sent, handled, deleted, lost } = account;
  const mustHold: ReadonlyArray<readonly [boolean, string]> = [
    [sent === messages && handled === messages, `of ${messages} messages ${sent} were sent and ${handled} handled`],
    [deleted === messages && lost === 0, `of ${messages} messages ${deleted} were deleted, ${lost} lost`],
    [strikes.every((count) => count > 0), `the fault has met nothing: ${strikes.join(", ")}`],
    [recoveredMs.every(Number.isFinite), `messages were not handled again: ${recoveredMs.join(", ")}`],
    [stops.every(({ handlersAborted }) => handlersAborted === 0), "handlers did not end in time, or were not let to"],
    [leftBehind.length === 0, `left behind by a stop: ${leftBehind.join(", ")}`],
    [errors["INTERNAL"] === undefined, `${errors["INTERNAL"]} errors of millrace itself`],
  ];
  return [...mustHold.filter(([isKept]) => !isKept).map(([, text]) => text), ...account.violations];
}
