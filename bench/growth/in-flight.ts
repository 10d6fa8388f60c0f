// Messages that are in hand: handlers that do not end, leases that are renewed again and again.
import { setTimeout as sleep } from "node:timers/promises";
import { millraceCase, type SubjectCase } from "../support/cases.js";
import { measureSideBySide } from "../support/rounds.js";
import type { Actor, Sight, Stage } from "../support/stage.js";
import { spreadOf } from "../support/statistics.js";
import { LEANEST, type Part } from "./part.js";

/** The default. Leases are renewed when a third is left: every 20 seconds. */
const VISIBILITY_SECONDS = 30;
const PATIENCE_MS = 120_000;
const COUNTS = [1_000, 10_000, 100_000];

const OURS = COUNTS.map((count): SubjectCase => caseOf("ours", millraceCase(LEANEST, count), count));
const BARE = COUNTS.map((count): SubjectCase => {
  const hold = { label: "", side: "bare", module: "bare-hold", way: LEANEST, concurrency: count } as const;
  return caseOf("bare", hold, count);
});

function caseOf(side: "ours" | "bare", subject: SubjectCase, count: number): SubjectCase {
  return { ...subject, side, label: `${count.toLocaleString("en-US")} in flight, ${side}`, x: count };
}

interface Held {
  readonly heapBytes: number;
  /** For each renewal; of the bare one, nothing. */
  readonly renewalMicroseconds: number;
  readonly renewalRequests: number;
}

/** What a message takes is the difference between many and a few: what the process has anyway is in both. */
const [A_FEW, MANY] = [1, 2] as const;

export const measureInFlight: Part = {
  stepsOf: () => 1,

  async measure({ stage, progress }) {
    const cases = [...OURS, ...BARE];
    const what = "messages in flight, leases that are renewed";
    const results = await measureSideBySide(cases, { what, progress }, async (of) => [await hold(stage, of)]);
    const eachOf = (cases: readonly SubjectCase[]): number[] => {
      const [few, many] = [cases[A_FEW] as SubjectCase, cases[MANY] as SubjectCase];
      const heap = ({ heapBytes }: Held): number => heapBytes;
      const before = results.valuesOf(few, heap);
      const messages = many.concurrency - few.concurrency;
      return results.valuesOf(many, heap).map((bytes, round) => (bytes - (before[round] ?? 0)) / messages);
    };
    const [ours, bare] = [eachOf(OURS), eachOf(BARE)];
    const steps = COUNTS.map((count) => {
      return { label: count.toLocaleString("en-US"), side: "ours", x: count } as const;
    });
    const find = (cases: readonly SubjectCase[], x: number | undefined): SubjectCase | undefined =>
      cases.find((of) => of.x === x);
    const [mine, theirs] = [
      (step: { x?: number | undefined }) => find(OURS, step.x),
      (step: { x?: number | undefined }) => find(BARE, step.x),
    ];
    return {
      tables: [
        results.cross(
          { title: "Handlers that do not end, bodies of 256 bytes, leases of 30 s", rowTitle: "in flight" },
          steps,
          [
            {
              name: "heap, millrace",
              digits: 1,
              unit: " MiB",
              side: "ours",
              caseOf: mine,
              valueOf: ({ heapBytes }) => heapBytes / 2 ** 20,
            },
            {
              name: "heap, the messages alone",
              digits: 1,
              unit: " MiB",
              side: "bare",
              caseOf: theirs,
              valueOf: ({ heapBytes }) => heapBytes / 2 ** 20,
            },
            {
              name: "CPU µs a renewal",
              digits: 1,
              side: "ours",
              caseOf: mine,
              valueOf: ({ renewalMicroseconds }) => renewalMicroseconds,
            },
            {
              name: "requests a renewal",
              digits: 3,
              side: "ours",
              caseOf: mine,
              valueOf: ({ renewalRequests }) => renewalRequests,
            },
          ],
        ),
      ],
      limits: [
        {
          what: "Memory for one more message in flight, beyond the message itself",
          measured: spreadOf(ours.map((bytes, round) => bytes - (bare[round] ?? 0))),
          atMost: 1_024,
          digits: 0,
          unit: " B",
        },
      ],
      panels: [
        { title: "Heap with messages in flight, MiB", table: 0, columns: [0, 1], isLogarithmic: true },
        { title: "CPU µs for each renewal of a lease", table: 0, columns: [2] },
      ],
    };
  },
};

async function hold(stage: Stage, of: SubjectCase): Promise<Held> {
  const isOurs = of.side === "ours";
  const scene = {
    work: { kind: "hold" },
    visibilityTimeoutSeconds: VISIBILITY_SECONDS,
    collectsGarbage: true,
  } as const;
  const actor = await stage.start(of, scene);
  await actor.supply(of.concurrency);
  await until(actor, ({ subject }) => subject.begun === of.concurrency);
  const before = await actor.look({ collectsGarbage: true });
  const target = before.queue.visibilityChanges + of.concurrency;
  const after = isOurs ? await until(actor, ({ queue }) => queue.visibilityChanges >= target) : before;
  const renewals = after.queue.visibilityChanges - before.queue.visibilityChanges;
  const requests = (sight: Sight): number => sight.queue.requests["ChangeMessageVisibilityBatch"] ?? 0;
  await actor.ask({ kind: "endHold" });
  await actor.finish();
  return {
    heapBytes: before.subject.heapBytes,
    renewalMicroseconds: (after.subject.cpuMicroseconds - before.subject.cpuMicroseconds) / renewals,
    renewalRequests: (requests(after) - requests(before)) / renewals,
  };
}

/** Looks again and again, until it is so. */
async function until(actor: Actor, isSo: (sight: Sight) => boolean): Promise<Sight> {
  const givenUpAt = performance.now() + PATIENCE_MS;
  for (;;) {
    const sight = await actor.look();
    if (isSo(sight)) return sight;
    if (performance.now() > givenUpAt) throw new Error(`It never came to hold: ${JSON.stringify(sight)}`);
    await sleep(50);
  }
}
