// Messages that are in hand: handlers that do not end, and leases that are renewed.
import { setTimeout as sleep } from "node:timers/promises";
import { millraceCase, type SubjectCase } from "../support/cases.js";
import { type Case, measureSideBySide, type Results } from "../support/rounds.js";
import type { Actor, Sight, Stage } from "../support/stage.js";
import { HELD_TOGETHER } from "../support/work.js";
import { LEANEST, LEANEST_NAME, type Part, type PartFindings } from "./part.js";

/** The default. Leases are renewed when a third is left: every 20 seconds. */
const VISIBILITY_SECONDS = 30;
const PATIENCE_MS = 120_000;

const COUNTS = [1_000, 10_000, 100_000];
const OURS = COUNTS.map((count) => sized(millraceCase(LEANEST, count)));
const BARE = COUNTS.map((concurrency) =>
  sized({ label: "received and kept", side: "bare", module: "bare-hold", way: LEANEST, concurrency }),
);
const STEPS = COUNTS.map((count): Case => ({ label: count.toLocaleString("en-US"), side: "ours", x: count }));

function sized(of: SubjectCase): SubjectCase {
  return { ...of, x: of.concurrency };
}

interface Held {
  readonly heapBytes: number;
  /** CPU time and requests for each lease that was renewed; not a number where none was. */
  readonly renewalMicroseconds: number;
  readonly renewalRequests: number;
}

export const measureInFlight: Part = {
  stepsOf: () => 1,

  async measure({ stage, progress }) {
    const what = "messages in flight, leases that are renewed";
    return report(
      await measureSideBySide([...OURS, ...BARE], { what, progress }, async (of) => [await hold(stage, of)]),
    );
  },
};

async function hold(stage: Stage, of: SubjectCase): Promise<Held> {
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
  const after = of.side === "ours" ? await until(actor, ({ queue }) => queue.visibilityChanges >= target) : before;
  for (let handled = 0; handled < of.concurrency; handled += HELD_TOGETHER) {
    await actor.ask({ kind: "endHold" });
    await until(actor, ({ subject, queue }) => of.side === "bare" || queue.deleted >= subject.handled);
  }
  await actor.finish();
  const renewals = after.queue.visibilityChanges - before.queue.visibilityChanges;
  const requests = ({ queue }: Sight): number => queue.requests["ChangeMessageVisibilityBatch"] ?? 0;
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

function report(results: Results<SubjectCase, Held>): PartFindings {
  const [ours, bare] = [OURS, BARE].map((cases) => ({
    caseOf: ({ x }: Case) => cases.find((of) => of.x === x),
    valueOf: ({ heapBytes }: Held) => heapBytes / 2 ** 20,
    digits: 1,
    unit: " MiB",
  })) as [Series, Series];
  const renewal = { caseOf: ours.caseOf, side: "ours" } as const;
  const beyond = bytesForOneMore(results, OURS) - bytesForOneMore(results, BARE);
  return {
    tables: [
      results.cross(
        {
          title: `Handlers that do not end, bodies of 256 bytes, leases of ${VISIBILITY_SECONDS} s (${LEANEST_NAME})`,
          rowTitle: "in flight",
        },
        STEPS,
        [
          { name: "heap", side: "ours", ...ours },
          { name: "heap, the messages alone", side: "bare", ...bare },
          { name: "CPU µs a renewal", digits: 1, ...renewal, valueOf: (held) => held.renewalMicroseconds },
          { name: "requests a renewal", digits: 3, ...renewal, valueOf: (held) => held.renewalRequests },
        ],
      ),
    ],
    limits: [
      {
        what: "Memory for one more message in flight, beyond the message itself",
        measured: { median: beyond, least: beyond, most: beyond },
        atMost: 1_024,
        digits: 0,
        unit: " B",
      },
    ],
    panels: [
      { title: "Heap with messages in flight, MiB, logarithmic", table: 0, columns: [0, 1], isLogarithmic: true },
      { title: "CPU µs for each renewal of a lease", table: 0, columns: [2] },
    ],
  };
}

interface Series {
  readonly caseOf: (step: Case) => SubjectCase | undefined;
  readonly valueOf: (held: Held) => number;
  readonly digits: number;
  readonly unit: string;
}

/** From many to most: what the process has anyway is in both. */
function bytesForOneMore(results: Results<SubjectCase, Held>, cases: readonly SubjectCase[]): number {
  const [many, most] = cases.slice(-2) as [SubjectCase, SubjectCase];
  const heapOf = (of: SubjectCase): number => results.spread(of, ({ heapBytes }) => heapBytes).median;
  return (heapOf(most) - heapOf(many)) / (most.concurrency - many.concurrency);
}
