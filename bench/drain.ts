// A deep queue and a handler that does nothing: `npm run bench:drain`.
//
//   npm run bench:drain -- --quick                    one short round; nothing is written
//   npm run bench:drain -- --only undici --tls        some of the subjects, over TLS
//   npm run bench:drain -- --profile /tmp/profiles    CPU profiles of the subjects
//
// Each subject has a process and a core of its own, the canned server has the other core. What is left is what receiving,
// handing over and deleting a message costs.
import { type BenchOptions, type Findings, runBench } from "./support/bench.js";
import { BARE_SDK, BARE_UNDICI, millraceCase, type SubjectCase } from "./support/cases.js";
import { createProgress } from "./support/progress.js";
import type { Limit } from "./support/report.js";
import { measureInTurn, type MetricColumn, type Results } from "./support/rounds.js";
import { type Span, Stage } from "./support/stage.js";
import { spreadOf } from "./support/statistics.js";

const SLOTS = 100;
/** Subjects that leave their core idle are measured for at most so many times as long as those that do not. */
const MOST_WALL = 2.5;

function sqsConsumer(label: string, way: string, concurrency: number): SubjectCase {
  return { label: `sqs-consumer, ${label}`, side: "other", module: "sqs-consumer", way, concurrency };
}

const SQS_CONSUMERS = [
  sqsConsumer("defaults", "default", 1),
  sqsConsumer("10 instances", "instances", 10),
  sqsConsumer("batchSize 10", "batchSize", 10),
  sqsConsumer("handleMessageBatch", "handleMessageBatch", 10),
];
/** One consumer waits for one answer after the other; ten of them use the core up. */
const TEN_BATCHES = sqsConsumer("10 × handleMessageBatch", "handleMessageBatch", 100);
const SQUISS: SubjectCase = {
  label: "squiss-ts, 100 in flight",
  side: "other",
  module: "squiss",
  way: "default",
  concurrency: SLOTS,
};
const PLAIN = millraceCase("plain", SLOTS);
const DEFAULT = millraceCase("default", SLOTS);
const DIRECT = millraceCase("direct", SLOTS);
const OURS = [PLAIN, DEFAULT, DIRECT];

const COLUMNS: ReadonlyArray<MetricColumn<Span>> = [
  { name: "messages/s on one core", digits: 0, valueOf: ({ perSecond }) => perSecond },
  { name: "CPU µs a message", digits: 1, valueOf: ({ cpuMicroseconds }) => cpuMicroseconds },
  { name: "requests a message", digits: 3, valueOf: ({ requestsPerMessage }) => requestsPerMessage },
  { name: "of the core", digits: 0, unit: " %", valueOf: ({ cores }) => 100 * cores },
];

async function measure({ isQuick, isSecure, profileFolder, only }: BenchOptions): Promise<Findings> {
  using stage = await Stage.open({ isSecure, profileFolder });
  // Code goes on being compiled for some seconds of CPU time: docs/internals/hot-path.md.
  const [warmUpMs, measuredMs] = isQuick ? [600, 600] : [4_000, 1_300];
  const cases = [...SQS_CONSUMERS, TEN_BATCHES, SQUISS, BARE_SDK, BARE_UNDICI, ...OURS].filter(
    ({ label }) => only.length === 0 || only.some((part) => label.includes(part)),
  );
  const rounds = isQuick ? 1 : 5;
  const progress = createProgress("drain", rounds * cases.length);
  const results = await measureInTurn(cases, { rounds, progress }, async (subject) => {
    const actor = await stage.start(subject, { work: { kind: "none" } });
    await actor.supply();
    await actor.watchCpu(warmUpMs, MOST_WALL * warmUpMs);
    const span = await actor.watchCpu(measuredMs, MOST_WALL * measuredMs);
    await actor.finish();
    return span;
  });
  progress.done();
  return {
    tables: [results.table({ title: "A queue that is never empty, bodies of 256 bytes", rowTitle: "" }, COLUMNS)],
    limits: only.length === 0 ? judge(results) : [],
    pictures: [
      {
        file: "bench-drain.svg",
        kind: "dots",
        title: "Draining a deep queue: messages a second on one core, and CPU time a message",
        panels: [
          { title: "Messages a second on one core", table: 0, columns: [0], isLogarithmic: true },
          { title: "CPU time a message, µs", table: 0, columns: [1], isLogarithmic: true },
        ],
      },
    ],
  };
}

function judge(results: Results<SubjectCase, Span>): Limit[] {
  const cpu = ({ cpuMicroseconds }: Span): number => cpuMicroseconds;
  const rate = ({ perSecond }: Span): number => perSecond;
  const inOneDigit = { digits: 1, unit: " ×" };
  const inTwoDigits = { digits: 2, unit: " ×" };
  const best = SQS_CONSUMERS.toSorted(
    (one, other) => results.spread(other, rate).median - results.spread(one, rate).median,
  )[0] as SubjectCase;
  const requests = OURS.flatMap((of) => results.valuesOf(of, ({ requestsPerMessage }) => requestsPerMessage));
  return [
    {
      what: "CPU a message, millrace with a plain SDK client, by that of a bare loop over the SDK",
      measured: results.ratio(PLAIN, BARE_SDK, cpu),
      atMost: 1.05,
      ...inTwoDigits,
    },
    {
      what: "CPU a message, millrace with its default client, by that of a bare loop over the SDK",
      measured: results.ratio(DEFAULT, BARE_SDK, cpu),
      atMost: 0.8,
      ...inTwoDigits,
    },
    {
      what: "CPU a message, millrace with `directClient`, by that of a bare loop over undici",
      measured: results.ratio(DIRECT, BARE_UNDICI, cpu),
      atMost: 1.5,
      ...inTwoDigits,
    },
    {
      what: `Messages a second, millrace with \`directClient\`, by those of one ${best.label}, the fastest of its ways`,
      measured: results.ratio(DIRECT, best, rate),
      atLeast: 12,
      ...inOneDigit,
    },
    {
      what: "The same, by those of ten such consumers in one process",
      measured: results.ratio(DIRECT, TEN_BATCHES, rate),
      ...inOneDigit,
    },
    {
      what: "Messages a second, millrace with `directClient`, by those of squiss-ts",
      measured: results.ratio(DIRECT, SQUISS, rate),
      atLeast: 5,
      ...inOneDigit,
    },
    {
      what: "Requests a message under load, millrace, with each client",
      measured: spreadOf(requests),
      atMost: 0.205,
      digits: 3,
      unit: "",
    },
  ];
}

await runBench("drain", ["@aws-sdk/client-sqs", "undici", "sqs-consumer", "squiss-ts"], measure);
