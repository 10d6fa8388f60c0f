// Records a second of one Lambda with 1, 2 and 3 workers: `npm run bench:lambda`.
//
//   npm run bench:lambda -- --rounds 5
//
// The function is a custom runtime in a process of its own, called by a Runtime API on this machine, one event after the
// other, each with as many records as the table says. Three hello-worlds:
//
//   plain      parses the record and makes a greeting. What is measured is the way of an event.
//   waiting    then waits for 100 ms, as for an answer over the network: what made a worker of the prototype do 10 a second.
//   computing  computes for 10 ms on a worker thread of its own: more workers help as far as there are cores.
//
// A worker is a slot of the consumer, and for the last one a thread behind it. The prototype that this is held against (one
// process of 512 MB) did 10 records a second; it ran on another machine, so the ratio says how far apart the two are, and
// not which share of that is due to what. Subjects take turns; medians and ranges are over the rounds.
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { cpus, loadavg } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createSqsEvent, LambdaRuntimeApi } from "millrace/testing";
import compute from "./support/compute.js";
import type { Kind } from "./support/lambda-function.js";

const PROTOTYPE_PER_SECOND = 10;
const COMPUTE_MS = 10;
const TIMEOUT_MS = 60_000;

const { values } = parseArgs({ options: { rounds: { type: "string", default: "5" } } });
const rounds = Number(values.rounds);

interface Subject {
  readonly kind: Kind;
  readonly workers: number;
  readonly recordsPerEvent: number;
  readonly events: number;
}

const subjects: readonly Subject[] = [
  { kind: "plain", workers: 1, recordsPerEvent: 10, events: 1_000 },
  { kind: "plain", workers: 2, recordsPerEvent: 10, events: 1_000 },
  { kind: "plain", workers: 3, recordsPerEvent: 10, events: 1_000 },
  { kind: "waiting", workers: 1, recordsPerEvent: 12, events: 1 },
  { kind: "waiting", workers: 2, recordsPerEvent: 12, events: 2 },
  { kind: "waiting", workers: 3, recordsPerEvent: 12, events: 3 },
  { kind: "waiting", workers: 100, recordsPerEvent: 1_000, events: 2 },
  { kind: "computing", workers: 1, recordsPerEvent: 100, events: 1 },
  { kind: "computing", workers: 2, recordsPerEvent: 100, events: 2 },
  { kind: "computing", workers: 3, recordsPerEvent: 100, events: 2 },
];

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}

/** As many steps as take 10 ms on this machine. */
function countSteps(): string {
  const steps = 1_000_000;
  const tries = Array.from({ length: 15 }, () => {
    const startedAt = performance.now();
    compute({ Body: String(steps) }, undefined as never);
    return performance.now() - startedAt;
  });
  return String(Math.round((steps * COMPUTE_MS) / median(tries)));
}

function startFunction({ kind, workers }: Subject, runtimeApi: string): ChildProcess {
  const env = { ...process.env, AWS_LAMBDA_RUNTIME_API: runtimeApi, KIND: kind, WORKERS: String(workers) };
  return fork(fileURLToPath(new URL("./support/lambda-function.ts", import.meta.url)), { env });
}

/** Records a second, from the first event to the last answer. The process is warm: an event before is not counted. */
async function measure(subject: Subject): Promise<number> {
  const { kind, recordsPerEvent, events } = subject;
  await using lambda = new LambdaRuntimeApi();
  await lambda.start();
  const child = startFunction(subject, lambda.address);
  child.once("exit", (code) => {
    if (code !== null) throw new Error(`the function has ended with exit code ${code}`);
  });
  const body = kind === "computing" ? steps : JSON.stringify({ name: "world" });
  const event = createSqsEvent(Array.from({ length: recordsPerEvent }, () => body));
  const call = async (): Promise<void> => {
    const result = await lambda.invoke(event, { timeoutMs: TIMEOUT_MS });
    const isDone = result.status === "response" && JSON.stringify(result.payload) === '{"batchItemFailures":[]}';
    if (!isDone) throw new Error(`an event was answered ${JSON.stringify(result)}`);
  };
  await call();
  const startedAt = performance.now();
  for (let count = 0; count < events; count += 1) await call();
  const seconds = (performance.now() - startedAt) / 1_000;
  const ended = once(child, "exit");
  child.kill();
  await ended;
  return (events * recordsPerEvent) / seconds;
}

const steps = countSteps();
const [load = 0] = loadavg();
console.log(
  `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? "unknown CPU"}, load ${load.toFixed(1)}`,
);
console.log(`${rounds} rounds; records a second: median, least and most\n`);

const rates = new Map<Subject, number[]>(subjects.map((subject) => [subject, []]));
for (let round = 0; round < rounds; round += 1) {
  for (const subject of subjects) rates.get(subject)?.push(await measure(subject));
}

console.log("hello-world  workers  records/event  records/s                  × the prototype's 10/s");
for (const [{ kind, workers, recordsPerEvent }, ofSubject] of rates) {
  const [middle, least, most] = [median(ofSubject), Math.min(...ofSubject), Math.max(...ofSubject)];
  const range = `${middle.toFixed(0)} (${least.toFixed(0)} to ${most.toFixed(0)})`;
  const ratio = (middle / PROTOTYPE_PER_SECOND).toFixed(1);
  console.log(
    `${kind.padEnd(11)}  ${String(workers).padStart(7)}  ${String(recordsPerEvent).padStart(13)}  ${range.padEnd(25)}  ${ratio}`,
  );
}
