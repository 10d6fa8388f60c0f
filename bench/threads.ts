// Handlers that compute: in the main thread, on one thread, and on two: `npm run bench:threads`.
//
//   npm run bench:threads -- --rounds 5 --messages 400 --milliseconds 20 --seconds 120
//
// First the rates: each subject drains as many messages off a queue of its own, in turns, so that a machine that slows down
// slows all; medians and ranges are over the rounds. Then two threads under full load for so many seconds, with a
// visibility timeout of 10 s: a lease was lost when the source says so, or when a message comes a second time.
//
// The queue is the simulated SQS over HTTP in a process of its own, on the same cores. The delay of the event loop is what
// `monitorEventLoopDelay` says of a timer of 1 ms; that millisecond is part of it.
import { cpus, loadavg } from "node:os";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Consumer, type Handler, type Message } from "millrace";
import { inThreads } from "millrace/threads";
import compute from "./support/compute.js";
import { QueueProcess } from "./support/queue-client.js";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    messages: { type: "string", default: "400" },
    milliseconds: { type: "string", default: "20" },
    seconds: { type: "string", default: "120" },
  },
});
const rounds = Number(values.rounds);
const messages = Number(values.messages);
const milliseconds = Number(values.milliseconds);
const seconds = Number(values.seconds);

interface Subject {
  readonly name: string;
  readonly createHandler: () => Handler<Message>;
}

interface Figures {
  readonly perSecond: number;
  /** The event loop's delay, its 99th percentile and the longest, in milliseconds. */
  readonly p99Ms: number;
  readonly longestMs: number;
  readonly handled: number;
  readonly leasesLost: number;
}

function onThreads(maxThreads: number): Handler<Message> {
  return inThreads(new URL("./support/compute.js", import.meta.url), { maxThreads, minThreads: maxThreads });
}

const mainThread: Subject = { name: "main thread", createHandler: () => compute };
const oneThread: Subject = { name: "1 thread", createHandler: () => onThreads(1) };
const twoThreads: Subject = { name: "2 threads", createHandler: () => onThreads(2) };
const subjects: readonly Subject[] = [mainThread, oneThread, twoThreads];

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}

/** As many steps as take so many milliseconds on this machine, for a message's body. */
function countSteps(): string {
  const steps = 2_000_000;
  const tries = Array.from({ length: 15 }, () => {
    const startedAt = performance.now();
    compute({ Body: String(steps) }, undefined as never);
    return performance.now() - startedAt;
  });
  return String(Math.round((steps * milliseconds) / median(tries)));
}

/** Has a subject drain a queue, from its first message until all are acknowledged or the time is over. */
async function measure({ createHandler }: Subject, queueUrl: string, limit: { messages: number; ms: number }) {
  const handler = createHandler();
  const concurrency = handler === compute ? 1 : undefined; // Else as many as there are threads.
  const consumer = new Consumer(handler, { queueUrl, visibilityTimeoutSeconds: 10, pollGraceMs: 0, concurrency });
  const delay = monitorEventLoopDelay({ resolution: 1 });
  let startedAt = Number.NaN;
  let leasesLost = 0;
  consumer.on("error", (error) => console.error(error.code, error.message));
  consumer.on("messageRevoked", () => (leasesLost += 1));
  consumer.on("messageStarted", ({ attempt }) => {
    if (attempt > 1) leasesLost += 1;
    if (Number.isNaN(startedAt)) delay.enable();
    startedAt ||= performance.now();
  });
  await consumer.start();
  const { settled } = consumer.stats().counters;
  let handled = settled.ack;
  let tookMs = 0;
  const isDone = (): boolean => handled >= limit.messages || tookMs >= limit.ms;
  consumer.on("settled", () => (handled += 1));
  while (!isDone()) {
    await sleep(10);
    tookMs = performance.now() - startedAt;
  }
  delay.disable();
  await consumer.stop();
  const perSecond = (handled / tookMs) * 1_000;
  return { perSecond, p99Ms: delay.percentile(99) / 1e6, longestMs: delay.max / 1e6, handled, leasesLost };
}

function describe(numbers: readonly number[], unit: string): string {
  const [least, most] = [Math.min(...numbers), Math.max(...numbers)];
  return `${median(numbers).toFixed(1)} ${unit} (${least.toFixed(1)} to ${most.toFixed(1)})`;
}

async function compareRates(queues: QueueProcess, body: string): Promise<Map<Subject, Figures[]>> {
  const figures = new Map<Subject, Figures[]>(subjects.map((subject) => [subject, []]));
  // The first round warms up and is not counted.
  for (let round = 0; round <= rounds; round += 1) {
    for (const subject of subjects) {
      const queueUrl = await queues.createQueue(body, messages);
      const measured = await measure(subject, queueUrl, { messages, ms: Infinity });
      if (round > 0) figures.get(subject)?.push(measured);
    }
  }
  return figures;
}

function printRates(figures: ReadonlyMap<Subject, readonly Figures[]>): void {
  for (const [{ name }, ofSubject] of figures) {
    const rate = describe(
      ofSubject.map(({ perSecond }) => perSecond),
      "messages/s",
    );
    const p99 = describe(
      ofSubject.map(({ p99Ms }) => p99Ms),
      "ms",
    );
    console.log(`${name.padEnd(12)} ${rate.padEnd(42)} event loop's delay, p99: ${p99}`);
  }
  const rateOf = (subject: Subject, round: number): number => figures.get(subject)?.[round]?.perSecond ?? Number.NaN;
  for (const other of [oneThread, mainThread]) {
    const ratios = Array.from({ length: rounds }, (_, round) => rateOf(twoThreads, round) / rateOf(other, round));
    const text = ratios.map((ratio) => ratio.toFixed(2)).join(", ");
    console.log(`2 threads against ${other.name}: ${median(ratios).toFixed(2)} × (by round: ${text})`);
  }
}

async function runLong(queues: QueueProcess, body: string): Promise<void> {
  const enough = Math.ceil((seconds * 1_000 * 3) / milliseconds);
  const queueUrl = await queues.createQueue(body, enough);
  const figures = await measure(twoThreads, queueUrl, { messages: enough, ms: seconds * 1_000 });
  console.log(
    `2 threads for ${seconds} s: ${figures.handled} messages, ${figures.perSecond.toFixed(1)}/s, ` +
      `leases lost: ${figures.leasesLost}, event loop's delay p99 ${figures.p99Ms.toFixed(1)} ms, ` +
      `longest ${figures.longestMs.toFixed(1)} ms`,
  );
}

console.log(`Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? "unknown CPU"}`);
console.log(`load of the machine before: ${loadavg()[0]?.toFixed(2)}`);
const body = countSteps();
console.log(`handlers of ${milliseconds} ms (${body} steps); ${rounds} rounds of ${messages} messages\n`);
using queues = new QueueProcess();
if (rounds > 0) printRates(await compareRates(queues, body));
if (seconds > 0) await runLong(queues, body);
