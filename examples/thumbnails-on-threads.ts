// Work that computes: thumbnails, made on every core by worker threads, while this thread goes on polling, acknowledging
// and keeping messages from others.
//
//   npx tsx examples/thumbnails-on-threads.ts
//
// For a queue of yours, give its URL and leave out the line that starts one:
//
//   const queueUrl = "https://sqs.eu-west-1.amazonaws.com/123456789012/orders";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Consumer, deadLetter, exponentialRetry, MillraceError } from "millrace";
import { inThreads } from "millrace/threads";
import { startLocalQueue } from "./support/local-queue.js";
import type { Order } from "./thumbnails/make-thumbnail.js";

const folder = await mkdtemp(join(tmpdir(), "thumbnails-"));
const orders = Array.from({ length: 24 }, (_, index): Order => {
  return { picture: index + 1, width: 1_200, height: 800, factor: 8, folder };
});
await using queue = await startLocalQueue(orders);
const { queueUrl } = queue;

const makeThumbnail = inThreads(new URL("./thumbnails/make-thumbnail.js", import.meta.url));

const retryLater = exponentialRetry();
const consumer = new Consumer(makeThumbnail, {
  queueUrl,
  handlerTimeoutMs: 3_000, // Then its signal aborts, and half a second later its thread is ended.
  retry(error, context) {
    // A picture on which a thread had to be ended would end another.
    const isHopeless = error instanceof MillraceError && error.code === "THREAD_ENDED";
    return isHopeless ? deadLetter(error.code) : retryLater(error, context);
  },
});
consumer.on("error", (error) => console.error(error.code, error.message));
consumer.on("messageFailed", ({ message, error, outcome }) => {
  const { picture } = JSON.parse(message.Body ?? "") as Order;
  console.log(`picture ${picture}: ${String(error)} (${outcome.kind})`);
});

await consumer.start();
await queue.emptied();
await consumer.stop(); // The threads end with it.

const thumbnails = await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name), "latin1")));
const sizes = new Set(thumbnails.map((ppm) => ppm.split("\n")[1]?.replace(" ", " × ")));
const { settled } = consumer.stats().counters;
console.log(
  `${thumbnails.length} thumbnails of ${[...sizes].join()} pixels, dead letters: ${settled.deadLetter}, ` +
    `threads left: ${makeThumbnail.threads}`,
);
await rm(folder, { recursive: true });
