// The part between receive and handler, alone: `npm run bench:dispatch`.
//
// Tasks that do nothing but return a promise, so many at a time, with a backlog of 1,000: what a task costs that starts by
// millrace's pool or semaphore, beside what others use for it. And the waiting room's ring buffer beside other queues.
import { type BenchOptions, type Findings, runBench } from "./support/bench.js";
import { Child } from "./support/child.js";
import type { DispatchAnswer, DispatchOrder } from "./support/dispatch-process.js";
import { createProgress, type Progress } from "./support/progress.js";
import type { Side } from "./support/report.js";
import { type Case, measureInTurn, type Results } from "./support/rounds.js";

const CORE = 1;
const [FEW, MANY] = [10, 1_000];

interface TaskCase extends Case {
  readonly module: string;
  readonly name: string;
}

const POOL = taskCase("millrace, pool", "ours", "millrace", "pool");
const TIMELESS_POOL = taskCase("the same, clock not read", "ours", "millrace", "timelessPool");
const FASTQ = taskCase("fastq, promises", "other", "peers", "fastq");
const TASK_CASES = [
  POOL,
  TIMELESS_POOL,
  taskCase("millrace, semaphore", "ours", "millrace", "semaphore"),
  FASTQ,
  taskCase("p-limit", "other", "peers", "pLimit"),
  taskCase("p-queue", "other", "peers", "pQueue"),
  taskCase("async-mutex, Semaphore", "other", "peers", "asyncMutex"),
];

function taskCase(label: string, side: Side, module: string, name: string): TaskCase {
  return { label, side, module, name };
}

const QUEUE_CASES: readonly Case[] = [
  { label: "ring buffer", side: "ours" },
  { label: "denque", side: "other" },
  { label: "array", side: "other" },
];
const POOL_BY_FASTQ = "Tasks a second, the pool alone, by those of fastq with promises";
const [SHALLOW, DEEP] = [1_000, 100_000];

/** Two figures of one round, each a number a second of CPU time. */
type Rates = readonly [number, number];

async function rateOf(order: DispatchOrder, profileFolder: string | undefined): Promise<number> {
  const execArgv = profileFolder === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${profileFolder}`];
  using child = new Child<DispatchOrder, DispatchAnswer>("dispatch-process.js", { core: CORE, execArgv });
  const { count, cpuMicroseconds } = await child.ask(order);
  return (count / cpuMicroseconds) * 1_000_000;
}

async function measure({ isQuick, profileFolder }: BenchOptions): Promise<Findings> {
  const rounds = isQuick ? 1 : 5;
  const counts = isQuick ? { warmUp: 50_000, tasks: 100_000 } : { warmUp: 1_000_000, tasks: 1_000_000 };
  const cpuMs = isQuick ? 100 : 250;
  const progress = createProgress("dispatch", rounds * (TASK_CASES.length + QUEUE_CASES.length));
  const turns: { rounds: number; progress: Progress } = { rounds, progress };
  const tasks = await measureInTurn(TASK_CASES, turns, async ({ module, name }): Promise<Rates> => {
    const order = { kind: "tasks", module, name, ...counts } as const;
    const few = await rateOf({ ...order, concurrency: FEW }, profileFolder);
    return [few, await rateOf({ ...order, concurrency: MANY }, profileFolder)];
  });
  const queues = await measureInTurn(QUEUE_CASES, turns, async ({ label }): Promise<Rates> => {
    const order = { kind: "queue", name: label, cpuMs } as const;
    const shallow = await rateOf({ ...order, depth: SHALLOW }, profileFolder);
    return [shallow, await rateOf({ ...order, depth: DEEP }, profileFolder)];
  });
  progress.done();
  return report(tasks, queues);
}

function report(tasks: Results<TaskCase, Rates>, queues: Results<Case, Rates>): Findings {
  const inMillions = { digits: 2, unit: " M" };
  const byFastq = { digits: 2, unit: " ×" };
  const first = ([rate]: Rates): number => rate / 1_000_000;
  const second = ([, rate]: Rates): number => rate / 1_000_000;
  return {
    tables: [
      tasks.table({ title: "Tasks a second of CPU time", rowTitle: "" }, [
        { name: `${FEW} at a time`, ...inMillions, valueOf: first },
        { name: "1,000 at a time", ...inMillions, valueOf: second },
      ]),
      queues.table({ title: "Items through a queue, a second of CPU time", rowTitle: "" }, [
        { name: "1,000 in it", ...inMillions, valueOf: first },
        { name: "100,000 in it", ...inMillions, valueOf: second },
      ]),
    ],
    limits: [
      { what: `${POOL_BY_FASTQ}, ${FEW} at a time`, measured: tasks.ratio(POOL, FASTQ, first), atLeast: 1, ...byFastq },
      { what: `${POOL_BY_FASTQ}, 1,000 at a time`, measured: tasks.ratio(POOL, FASTQ, second), atLeast: 1, ...byFastq },
      {
        what: `The same, where the pool does not read the clock, ${FEW} at a time`,
        measured: tasks.ratio(TIMELESS_POOL, FASTQ, first),
        ...byFastq,
      },
    ],
    pictures: [
      {
        file: "bench-dispatch.svg",
        kind: "dots",
        title: "Starting tasks: how many a second of CPU time",
        panels: [
          { title: "10 at a time, millions a second", table: 0, columns: [0] },
          { title: "1,000 at a time, millions a second", table: 0, columns: [1] },
        ],
      },
      {
        file: "bench-queues.svg",
        kind: "dots",
        title: "Items through a queue: how many a second of CPU time",
        panels: [
          { title: "1,000 in it, millions a second", table: 1, columns: [0] },
          { title: "100,000 in it, millions a second", table: 1, columns: [1], isLogarithmic: true },
        ],
      },
    ],
  };
}

await runBench("dispatch", ["fastq", "p-limit", "p-queue", "async-mutex", "denque"], measure);
