// Slots from 1 to 10,000, each of them busy: handlers wait as long as it takes for all steps to come to the same rate. Beside it
// the bare loop with as many messages at once, as it costs V8 more to have more that is alive, whoever has it.
import { BARE_UNDICI, millraceCase, type SubjectCase } from "../support/cases.js";
import { type Case, measureInTurn } from "../support/rounds.js";
import type { Span } from "../support/stage.js";
import { ratioOf } from "../support/statistics.js";
import { LEANEST, type Part } from "./part.js";

/** Messages a second that the slots allow, but for the first steps: timers are not shorter than a millisecond. */
const PER_SECOND = 20_000;
const STEPS = [1, 10, 100, 1_000, 10_000].map((slots): Case & { x: number } => {
  return { label: slots.toLocaleString("en-US"), side: "ours", x: slots };
});

function casesOf(subject: Omit<SubjectCase, "concurrency">): SubjectCase[] {
  return STEPS.map(({ x }) => ({ ...subject, label: `${subject.label}, ${x}`, x, concurrency: x }));
}

const OURS = casesOf(millraceCase(LEANEST, 1));
const BARE = casesOf(BARE_UNDICI);

interface Step extends Span {
  readonly residentMb: number;
}

export const measureConcurrency: Part = {
  stepsOf: (rounds) => rounds * (OURS.length + BARE.length),

  async measure({ stage, progress, rounds, isQuick }) {
    const [warmUpMs, measuredMs] = isQuick ? [400, 300] : [2_000, 800];
    const cases = OURS.flatMap((ours, index) => [ours, BARE[index] as SubjectCase]);
    const results = await measureInTurn(cases, { rounds, progress }, async (of): Promise<Step> => {
      const ms = Math.max(1, (of.concurrency / PER_SECOND) * 1_000);
      const actor = await stage.start(of, { work: { kind: "wait", ms } });
      await actor.supply();
      await actor.watchCpu(warmUpMs, 2 * warmUpMs);
      const span = await actor.watchCpu(measuredMs, 2 * measuredMs);
      const { subject } = await actor.look();
      await actor.finish();
      return { ...span, residentMb: subject.residentBytes / 2 ** 20 };
    });
    const at = (of: readonly SubjectCase[]) => ({
      caseOf: ({ x }: Case) => of.find(({ concurrency }) => concurrency === x),
    });
    const cpu = ({ cpuMicroseconds }: Step): number => cpuMicroseconds;
    const [ours, bare] = [at(OURS), at(BARE)];
    /** By round, at so many slots. */
    const cpuAt = (of: readonly SubjectCase[], slots: number): number[] =>
      results.valuesOf(of.find(({ concurrency }) => concurrency === slots) as SubjectCase, cpu);
    const addedAt = (slots: number): number[] => {
      const loop = cpuAt(BARE, slots);
      return cpuAt(OURS, slots).map((value, round) => value - (loop[round] as number));
    };
    const told = { digits: 2, unit: " ×" };
    return {
      tables: [
        results.cross({ title: "All slots busy", rowTitle: "concurrency" }, STEPS, [
          { name: "CPU µs a message: millrace, directClient", digits: 1, side: "ours", valueOf: cpu, ...ours },
          { name: "bare loop over undici", digits: 1, side: "bare", valueOf: cpu, ...bare },
          { name: "messages/s", digits: 0, valueOf: ({ perSecond }) => perSecond, ...ours },
          { name: "requests a message", digits: 3, valueOf: ({ requestsPerMessage }) => requestsPerMessage, ...ours },
          { name: "resident", digits: 0, unit: " MiB", valueOf: ({ residentMb }) => residentMb, ...ours },
        ]),
      ],
      limits: [
        {
          what: "CPU a message at concurrency 10,000, by that at 100",
          measured: ratioOf(cpuAt(OURS, 10_000), cpuAt(OURS, 100)),
          atMost: 1.1,
          ...told,
        },
        {
          what: "The same of the bare loop over undici, with as many messages at once",
          measured: ratioOf(cpuAt(BARE, 10_000), cpuAt(BARE, 100)),
          ...told,
        },
        {
          what: "What millrace adds to the loop's CPU at concurrency 10,000, by what it adds at 100",
          measured: ratioOf(addedAt(10_000), addedAt(100)),
          ...told,
        },
      ],
      panels: [
        { title: "CPU µs a message, all slots busy, logarithmic", table: 0, columns: [0, 1], isLogarithmic: true },
        { title: "Resident memory, all slots busy, MiB", table: 0, columns: [4] },
      ],
    };
  },
};
