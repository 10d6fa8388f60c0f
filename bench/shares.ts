// Who has how much of the handler time, when 120 queues share 100 slots: `npm run bench:shares`.
//
// Three classes of 40 queues with weights 8, 4 and 1, handlers of 100 ms, 10 ms a call. It is the simulated SQS in virtual
// time, so it says the same on every machine. It also draws docs/images/queue-shares.svg.
import { writeFileSync } from "node:fs";
import { ConsumerGroup, type GroupQueue } from "millrace";
import { SimulatedSqs, VirtualClock } from "millrace/testing";
import { drawShares, type Sample } from "./support/draw-shares.js";

const EACH = 40;
const SLOTS = 100;
const WORK_MS = 100;
const STEP_MS = 500;
const PICTURE = "docs/images/queue-shares.svg";

const clock = new VirtualClock();
const sqs = new SimulatedSqs({ clock, seed: 1 });

function urlsOf(name: string): string[] {
  return Array.from({ length: EACH }, (_, index) => `${sqs.endpoint}/000000000000/${name}-${index + 1}`);
}

/** Takes all messages out of the queues of a class. Takes no time. */
async function empty(name: string): Promise<void> {
  sqs.faults.latencyMs = 0;
  for (const QueueUrl of urlsOf(name)) await sqs.purgeQueue({ QueueUrl });
  sqs.faults.latencyMs = 10;
}

/** Sends so many messages to each queue of a class. Takes no time. */
async function fill(name: string, messages: number): Promise<void> {
  sqs.faults.latencyMs = 0;
  for (const QueueUrl of urlsOf(name)) {
    for (let sent = 0; sent < messages; sent += 10) {
      const Entries = Array.from({ length: 10 }, (_, index) => ({ Id: String(index), MessageBody: "work" }));
      await sqs.sendMessageBatch({ QueueUrl, Entries });
    }
  }
  sqs.faults.latencyMs = 10;
}

const classes = [
  { name: "high", weight: 8 },
  { name: "middle", weight: 4 },
  { name: "low", weight: 1 },
];
const queues: GroupQueue[] = [];
for (const { name, weight } of classes) {
  for (let number = 1; number <= EACH; number += 1) {
    const { QueueUrl: queueUrl } = await sqs.createQueue({ QueueName: `${name}-${number}` });
    queues.push({ queueUrl, weight });
  }
}
const handler = (): Promise<void> => new Promise((resolve) => clock.setTimer(resolve, WORK_MS));
const group = new ConsumerGroup(handler, { concurrency: SLOTS, queues, client: sqs, clock });

/** Handler time of each class so far, in milliseconds. */
function measure(): number[] {
  const { queues: each } = group.stats();
  return classes.map(({ name }) =>
    Object.entries(each)
      .filter(([queue]) => queue.startsWith(name))
      .reduce((sum, [, { handlerTimeMs }]) => sum + handlerTimeMs, 0),
  );
}

/** What the group has asked of the service so far. */
function countRequests(): number {
  return sqs.requestCount("ReceiveMessage") + sqs.requestCount("DeleteMessageBatch");
}

const samples: Sample[] = [];
let before: number[];

/** Lets so many seconds pass, and prints what each class had of the slots, without the first second. */
async function watch(what: string, seconds: number): Promise<void> {
  const from = samples.length;
  for (let passed = 0; passed < seconds * 1_000; passed += STEP_MS) {
    await clock.advance(STEP_MS);
    const now = measure();
    samples.push(now.map((time, index) => (time - (before[index] ?? 0)) / (SLOTS * STEP_MS)));
    before = now;
  }
  const settled = samples.slice(from + 1_000 / STEP_MS);
  const means = classes.map(
    (_, index) => settled.reduce((sum, shares) => sum + (shares[index] ?? 0), 0) / settled.length,
  );
  const text = classes.map(({ name }, index) => `${name} ${(100 * (means[index] ?? 0)).toFixed(1)} %`);
  console.log(`${what.padEnd(44)} ${text.join("   ")}`);
}

await fill("high", 800);
await fill("middle", 1_200);
await fill("low", 800);
await clock.runUntil(group.start());
await clock.advance(5_000);
before = measure();
const requestsBefore = countRequests();
const { messagesDeleted: deletedBefore } = sqs.statistics;
await watch("all are full", 15);
const requestsPerMessage = (countRequests() - requestsBefore) / (sqs.statistics.messagesDeleted - deletedBefore);
await empty("high");
await watch("the high ones are empty", 15);
await fill("high", 800);
await watch("they have messages again", 15);
for (const name of group.names.filter((queue) => queue.startsWith("low"))) group.update(name, { weight: 4 });
await watch("the low ones have weight 4", 15);
await clock.runUntil(group.stop());

const picture = drawShares(samples, {
  stepSeconds: STEP_MS / 1_000,
  classes: ["40 queues of weight 8", "40 queues of weight 4", "40 queues of weight 1"],
  phases: [
    { atSeconds: 0, text: "all are full" },
    { atSeconds: 15, text: "the first 40 are empty" },
    { atSeconds: 30, text: "they have messages again" },
    { atSeconds: 45, text: "the last 40 are given weight 4" },
  ],
});
console.log(`while all are full: ${requestsPerMessage.toFixed(2)} requests a message`);
writeFileSync(PICTURE, picture);
console.log(`drawn: ${PICTURE}`);
