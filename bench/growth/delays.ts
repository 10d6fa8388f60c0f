// From the moment at which a message is sent to the start of its handler, from light load to nearly as much as a core can do.
//
// The load is a part of what the bare loop over the SDK can do at most, measured in the same round.
import { setTimeout as sleep } from "node:timers/promises";
import { BARE_SDK, millraceCase, type SubjectCase } from "../support/cases.js";
import { type Case, Results } from "../support/rounds.js";
import type { Actor, Stage } from "../support/stage.js";
import { quantile } from "../support/statistics.js";
import type { Part, PartFindings } from "./part.js";

const LOADS = [0.1, 0.25, 0.5, 0.75];
const HALF = 2;
const OURS = millraceCase("default", 100);
const SUBJECTS = [BARE_SDK, OURS];
const SETTLE_MS = 400;
/** CPU time until its code is compiled. */
const WARM_UP_MS = 1_200;

interface DelayCase extends SubjectCase {
  readonly load: number;
}

/** In milliseconds. */
interface Delays {
  readonly middle: number;
  readonly late: number;
}

const CASES = SUBJECTS.map((subject) =>
  LOADS.map((load): DelayCase => ({ ...subject, label: `${subject.label}, ${load}`, x: load, load })),
);
const STEPS: readonly Case[] = LOADS.map((load) => ({ label: `${100 * load} %`, side: "bare", x: load }));

export const measureDelays: Part = {
  stepsOf: (rounds) => rounds * SUBJECTS.length,

  async measure({ stage, progress, rounds, isQuick }) {
    const measuredMs = isQuick ? 600 : 1_200;
    const results = new Map<DelayCase, Delays[]>(CASES.flat().map((of) => [of, []]));
    for (let round = 1; round <= rounds; round += 1) {
      let most = 0;
      for (const [index, subject] of SUBJECTS.entries()) {
        progress.begin(`round ${round} of ${rounds}: from send to start, ${subject.label}`);
        const actor = await begin(stage, subject);
        if (subject === BARE_SDK) most = (await actor.watchCpu(WARM_UP_MS / 2, WARM_UP_MS)).perSecond;
        for (const of of CASES[index] ?? [])
          results.get(of)?.push(await measureDelay(actor, of.load * most, measuredMs));
        await actor.finish();
        progress.end();
      }
    }
    return report(new Results(results));
  },
};

/** Starts it and drains a deep queue until its code is compiled. */
async function begin(stage: Stage, subject: SubjectCase): Promise<Actor> {
  const actor = await stage.start(subject, { work: { kind: "time" } });
  await actor.supply();
  await actor.watchCpu(WARM_UP_MS, 3 * WARM_UP_MS);
  return actor;
}

async function measureDelay(actor: Actor, perSecond: number, measuredMs: number): Promise<Delays> {
  await actor.send(perSecond);
  await sleep(SETTLE_MS);
  await actor.ask({ kind: "delays" });
  await sleep(measuredMs);
  const { delays = [] } = await actor.ask({ kind: "delays" });
  const sorted = delays.map((microseconds) => microseconds / 1_000).toSorted((one, other) => one - other);
  return { middle: quantile(sorted, 0.5), late: quantile(sorted, 0.99) };
}

function report(results: Results<DelayCase, Delays>): PartFindings {
  const [bareHalf, oursHalf] = CASES.map((cases) => cases[HALF] as DelayCase) as [DelayCase, DelayCase];
  const caseOf =
    (subject: number) =>
    ({ x }: Case): DelayCase | undefined =>
      CASES[subject]?.find(({ load }) => load === x);
  const middle = ({ middle }: Delays): number => middle;
  const late = ({ late }: Delays): number => late;
  const ms = { digits: 2, unit: " ms" };
  return {
    tables: [
      results.cross(
        {
          title: "From send to the start of the handler, by load",
          rowTitle: "load, of the most that the bare loop can do",
        },
        STEPS,
        [
          { name: "bare loop, p50", ...ms, side: "bare", isFaint: true, caseOf: caseOf(0), valueOf: middle },
          { name: "bare loop, p99", ...ms, side: "bare", caseOf: caseOf(0), valueOf: late },
          { name: "millrace, p50", ...ms, side: "ours", isFaint: true, caseOf: caseOf(1), valueOf: middle },
          { name: "millrace, p99", ...ms, side: "ours", caseOf: caseOf(1), valueOf: late },
        ],
      ),
    ],
    limits: [
      {
        what: "From send to start at half load, p99, millrace with its default client, by that of the bare loop over the SDK",
        measured: results.ratio(oursHalf, bareHalf, late),
        atMost: 1.2,
        digits: 2,
        unit: " ×",
      },
    ],
    panels: [{ title: "From send to start, ms, logarithmic", table: 0, columns: [0, 1, 2, 3], isLogarithmic: true }],
  };
}
