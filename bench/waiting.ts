// Slots that are always full, and batches that are full as well: `npm run bench:waiting`.
//
// Handlers that wait: every tenth for a second, the others for 10 ms. A queue that is never empty, and calls that take 10 or
// 50 ms. With slots that are never idle, that makes so many messages a second; every library gets a part of it.
import { setTimeout as sleep } from "node:timers/promises";
import { type BenchOptions, type Findings, runBench } from "./support/bench.js";
import { millraceCase, type SubjectCase } from "./support/cases.js";
import { createProgress } from "./support/progress.js";
import type { Limit, Table } from "./support/report.js";
import { type Case, measureInTurn, measureSideBySide, Results } from "./support/rounds.js";
import { type Actor, type Span, Stage } from "./support/stage.js";
import { playWaiting } from "./support/virtual-waiting.js";

const [FAST_MS, SLOW_MS] = [10, 1_000];
const MEAN_MS = (9 * FAST_MS + SLOW_MS) / 10;

/** So many slots, and calls of so long. */
interface Setting {
  readonly slots: number;
  readonly latencyMs: number;
}

const FEW: readonly Setting[] = [
  { slots: 10, latencyMs: 10 },
  { slots: 10, latencyMs: 50 },
];
const MANY: readonly Setting[] = [
  { slots: 100, latencyMs: 10 },
  { slots: 100, latencyMs: 50 },
];

interface WaitingCase extends SubjectCase, Setting {}

/** Not a process of its own, and not measured by the clock of the machine. */
interface VirtualCase extends Case, Setting {}

const VIRTUAL = [...FEW, ...MANY].map((setting): VirtualCase => ({
  ...setting,
  label: "millrace, in virtual time",
  side: "ours",
}));

function casesOf({ slots, latencyMs }: Setting): WaitingCase[] {
  const other = (label: string, module: string, way: string): WaitingCase => {
    return { label, side: "other", module, way, concurrency: slots, slots, latencyMs };
  };
  return [
    other(`sqs-consumer, ${slots === 10 ? "" : `${slots / 10} × `}batchSize 10`, "sqs-consumer", "batchSize"),
    other(`sqs-consumer, ${slots} instances`, "sqs-consumer", "instances"),
    other(`squiss-ts, ${slots} in flight`, "squiss", "default"),
    // With many slots it has full batches anyway.
    ...(slots === 10 ? [other("squiss-ts, minReceiveBatchSize 5", "squiss", "5")] : []),
    { ...millraceCase("default", slots), slots, latencyMs },
  ];
}

/** Runs a case, and resolves with what it did in each of so many windows. */
async function perform(stage: Stage, of: WaitingCase, times: Times): Promise<Span[]> {
  const actor = await begin(stage, of, times.isBound);
  await sleep(times.warmUpMs);
  const spans: Span[] = [];
  for (let window = 0; window < times.windows; window += 1) spans.push(await actor.watch(times.windowMs));
  await actor.finish();
  return spans;
}

async function begin(stage: Stage, of: WaitingCase, isBound: boolean): Promise<Actor> {
  const work = { kind: "wait", ms: FAST_MS, tenthMs: SLOW_MS } as const;
  const actor = await stage.start(of, { work, queue: { latencyMs: of.latencyMs }, isBound });
  await actor.supply();
  return actor;
}

interface Times {
  readonly warmUpMs: number;
  readonly windowMs: number;
  readonly windows: number;
  /** Whether it has a core to itself. */
  readonly isBound: boolean;
}

async function measure({ isQuick, profileFolder }: BenchOptions): Promise<Findings> {
  using stage = await Stage.open({ profileFolder });
  const [few, many] = [FEW.flatMap(casesOf), MANY.flatMap(casesOf)];
  const rounds = isQuick ? 1 : 3;
  const progress = createProgress("waiting", 2 + rounds * many.length);
  const sideBySide = isQuick
    ? { warmUpMs: 2_500, windowMs: 4_000, windows: 1, isBound: false }
    : { warmUpMs: 4_000, windowMs: 5_500, windows: 5, isBound: false };
  progress.begin("millrace in virtual time");
  const virtual = new Map<VirtualCase, Span[]>();
  for (const of of VIRTUAL) virtual.set(of, [await playWaiting({ ...of, fastMs: FAST_MS, slowMs: SLOW_MS })]);
  progress.end();
  const results = [
    // With few slots they wait nearly all the time, so they can do so all at once.
    await measureSideBySide(few, { what: "10 slots each", progress }, (of) => perform(stage, of, sideBySide)),
    await measureInTurn(many, { rounds, progress }, async (of) => {
      const [span] = await perform(stage, of, { warmUpMs: 2_200, windowMs: 2_200, windows: 1, isBound: true });
      return span as Span;
    }),
  ];
  progress.done();
  return report(results, new Results(virtual));
}

function report([few, many]: ReadonlyArray<Results<WaitingCase, Span>>, virtual: Results<VirtualCase, Span>): Findings {
  const settings = [
    ...FEW.map((setting) => ({ setting, results: few as Results<WaitingCase, Span> })),
    ...MANY.map((setting) => ({ setting, results: many as Results<WaitingCase, Span> })),
  ];
  return {
    tables: settings.map(({ setting, results }) => {
      const table = tabulate(setting, results);
      return { ...table, rows: [...table.rows, ...tabulate(setting, virtual).rows] };
    }),
    limits: settings
      .filter(({ setting }) => isDemanded(setting))
      .flatMap(({ setting, results }) => judge(setting, results)),
    pictures: [
      {
        file: "bench-waiting.svg",
        kind: "points",
        title: "Full slots and full batches: the part of the ideal rate, by requests a message",
        panels: settings.map(({ setting }, index) => ({ title: describe(setting), table: index, columns: [1, 0] })),
      },
    ],
  };
}

/** The easiest and the hardest have limits. */
function isDemanded({ slots, latencyMs }: Setting): boolean {
  return (slots === 10 && latencyMs === 10) || (slots === 100 && latencyMs === 50);
}

function describe({ slots, latencyMs }: Setting): string {
  return `${slots} slots, ${latencyMs} ms a call`;
}

function idealOf({ slots }: Setting): number {
  return (slots * 1_000) / MEAN_MS;
}

function tabulate<Of extends Case & Setting>(setting: Setting, results: Results<Of, Span>): Table {
  const ideal = idealOf(setting);
  return results.table(
    { title: `${describe(setting)}; ideal: ${ideal.toFixed(1)} messages a second`, rowTitle: "" },
    [
      { name: "of the ideal rate", digits: 1, unit: " %", valueOf: ({ perSecond }) => (100 * perSecond) / ideal },
      { name: "requests a message", digits: 3, valueOf: ({ requestsPerMessage }) => requestsPerMessage },
      { name: "CPU µs a message", digits: 0, valueOf: ({ cpuMicroseconds }) => cpuMicroseconds },
    ],
    ({ slots, latencyMs }) => slots === setting.slots && latencyMs === setting.latencyMs,
  );
}

function judge(setting: Setting, results: Results<WaitingCase, Span>): Limit[] {
  const ours = results.cases.find(
    ({ side, slots, latencyMs }) => side === "ours" && slots === setting.slots && latencyMs === setting.latencyMs,
  );
  if (ours === undefined) return [];
  const share = ({ perSecond }: Span): number => (100 * perSecond) / idealOf(setting);
  return [
    {
      what: `Of the ideal rate, ${describe(setting)}, every tenth handler slow`,
      measured: results.spread(ours, share),
      atLeast: 97,
      digits: 1,
      unit: " %",
    },
    {
      what: `Requests a message, ${describe(setting)}, every tenth handler slow`,
      measured: results.spread(ours, ({ requestsPerMessage }) => requestsPerMessage),
      atMost: 0.23,
      digits: 3,
      unit: "",
    },
  ];
}

await runBench("waiting", ["@aws-sdk/client-sqs", "sqs-consumer", "squiss-ts"], measure);
