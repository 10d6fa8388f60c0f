// The daemon: it takes jobs off one queue all day. Each job reads an object from a store, transforms it, posts the result to
// an endpoint, and is then deleted: nearly all of it is waiting, so hundreds run at once in one process.
//
//   npx tsx examples/daemon.ts
//
// It prints what whoever runs such a daemon watches: the rate, what is in flight, the queue's depth, empty receives (too
// many pollers on an empty queue), requests per message (each is billed), and memory, which must not grow.
//
// For a queue of yours, give its URL and leave out the line that starts one:
//
//   const queueUrl = "https://sqs.eu-west-1.amazonaws.com/123456789012/orders";
import { Consumer, exponentialRetry, type Message } from "millrace";
import { startLocalQueue } from "./support/local-queue.js";
import { startWeb } from "./support/web.js";

const JOBS = 4_000;
await using web = await startWeb(100);
await using queue = await startLocalQueue(Array.from({ length: JOBS }, (_, job) => ({ key: `/objects/${job}` })));
const { queueUrl } = queue;

/** One job. It is passed the signal, so that it ends early when it has timed out or the daemon must stop. */
async function work({ Body = "" }: Message, signal: AbortSignal): Promise<void> {
  const { key } = JSON.parse(Body) as { key: string };
  const object = await request(`${web.url}${key}`, { signal });
  const result = object.toUpperCase();
  await request(`${web.url}${key}`, { method: "POST", body: result, signal });
}

async function request(url: string, init: RequestInit): Promise<string> {
  const response = await fetch(url, init);
  const text = await response.text(); // Read in any case: only then the connection is free for the next request.
  if (!response.ok) throw new Error(`${init.method ?? "GET"} ${url} was answered ${response.status}`);
  return text;
}

const consumer = new Consumer((message, { signal }) => work(message, signal), {
  queueUrl,
  concurrency: 300,
  handlerTimeoutMs: 30_000,
  retry: exponentialRetry({ baseSeconds: 1, maxSeconds: 60 }),
});
consumer.on("error", (error) => console.error(error.code, error.message));

/** Once a second here; once a minute would do. In a service these go to its metrics. */
function watch(): NodeJS.Timeout {
  let before = 0;
  return setInterval(() => {
    const { running, waiting, receivesInFlight, settlementsPending, counters } = consumer.stats();
    const { ack } = counters.settled;
    const megabytes = process.memoryUsage().rss / 1_048_576;
    console.log(
      `${ack - before}/s  running ${running}  waiting ${waiting}  to be confirmed ${settlementsPending}  ` +
        `receives out ${receivesInFlight}  empty ${counters.emptyReceives} of ${counters.receives}  ` +
        `queue ${queue.count(queueUrl)}  ${megabytes.toFixed(0)} MB`,
    );
    before = ack;
  }, 1_000);
}

const watching = watch();
await consumer.start();
await queue.emptied(); // A daemon would wait for a signal: see graceful-stop.ts.
clearInterval(watching);
const { isDrained } = await consumer.stop();

const { requestsByOperation: requests } = queue.sqs.statistics;
const { ReceiveMessage = 0, DeleteMessageBatch = 0, ChangeMessageVisibilityBatch = 0 } = requests;
const perMessage = (ReceiveMessage + DeleteMessageBatch + ChangeMessageVisibilityBatch) / JOBS;
const { ack, retry } = consumer.stats().counters.settled;
console.log(`done ${ack} of ${JOBS}, retried ${retry}, everything acknowledged: ${isDrained}`);
console.log(
  `posted ${web.posted.size}, at most ${web.mostAtOnce} requests at once, ${perMessage.toFixed(2)} per message`,
);
