// What each setting of the default client gains: `npm run bench:clients`.
//
// Sixteen loops over the SDK that receive ten messages and delete them, with one setting of the client after the other.
import { type BenchOptions, type Findings, runBench } from "./support/bench.js";
import type { SubjectCase } from "./support/cases.js";
import { createProgress } from "./support/progress.js";
import type { Limit, Side } from "./support/report.js";
import { measureInTurn, type MetricColumn, type Results } from "./support/rounds.js";
import { type Span, Stage } from "./support/stage.js";

function setting(label: string, way: string, side: Side = "other"): SubjectCase {
  return { label, side, module: "sdk-settings", way, concurrency: 160 };
}

const PLAIN = setting("new SQSClient({})", "plain", "bare");
const DEFAULT = setting("the same with the signer: the default client", "default", "ours");
const CASES = [
  PLAIN,
  setting("md5: false", "md5"),
  setting("1,000 sockets", "sockets"),
  setting("a signer of our own", "signer"),
  setting("cacheMiddleware: true", "cache"),
  setting("md5 off, sockets, cache", "lean"),
  setting("the same, two clients, abort signals", "lean-signals"),
  setting("the same, signals told by other means", "lean-apart"),
  DEFAULT,
  setting("md5, sockets, cache, signer, no signals", "lean-signer"),
];

async function measure({ isQuick, profileFolder }: BenchOptions): Promise<Findings> {
  using stage = await Stage.open({ profileFolder });
  const [warmUpMs, measuredMs] = isQuick ? [600, 600] : [4_000, 1_300];
  const rounds = isQuick ? 1 : 3;
  const progress = createProgress("clients", rounds * CASES.length);
  const results = await measureInTurn(CASES, { rounds, progress }, async (subject, round) => {
    const actor = await stage.start(subject, { work: { kind: "none" } });
    await actor.supply();
    await actor.watchCpu(warmUpMs, 2 * warmUpMs);
    const span = await actor.watchCpu(measuredMs, 2 * measuredMs);
    await actor.finish();
    return { ...span, round };
  });
  progress.done();
  return {
    tables: [
      results.table({ title: "A loop over the SDK, by its client", rowTitle: "the client" }, columnsOf(results)),
    ],
    limits: [limitOf(results)],
    pictures: [
      {
        file: "bench-clients.svg",
        kind: "dots",
        title: "A loop over the SDK, by the settings of its client",
        panels: [{ title: "CPU time a message, by that with new SQSClient({})", table: 0, columns: [1] }],
      },
    ],
  };
}

/** A span, and in which round it was. */
type Measured = Span & { readonly round: number };

const cpu = ({ cpuMicroseconds }: Span): number => cpuMicroseconds;

function columnsOf(results: Results<SubjectCase, Measured>): ReadonlyArray<MetricColumn<Measured>> {
  const plain = results.valuesOf(PLAIN, cpu);
  return [
    { name: "CPU µs a message", digits: 1, valueOf: cpu },
    {
      name: "of `new SQSClient({})`",
      digits: 2,
      unit: " ×",
      valueOf: (span) => cpu(span) / (plain[span.round - 1] ?? Number.NaN),
    },
  ];
}

function limitOf(results: Results<SubjectCase, Measured>): Limit {
  return {
    what: "CPU a message, a loop over millrace's default client, by that over `new SQSClient({})`",
    measured: results.ratio(DEFAULT, PLAIN, cpu),
    digits: 2,
    unit: " ×",
  };
}

await runBench("clients", ["@aws-sdk/client-sqs"], measure);
