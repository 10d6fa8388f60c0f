// Slots from 1 to 10,000, each of them busy: handlers wait as long as it takes for all steps to come to the same rate.
import { millraceCase, type SubjectCase } from "../support/cases.js";
import { measureInTurn } from "../support/rounds.js";
import type { Span } from "../support/stage.js";
import { LEANEST, LEANEST_NAME, type Part } from "./part.js";

/** Messages a second that the slots allow, but for the first steps: timers are not shorter than a millisecond. */
const PER_SECOND = 20_000;
const STEPS = [1, 10, 100, 1_000, 10_000].map((slots): SubjectCase => {
  return { ...millraceCase(LEANEST, slots), label: slots.toLocaleString("en-US"), x: slots };
});
const [HUNDRED, TEN_THOUSAND] = [STEPS[2] as SubjectCase, STEPS[4] as SubjectCase];

interface Step extends Span {
  readonly residentMb: number;
}

export const measureConcurrency: Part = {
  stepsOf: (rounds) => rounds * STEPS.length,

  async measure({ stage, progress, rounds, isQuick }) {
    const [warmUpMs, measuredMs] = isQuick ? [400, 300] : [500, 400];
    const results = await measureInTurn(STEPS, { rounds, progress }, async (of): Promise<Step> => {
      const ms = Math.max(1, (of.concurrency / PER_SECOND) * 1_000);
      const actor = await stage.start(of, { work: { kind: "wait", ms } });
      await actor.supply();
      await actor.watchCpu(warmUpMs, 4 * warmUpMs);
      const span = await actor.watchCpu(measuredMs, 4 * measuredMs);
      const { subject } = await actor.look();
      await actor.finish();
      return { ...span, residentMb: subject.residentBytes / 2 ** 20 };
    });
    const cpu = ({ cpuMicroseconds }: Step): number => cpuMicroseconds;
    return {
      tables: [
        results.table({ title: `All slots busy (${LEANEST_NAME})`, rowTitle: "concurrency" }, [
          { name: "CPU µs a message", digits: 1, side: "ours", valueOf: cpu },
          { name: "messages/s", digits: 0, valueOf: ({ perSecond }) => perSecond },
          { name: "requests a message", digits: 3, valueOf: ({ requestsPerMessage }) => requestsPerMessage },
          { name: "resident", digits: 0, unit: " MiB", valueOf: ({ residentMb }) => residentMb },
        ]),
      ],
      limits: [
        {
          what: "CPU a message at concurrency 10,000, by that at 100",
          measured: results.ratio(TEN_THOUSAND, HUNDRED, cpu),
          atMost: 1.1,
          digits: 2,
          unit: " ×",
        },
      ],
      panels: [
        { title: "CPU µs a message, all slots busy", table: 0, columns: [0] },
        { title: "Resident memory, all slots busy, MiB", table: 0, columns: [3] },
      ],
    };
  },
};
