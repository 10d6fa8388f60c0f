// Bodies of 256 B to 1 MiB, drained from a queue that is never empty, beside the bare loops.
import { BARE_SDK, BARE_UNDICI, millraceCase, type SubjectCase } from "../support/cases.js";
import { type Case, measureInTurn } from "../support/rounds.js";
import type { Span } from "../support/stage.js";
import type { Part } from "./part.js";

const SIZES = [
  { label: "256 B", bytes: 256 },
  { label: "4 KiB", bytes: 4_096 },
  { label: "64 KiB", bytes: 65_536 },
  { label: "1 MiB", bytes: 1_048_576 },
];
const ROUNDS = 2;
const SLOTS = 100;
/** As many of the largest as the bare loops have at once. */
const MOST_BYTES = 160 * 1_048_576;
/** From here on the bytes in flight are bounded: a waiting room of 1,000 would hold a gigabyte. */
const LARGE_BYTES = 65_536;

interface BodyCase extends SubjectCase {
  readonly bytes: number;
}

const SUBJECTS = [BARE_SDK, millraceCase("default", SLOTS), BARE_UNDICI, millraceCase("direct", SLOTS)];
/** There are four of them in one picture. */
const SHORT_NAMES: Readonly<Record<string, string>> = {
  "bare-sdk": "bare, SDK",
  "bare-undici": "bare, undici",
  default: "millrace, default",
  direct: "millrace, direct",
};
const CASES = SIZES.flatMap(({ label, bytes }) =>
  SUBJECTS.map((subject): BodyCase => ({ ...subject, label: `${subject.label}, ${label}`, x: bytes, bytes })),
);
const STEPS: readonly Case[] = SIZES.map(({ label, bytes }) => ({ label, side: "bare", x: bytes }));

export const measureBodies: Part = {
  stepsOf: (rounds) => Math.min(rounds, ROUNDS) * CASES.length,

  async measure({ stage, progress, rounds, isQuick }) {
    const [warmUpMs, measuredMs] = isQuick ? [400, 300] : [2_000, 800];
    const all = { rounds: Math.min(rounds, ROUNDS), progress };
    const results = await measureInTurn(CASES, all, async (of): Promise<Span> => {
      const actor = await stage.start(of, {
        work: { kind: "none" },
        queue: { bodyBytes: of.bytes },
        maxInFlightBytes: of.bytes >= LARGE_BYTES ? MOST_BYTES : undefined,
      });
      await actor.supply();
      await actor.watchCpu(warmUpMs, 3 * warmUpMs);
      const span = await actor.watchCpu(measuredMs, 3 * measuredMs);
      await actor.finish();
      return span;
    });
    const columns = SUBJECTS.map((subject) => ({
      name: SHORT_NAMES[subject.module === "millrace" ? subject.way : subject.module] ?? subject.label,
      digits: 1,
      side: subject.side,
      isFaint: subject.module === "bare-undici" || subject.way === "direct",
      valueOf: ({ cpuMicroseconds }: Span) => cpuMicroseconds,
      caseOf: ({ x }: Case) =>
        CASES.find((of) => of.bytes === x && of.module === subject.module && of.way === subject.way),
    }));
    return {
      tables: [results.cross({ title: "CPU µs a message, by its body", rowTitle: "body" }, STEPS, columns)],
      limits: [],
      panels: [
        {
          title: "CPU µs a message, by its body, logarithmic",
          table: 0,
          columns: columns.map((_, index) => index),
          isLogarithmic: true,
        },
      ],
    };
  },
};
