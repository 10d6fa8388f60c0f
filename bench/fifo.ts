// What order costs: `npm run bench:fifo`.
//
//   npm run bench:fifo -- --rounds 5 --seconds 5
//
// First in virtual time, on the simulated service with calls that take 20 ms: exact, and the same on every machine. Then over
// HTTP with the SDK, the service being a process of its own on the same cores, calls taking 20 ms there too. Rounds take
// turns, so that a machine that slows down slows all; medians, least and most are over the rounds, after one to warm up. It
// measures what is built, in dist/.
//
// - Many groups: 1,000 on 100 slots, beside a standard queue with the same handlers. Messages a second while the queue is deep.
// - One group alone, beside a loop over the SDK that receives a message, handles it and deletes it: no consumer that keeps the
//   order can do with less, but for receiving several at once.
import { cpus, loadavg } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { DeleteMessageBatchCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { Consumer } from "millrace";
import { measureManyGroups, measureOneGroup } from "../test/support/fifo-pace.js";
import { QueueProcess } from "./support/queue-client.js";

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "5" }, seconds: { type: "string", default: "5" } },
});
const rounds = Number(values.rounds);
const seconds = Number(values.seconds);
const ROUND_TRIP_MS = 20;
const GROUPS = 1_000;
const SLOTS = 100;
const WARM_UP_MS = 1_500;
const BODY = JSON.stringify({ entry: "".padEnd(250, "0123456789") });

async function measureInVirtualTime(): Promise<void> {
  console.log(`In virtual time, calls of ${ROUND_TRIP_MS} ms`);
  for (const workMs of [5, 20, 100, 500]) {
    const options = { workMs, roundTripMs: ROUND_TRIP_MS };
    const standard = await measureManyGroups({ ...options, isFifo: false });
    const fifo = await measureManyGroups({ ...options, isFifo: true });
    const share = (100 * fifo.perSecond) / standard.perSecond;
    console.log(
      `  ${GROUPS} groups on ${SLOTS} slots, handlers of ${workMs} ms: ${fifo.perSecond.toFixed(0)} messages/s, ` +
        `standard ${standard.perSecond.toFixed(0)}: ${share.toFixed(1)} %`,
    );
  }
  for (const workMs of [0, 20, 100]) {
    const least = workMs + 2 * ROUND_TRIP_MS;
    for (const mostAReceive of [1, 10]) {
      const each = await measureOneGroup({ workMs, roundTripMs: ROUND_TRIP_MS, mostAReceive });
      console.log(
        `  one group, handlers of ${workMs} ms, ${mostAReceive} a receive: ${each.toFixed(1)} ms a message, ` +
          `${(each / least).toFixed(2)} × (handler + receive + delete)`,
      );
    }
  }
}

/** Messages a second over HTTP, while the queue is deep. */
async function measureRate(queueUrl: string, workMs: number): Promise<number> {
  const consumer = new Consumer(() => sleep(workMs), { queueUrl, concurrency: SLOTS, pollGraceMs: 0 });
  consumer.on("error", (error) => console.error(error.code, error.message));
  await consumer.start();
  await sleep(WARM_UP_MS);
  const acknowledged = (): number => consumer.stats().counters.settled.ack;
  const before = { at: performance.now(), ack: acknowledged() };
  await sleep(seconds * 1_000);
  const rate = ((acknowledged() - before.ack) / (performance.now() - before.at)) * 1_000;
  await consumer.stop();
  return rate;
}

/** Milliseconds a message of one group over HTTP. */
async function measureAlone(queueUrl: string, workMs: number, messages: number): Promise<number> {
  let handled = 0;
  let startedAt = 0;
  let finish: ((endedAt: number) => void) | undefined;
  const ended = new Promise<number>((resolve) => (finish = resolve));
  const consumer = new Consumer(
    async () => {
      await sleep(workMs);
      handled += 1;
      if (handled === messages / 10) startedAt = performance.now();
      if (handled === messages) finish?.(performance.now());
    },
    { queueUrl, concurrency: 10, pollGraceMs: 0 },
  );
  await consumer.start();
  const durationMs = (await ended) - startedAt;
  await consumer.stop();
  return durationMs / (messages - messages / 10);
}

/** The same by a loop that does one thing after the other. */
async function measureLoop(queueUrl: string, workMs: number, messages: number): Promise<number> {
  const client = new SQSClient({});
  let startedAt = 0;
  for (let handled = 0; handled < messages; handled += 1) {
    if (handled === messages / 10) startedAt = performance.now();
    const { Messages = [] } = await client.send(new ReceiveMessageCommand({ QueueUrl: queueUrl, WaitTimeSeconds: 20 }));
    await sleep(workMs);
    const Entries = Messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
    await client.send(new DeleteMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
  }
  const durationMs = performance.now() - startedAt;
  client.destroy();
  return durationMs / (messages - messages / 10);
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

async function measureOverHttp(): Promise<void> {
  console.log(`\nOver HTTP, calls of ${ROUND_TRIP_MS} ms; ${rounds} rounds, medians, least and most`);
  using queues = new QueueProcess();
  const latencyMs = ROUND_TRIP_MS;
  for (const workMs of [100, 500]) {
    const deepEnough = (SLOTS / workMs) * (WARM_UP_MS + seconds * 1_000) * 1.3 + 2 * GROUPS;
    const rates: Array<{ fifo: number; standard: number }> = [];
    for (let round = 0; round <= rounds; round += 1) {
      const fifo = await measureRate(await queues.createQueue(BODY, deepEnough, { latencyMs, groups: GROUPS }), workMs);
      const standard = await measureRate(await queues.createQueue(BODY, deepEnough, { latencyMs }), workMs);
      if (round > 0) rates.push({ fifo, standard });
    }
    const fifo = rates.map((rate) => rate.fifo);
    const share = rates.map((rate) => (100 * rate.fifo) / rate.standard);
    console.log(
      `  ${GROUPS} groups on ${SLOTS} slots, handlers of ${workMs} ms: ${describe(fifo, 0)} messages/s, ` +
        `${describe(share, 1)} % of a standard queue`,
    );
  }
  for (const workMs of [1, 20]) {
    const messages = Math.ceil((seconds * 1_000) / (workMs + 2 * latencyMs) / 10) * 10;
    const each: Array<{ alone: number; loop: number }> = [];
    for (let round = 0; round <= rounds; round += 1) {
      const options = { latencyMs, groups: 1 };
      const alone = await measureAlone(await queues.createQueue(BODY, messages, options), workMs, messages);
      const loop = await measureLoop(await queues.createQueue(BODY, messages, options), workMs, messages);
      if (round > 0) each.push({ alone, loop });
    }
    const alone = each.map((times) => times.alone);
    const ratio = each.map((times) => times.alone / times.loop);
    console.log(
      `  one group, handlers of ${workMs} ms: ${describe(alone, 1)} ms a message, ` +
        `${describe(ratio, 2)} × a loop that receives, handles and deletes`,
    );
  }
}

console.log(`Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? "unknown CPU"}`);
console.log(`load of the machine before: ${loadavg()[0]?.toFixed(2)}\n`);
await measureInVirtualTime();
await measureOverHttp();
