// Slots from 1 to 10,000, each of them busy: handlers wait as long as it takes for all steps to come to the same rate. Beside it
// the bare loop with as many messages at once, as it costs V8 more to have more that is alive, whoever has it; and handlers that
// do nothing, for what the number itself costs.
import { BARE_UNDICI, millraceCase, type SubjectCase } from "../support/cases.js";
import { type Case, measureInTurn } from "../support/rounds.js";
import type { Span } from "../support/stage.js";
import { LEANEST, type Part } from "./part.js";

/** Messages a second that the slots allow, but for the first steps: timers are not shorter than a millisecond. */
const PER_SECOND = 20_000;
const STEPS = [1, 10, 100, 1_000, 10_000].map((slots): Case & { x: number } => {
  return { label: slots.toLocaleString("en-US"), side: "ours", x: slots };
});

/** Single figures are noisier here than elsewhere. */
const MORE_ROUNDS = 2;

interface ConcurrencyCase extends SubjectCase {
  /** Whether its handlers wait, or do nothing. */
  readonly hasWork: boolean;
}

function casesOf(subject: SubjectCase, { hasWork = true, from = 1 } = {}): ConcurrencyCase[] {
  const steps = STEPS.filter(({ x }) => x >= from);
  return steps.map(({ x }) => ({ ...subject, label: `${subject.label}, ${x}`, x, concurrency: x, hasWork }));
}

const OURS = casesOf(millraceCase(LEANEST, 1));
const OURS_WITHOUT_WORK = casesOf(millraceCase(LEANEST, 1), { hasWork: false, from: 100 });
const BARE = casesOf(BARE_UNDICI, { from: 100 });
const CASES = [...OURS, ...BARE, ...OURS_WITHOUT_WORK].toSorted((one, other) => one.concurrency - other.concurrency);

interface Step extends Span {
  readonly residentMb: number;
}

export const measureConcurrency: Part = {
  stepsOf: (rounds) => roundsOf(rounds) * CASES.length,

  async measure({ stage, progress, rounds, isQuick }) {
    const [warmUpMs, measuredMs] = isQuick ? [400, 300] : [2_000, 800];
    const turns = { rounds: roundsOf(rounds), progress };
    const results = await measureInTurn(CASES, turns, async (of): Promise<Step> => {
      const ms = Math.max(1, (of.concurrency / PER_SECOND) * 1_000);
      const actor = await stage.start(of, { work: of.hasWork ? { kind: "wait", ms } : { kind: "none" } });
      await actor.supply();
      await actor.watchCpu(warmUpMs, 2 * warmUpMs);
      const span = await actor.watchCpu(measuredMs, 2 * measuredMs);
      const { subject } = await actor.look();
      await actor.finish();
      return { ...span, residentMb: subject.residentBytes / 2 ** 20 };
    });
    const find = (cases: readonly ConcurrencyCase[], slots: number | undefined) =>
      cases.find(({ concurrency }) => concurrency === slots);
    const cpu = ({ cpuMicroseconds }: Step): number => cpuMicroseconds;
    const growthOf = (cases: readonly ConcurrencyCase[]) => {
      const [few, many] = [find(cases, 100), find(cases, 10_000)] as [ConcurrencyCase, ConcurrencyCase];
      return { measured: results.ratio(many, few, cpu), digits: 2, unit: " ×" };
    };
    const of = (cases: readonly ConcurrencyCase[]) => ({ caseOf: ({ x }: Case) => find(cases, x) });
    const [ours, bare, withoutWork] = [of(OURS), of(BARE), of(OURS_WITHOUT_WORK)];
    return {
      tables: [
        results.cross(
          {
            title:
              "All slots busy; with no work, handlers that do nothing (millrace with directClient, bare loop over undici)",
            rowTitle: "concurrency",
          },
          STEPS,
          [
            { name: "CPU µs, millrace", digits: 1, side: "ours", valueOf: cpu, ...ours },
            { name: "CPU µs, bare loop", digits: 1, side: "bare", valueOf: cpu, ...bare },
            {
              name: "CPU µs, millrace, no work",
              digits: 1,
              side: "ours",
              isFaint: true,
              valueOf: cpu,
              ...withoutWork,
            },
            { name: "messages/s", digits: 0, valueOf: ({ perSecond }) => perSecond, ...ours },
            { name: "requests a message", digits: 3, valueOf: ({ requestsPerMessage }) => requestsPerMessage, ...ours },
            { name: "resident", digits: 0, unit: " MiB", valueOf: ({ residentMb }) => residentMb, ...ours },
          ],
        ),
      ],
      limits: [
        {
          what: "CPU a message at concurrency 10,000, by that at 100, handlers that do nothing",
          atMost: 1.1,
          ...growthOf(OURS_WITHOUT_WORK),
        },
        { what: "CPU a message at concurrency 10,000, by that at 100, all slots busy", atMost: 1.1, ...growthOf(OURS) },
        { what: "The same of the bare loop over undici, with as many messages at once", ...growthOf(BARE) },
      ],
      panels: [
        { title: "CPU µs a message, logarithmic", table: 0, columns: [0, 1, 2], isLogarithmic: true },
        { title: "Resident memory, all slots busy, MiB", table: 0, columns: [5] },
      ],
    };
  },
};

function roundsOf(rounds: number): number {
  return rounds === 1 ? 1 : rounds + MORE_ROUNDS;
}
