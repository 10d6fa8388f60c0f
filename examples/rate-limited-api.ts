// Each message is a call to somebody else's API, which allows 60 a second, and answers 429 when it is busy. The rate keeps to
// the first without holding messages in memory: 50 a second, and a burst of 10. A 429 pauses the queue for as long as the API
// says, so that no calls are made that would be refused as well.
//
//   npx tsx examples/rate-limited-api.ts
//
// For a queue of yours, give its URL and leave out the line that starts one:
//
//   const queueUrl = "https://sqs.eu-west-1.amazonaws.com/123456789012/orders";
import { Consumer, type Message, retry } from "millrace";
import { startLocalQueue } from "./support/local-queue.js";
import { startMeteredApi } from "./support/metered-api.js";

const ORDERS = 150;
await using api = await startMeteredApi({ busyAfter: 100 });
await using queue = await startLocalQueue(Array.from({ length: ORDERS }, (_, order) => ({ order })));
const { queueUrl } = queue;

async function send({ Body = "" }: Message, signal: AbortSignal): Promise<unknown> {
  const { order } = JSON.parse(Body) as { order: number };
  const response = await fetch(`${api.url}/orders/${order}`, { method: "PUT", signal });
  if (response.status === 429) {
    const afterSeconds = Number(response.headers.get("Retry-After")) || 30;
    return retry({ afterSeconds, pause: "queue" });
  }
  if (!response.ok) throw new Error(`order ${order} was answered ${response.status}`);
  return undefined;
}

const consumer = new Consumer((message, { signal }) => send(message, signal), {
  queueUrl,
  concurrency: 20,
  rate: { perSecond: 50, burst: 10 },
});
consumer.on("error", (error) => console.error(error.code, error.message));
consumer.on("paused", ({ forMs }) => console.log(`the API is busy: paused for ${forMs} ms`));
consumer.on("resumed", () => console.log("resumed"));

await consumer.start();
await queue.emptied();
await consumer.stop();

const { ack, retry: retried } = consumer.stats().counters.settled;
console.log(`orders sent ${api.accepted.size}, done ${ack}, refused and retried ${retried}`);
console.log(`at most ${api.mostWithinASecond} calls within a second`);
