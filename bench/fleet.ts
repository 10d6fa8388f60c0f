// What a message costs one process of a fleet, SDK included, at several paces: `npm run bench:fleet`.
//
//   npm run bench:fleet -- --rounds 5 --seconds 10
//
// Handlers wait 100 ms on a timer, so the number of slots sets the pace, and what is measured is all that a message costs
// but the handler's own work: millrace, the SDK with its signatures and its JSON, sockets, garbage collection. CPU is that
// of this process with all its threads (process.cpuUsage); requests are those that leave it.
//
// The queue is deep, and is the simulated SQS over plain HTTP in a process of its own, on the same cores. Not in it: TLS.
// Each round takes every pace once, so that a machine that slows down slows all. It measures what is built, in dist/.
import { subscribe } from "node:diagnostics_channel";
import { cpus, loadavg } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Consumer } from "millrace";
import { QueueProcess } from "./support/queue-client.js";

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "5" }, seconds: { type: "string", default: "10" } },
});
const rounds = Number(values.rounds);
const seconds = Number(values.seconds);
const WORK_MS = 100;
const BODY = JSON.stringify({ key: "/objects/".padEnd(500, "0123456789") });
/** 350 messages a second and process is 60 million a day on two; the last is more than a core can do. */
const SLOTS = [35, 100, 200, 1_000];

interface Figures {
  readonly perSecond: number;
  readonly cpuMicroseconds: number;
  readonly requests: number;
}

let requestsSent = 0;
subscribe("http.client.request.start", () => (requestsSent += 1));

/** Measures for so many seconds, after one and a half to warm up. */
async function measure(queueUrl: string, concurrency: number): Promise<Figures> {
  const consumer = new Consumer(() => sleep(WORK_MS), { queueUrl, concurrency, pollGraceMs: 0 });
  consumer.on("error", (error) => console.error(error.code, error.message));
  await consumer.start();
  await sleep(1_500);
  const acknowledged = (): number => consumer.stats().counters.settled.ack;
  const before = { at: performance.now(), cpu: process.cpuUsage(), requests: requestsSent, ack: acknowledged() };
  await sleep(seconds * 1_000);
  const { user, system } = process.cpuUsage(before.cpu);
  const messages = acknowledged() - before.ack;
  const figures = {
    perSecond: (messages / (performance.now() - before.at)) * 1_000,
    cpuMicroseconds: (user + system) / messages,
    requests: (requestsSent - before.requests) / messages,
  };
  await consumer.stop();
  return figures;
}

function describe(numbers: readonly number[], digits: number): string {
  const sorted = numbers.toSorted((a, b) => a - b);
  const [least = Number.NaN, middle = Number.NaN, most = Number.NaN] = [
    sorted[0],
    sorted[Math.floor(sorted.length / 2)],
    sorted.at(-1),
  ];
  return `${middle.toFixed(digits)} (${least.toFixed(digits)} to ${most.toFixed(digits)})`;
}

console.log(`Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? "unknown CPU"}`);
console.log(`load of the machine before: ${loadavg()[0]?.toFixed(2)}`);
console.log(`${rounds} rounds of ${seconds} s; medians, least and most\n`);

using queues = new QueueProcess();
const measured = new Map<number, Figures[]>(SLOTS.map((slots) => [slots, []]));
// The first round warms up and is not counted.
for (let round = 0; round <= rounds; round += 1) {
  for (const [slots, figures] of measured) {
    const deepEnough = Math.min(slots * 10, 6_000) * (seconds + 4);
    const ofRound = await measure(await queues.createQueue(BODY, deepEnough), slots);
    if (round > 0) figures.push(ofRound);
  }
}
for (const [slots, figures] of measured) {
  const rate = describe(
    figures.map(({ perSecond }) => perSecond),
    0,
  );
  const cpu = describe(
    figures.map(({ cpuMicroseconds }) => cpuMicroseconds),
    0,
  );
  const requests = describe(
    figures.map((figure) => figure.requests),
    3,
  );
  console.log(`${slots} slots`.padEnd(12), `${rate} messages/s; ${cpu} µs of CPU and ${requests} requests a message`);
}
