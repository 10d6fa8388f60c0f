// A queue that stays empty: `npm run bench:idle`.
//
// How many requests an hour, how much CPU time a minute and how much memory it takes to wait; how long it takes to load, and
// from the start of the process to the first receive. The subjects wait side by side, since they do next to nothing.
import { setTimeout as sleep } from "node:timers/promises";
import { Consumer } from "millrace";
import { SimulatedSqs, VirtualClock } from "millrace/testing";
import { type BenchOptions, type Findings, runBench } from "./support/bench.js";
import { millraceCase, type SubjectCase } from "./support/cases.js";
import { createProgress, type Progress } from "./support/progress.js";
import { measureInTurn, Results } from "./support/rounds.js";
import { countRequests, type Sight, Stage } from "./support/stage.js";

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
/** Long polls take so long: a window has as many of each subject. */
const LONG_POLL_MS = 20_000;
/** What starting cost is over by then: V8 collects garbage some eight seconds after a process has come to rest. */
const SETTLE_MS = 25_000;

interface IdleCase extends SubjectCase {
  /** What a program that uses it loads. */
  readonly packages: readonly string[];
}

const DEFAULT: IdleCase = { ...millraceCase("default", 10), packages: ["millrace", "@aws-sdk/client-sqs"] };
const DIRECT: IdleCase = { ...millraceCase("direct", 10), packages: ["millrace", "millrace/direct", "undici"] };
const CASES: readonly IdleCase[] = [
  {
    label: "sqs-consumer, defaults",
    side: "other",
    module: "sqs-consumer",
    way: "default",
    concurrency: 1,
    packages: ["sqs-consumer"],
  },
  {
    label: "squiss-ts, 10 in flight",
    side: "other",
    module: "squiss",
    way: "default",
    concurrency: 10,
    packages: ["squiss-ts"],
  },
  DEFAULT,
  DIRECT,
];

/** What a window of waiting cost. */
interface Waiting {
  readonly cpuMsAMinute: number;
  readonly requestsAnHour: number;
  readonly residentMb: number;
}

/** What it takes to begin. */
interface Beginning {
  readonly loadMs: number;
  readonly firstReceiveMs: number;
}

async function measure({ isQuick, profileFolder }: BenchOptions): Promise<Findings> {
  using stage = await Stage.open({ profileFolder });
  const rounds = isQuick ? 1 : 3;
  const progress = createProgress("idle", 2 + rounds * CASES.length);
  progress.begin("an hour in virtual time");
  const requestsAnHour = await countRequestsOfAnHour();
  progress.end();
  const beginnings = await measureInTurn(CASES, { rounds, progress }, async (of) => measureBeginning(stage, of));
  const waiting = await measureWaiting(stage, progress, isQuick ? 1 : 3);
  progress.done();
  return report({ requestsAnHour, beginnings, waiting });
}

/** The real consumer on the simulated service, where an hour passes at once. */
async function countRequestsOfAnHour(): Promise<number> {
  const clock = new VirtualClock();
  const sqs = new SimulatedSqs({ clock, seed: 1 });
  const { QueueUrl: queueUrl } = await sqs.createQueue({ QueueName: "idle" });
  const consumer = new Consumer(() => undefined, { queueUrl, client: sqs, clock });
  await clock.runUntil(consumer.start());
  const count = (): number => sqs.requestCount("ReceiveMessage") + sqs.requestCount("DeleteMessageBatch");
  const before = count();
  await clock.advance(HOUR_MS);
  const requests = count() - before;
  await clock.runUntil(consumer.stop());
  return requests;
}

async function measureBeginning(stage: Stage, of: IdleCase): Promise<Beginning> {
  const loadMs = await stage.timeLoading(of.packages);
  const startedAt = performance.timeOrigin + performance.now();
  const actor = await stage.start(of, { work: { kind: "none" } });
  let { firstReceiveAtMs } = await actor.count();
  while (firstReceiveAtMs === undefined) {
    await sleep(5);
    ({ firstReceiveAtMs } = await actor.count());
  }
  actor[Symbol.dispose]();
  return { loadMs, firstReceiveMs: firstReceiveAtMs - startedAt };
}

async function measureWaiting(stage: Stage, progress: Progress, windows: number): Promise<Results<IdleCase, Waiting>> {
  const actors = await Promise.all(CASES.map((of) => stage.start(of, { work: { kind: "none" } })));
  progress.begin(`${windows * (LONG_POLL_MS / 1_000)} s of waiting, all of them side by side`);
  await sleep(SETTLE_MS);
  const results = new Map<IdleCase, Waiting[]>(CASES.map((of) => [of, []]));
  let before = await Promise.all(actors.map((actor) => actor.look()));
  for (let window = 0; window < windows; window += 1) {
    await sleep(LONG_POLL_MS);
    const after = await Promise.all(actors.map((actor) => actor.look()));
    CASES.forEach((of, index) => results.get(of)?.push(compare(before[index], after[index])));
    before = after;
  }
  progress.end();
  for (const actor of actors) actor[Symbol.dispose]();
  return new Results(results);
}

function compare(before: Sight | undefined, after: Sight | undefined): Waiting {
  if (before === undefined || after === undefined) throw new Error("A subject was not looked at");
  const elapsedMs = after.subject.atMs - before.subject.atMs;
  const cpuMs = (after.subject.cpuMicroseconds - before.subject.cpuMicroseconds) / 1_000;
  return {
    cpuMsAMinute: (cpuMs / elapsedMs) * MINUTE_MS,
    requestsAnHour: Math.round(((countRequests(after.queue) - countRequests(before.queue)) / LONG_POLL_MS) * HOUR_MS),
    residentMb: after.subject.residentBytes / 2 ** 20,
  };
}

interface Found {
  readonly requestsAnHour: number;
  readonly beginnings: Results<IdleCase, Beginning>;
  readonly waiting: Results<IdleCase, Waiting>;
}

function report({ requestsAnHour, beginnings, waiting }: Found): Findings {
  const ofACore = ({ cpuMsAMinute }: Waiting): number => (100 * cpuMsAMinute) / MINUTE_MS;
  return {
    tables: [
      waiting.table({ title: "An empty queue, with long polls of 20 s", rowTitle: "" }, [
        { name: "requests an hour", digits: 0, valueOf: (window) => window.requestsAnHour },
        { name: "CPU a minute", digits: 1, unit: " ms", valueOf: ({ cpuMsAMinute }) => cpuMsAMinute },
        { name: "resident", digits: 0, unit: " MiB", valueOf: ({ residentMb }) => residentMb },
      ]),
      beginnings.table({ title: "How it begins", rowTitle: "" }, [
        { name: "to load its packages", digits: 0, unit: " ms", valueOf: ({ loadMs }) => loadMs },
        {
          name: "from the start of the process to the first receive",
          digits: 0,
          unit: " ms",
          valueOf: ({ firstReceiveMs }) => firstReceiveMs,
        },
      ]),
    ],
    limits: [
      {
        what: "Requests of one idle consumer in an hour, on the simulated SQS in virtual time",
        measured: { median: requestsAnHour, least: requestsAnHour, most: requestsAnHour },
        atMost: 180,
        digits: 0,
        unit: "",
      },
      ...CASES.filter(({ side }) => side === "ours").map((of) => ({
        what: `CPU time of one idle consumer, of a core: ${of.label}`,
        measured: waiting.spread(of, ofACore),
        atMost: 0.1,
        digits: 3,
        unit: " %",
      })),
    ],
    pictures: [
      {
        file: "bench-idle.svg",
        kind: "dots",
        title: "An empty queue: CPU time a minute, and resident memory",
        panels: [
          { title: "CPU time a minute, ms", table: 0, columns: [1] },
          { title: "Resident memory, MiB", table: 0, columns: [2] },
        ],
      },
    ],
  };
}

await runBench("idle", ["@aws-sdk/client-sqs", "undici", "sqs-consumer", "squiss-ts"], measure);
