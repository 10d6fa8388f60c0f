// What every runner must do, as a list of cases for any test framework.

import { type CaseDefinition, reasonToLeaveOut } from "./case.js";
import { failingCases } from "./failing-cases.js";
import type { RunnerHarness, RunnerSubject, RunnerTraits } from "./harness.js";
import { historyCases } from "./history-cases.js";
import { laneCases } from "./lane-cases.js";
import { pausingCases } from "./pausing-cases.js";
import { placesCases } from "./places-cases.js";
import { RunnerBench } from "./rig.js";
import { settlingCases } from "./settling-cases.js";
import { stoppingCases } from "./stopping-cases.js";

/** One thing that a runner must do. */
export interface RunnerContractCase {
  /** What it does; and when it is left out, why. */
  readonly name: string;
  /** Whether the case cannot be tried, since runner or source have not got what it is about. */
  readonly isLeftOut: boolean;
  /** Tries it; rejects with an `AssertionError` when the runner does something else. */
  readonly run: () => Promise<void>;
}

const CASES: readonly CaseDefinition[] = [
  ...placesCases,
  ...settlingCases,
  ...laneCases,
  ...failingCases,
  ...pausingCases,
  ...stoppingCases,
  ...historyCases,
];

/**
 * The contract of `Runner`, applied to a runner of yours: each case makes a source, a runner and a consumer of it, and
 * watches what passes between them.
 *
 * @param subject - What the runner and its source can do, and how to make them.
 * @throws Error when a trait is said to be there and the harness cannot show it; from the `run` of the first such case.
 * @example
 * ```ts
 * for (const { name, isLeftOut, run } of runnerContract({ traits: { hasDelays: true }, createHarness })) {
 *   (isLeftOut ? test.skip : test)(name, run);
 * }
 * ```
 */
export function runnerContract<Message>(subject: RunnerSubject<Message>): readonly RunnerContractCase[] {
  return CASES.map((definition) => {
    const reason = reasonToLeaveOut(definition, subject.traits);
    if (reason === undefined)
      return { name: definition.name, isLeftOut: false, run: () => attempt(definition, subject) };
    return { name: `${definition.name} (left out: ${reason})`, isLeftOut: true, run: () => Promise.resolve() };
  });
}

async function attempt<Message>(definition: CaseDefinition, subject: RunnerSubject<Message>): Promise<void> {
  const harness = await subject.createHarness();
  checkHarness(harness, subject.traits);
  const bench = new RunnerBench(harness, subject.traits);
  try {
    await definition.attempt(bench);
    await bench.finish();
  } catch (error) {
    await bench.abandon();
    throw error;
  } finally {
    await harness.end?.();
  }
}

/** The members of a harness that a trait asks for. */
const MEMBERS = {
  hasLanes: ["sendInLane"],
  takesBack: ["takeBack"],
  canFail: ["fail", "heal"],
  canHang: ["hang", "heal"],
  canBeMissing: ["createRunnerWithoutSource"],
  canBeLost: ["lose"],
  countsRequests: ["asked"],
  showsLeftovers: ["leftovers"],
} as const satisfies Partial<Record<keyof RunnerTraits, ReadonlyArray<keyof RunnerHarness>>>;

function checkHarness<Message>(harness: RunnerHarness<Message>, traits: RunnerTraits): void {
  for (const [trait, members] of Object.entries(MEMBERS)) {
    if (traits[trait as keyof typeof MEMBERS] !== true) continue;
    const missing = members.find((member) => harness[member] === undefined);
    if (missing !== undefined) throw new Error(`The trait ${trait} is set, and the harness has no ${missing}.`);
  }
}
