// A noisy tenant: Acme has a thousand messages in a queue that others share. It may have five of the ten slots, and when its
// service answers 429 it is paused, alone. The others have their turns all the while.
//
//   npx tsx examples/noisy-tenant.ts
//
// A tenant is what has a MessageGroupId in common; on a standard queue that is only a label. Anything else of a message will
// do: tenants: { key: ({ MessageAttributes }) => MessageAttributes?.["tenant"]?.StringValue }
//
// For a queue of yours, give its URL and leave out the lines that start one and send to it:
//
//   const queueUrl = "https://sqs.eu-west-1.amazonaws.com/123456789012/jobs";
import { setTimeout as sleep } from "node:timers/promises";
import { Consumer, type HandlerContext, type Message, retry } from "millrace";
import { startLocalQueue } from "./support/local-queue.js";

const ACME_MESSAGES = 1_000;
const OTHERS = ["ada", "bob", "cyd", "dee", "eve"];
const ROUNDS = 12;

await using queue = await startLocalQueue<string>([]);
const { queueUrl } = queue;

async function send(tenant: string, count: number): Promise<void> {
  for (let first = 0; first < count; first += 10) {
    const Entries = Array.from({ length: Math.min(10, count - first) }, (_, index) => ({
      Id: String(index),
      MessageBody: `job ${first + index} of ${tenant}`,
      MessageGroupId: tenant,
    }));
    await queue.sqs.sendMessageBatch({ QueueUrl: queueUrl, Entries });
  }
}

const running = new Map<string, number>();
let acmesCalls = 0;
let acmesMost = 0;
let acmesDone = 0;
let acmeIsPaused = false;
let othersDone = 0;
let othersDuringPause = 0;
let othersDoneFirst = 0;

async function work(_message: Message, { groupId = "" }: HandlerContext): Promise<unknown> {
  if (groupId === "acme") {
    acmesCalls += 1;
    acmeIsPaused = false;
  }
  running.set(groupId, (running.get(groupId) ?? 0) + 1);
  acmesMost = Math.max(acmesMost, running.get("acme") ?? 0);
  const isRefused = groupId === "acme" && acmesCalls === 200;
  await sleep(20); // The tenant's own service.
  running.set(groupId, (running.get(groupId) ?? 0) - 1);
  if (isRefused) {
    acmeIsPaused = true;
    return retry({ afterSeconds: 1, pause: "key" }); // It has answered 429.
  }
  if (groupId === "acme") {
    acmesDone += 1;
  } else {
    othersDone += 1;
    if (acmeIsPaused) othersDuringPause += 1;
    if (acmesDone < ACME_MESSAGES) othersDoneFirst += 1;
  }
  return undefined;
}

const consumer = new Consumer(work, { queueUrl, concurrency: 10, tenants: { maxRunning: 5 } });
consumer.on("error", (error) => console.error(error.code, error.message));

await send("acme", ACME_MESSAGES);
await consumer.start();
for (let round = 0; round < ROUNDS; round += 1) {
  for (const tenant of OTHERS) await send(tenant, 1);
  await sleep(200);
}
await queue.emptied(); // A service would wait for a signal: see graceful-stop.ts.
await consumer.stop();

console.log(`acme: ${acmesDone} done, at most ${acmesMost} at once`);
console.log(`the others: ${othersDone} done, ${othersDoneFirst} of them before acme was through`);
console.log(`while acme was paused, the others went on: ${othersDuringPause > 0}`);
