// The smallest consumer: a function, a queue, start and stop.
//
//   npx tsx examples/smallest.ts
//
// For a queue of yours, give its URL and leave out the line below it. The region is read from the URL, and credentials are
// found as the SDK finds them:
//
//   const queueUrl = "https://sqs.eu-west-1.amazonaws.com/123456789012/orders";
import { setTimeout as sleep } from "node:timers/promises";
import { Consumer } from "millrace";
import { startLocalQueue } from "./support/local-queue.js";

await using queue = await startLocalQueue(["an apple", "a pear", "a plum"]);
const { queueUrl } = queue;

const consumer = new Consumer(
  async (message) => {
    await sleep(10); // The work. When it has returned, the message is deleted; had it thrown, it would come again.
    console.log(`packed ${message.Body}`);
  },
  { queueUrl, concurrency: 10 },
);

// Whatever goes wrong beside the handlers: a request that failed, an acknowledgement that was lost.
consumer.on("error", (error) => console.error(error.code, error.message));

await consumer.start();
await queue.emptied(); // A service would go on until it is told to stop: see graceful-stop.ts.
const { isDrained } = await consumer.stop();

console.log(`stopped, everything acknowledged: ${isDrained}; messages left: ${queue.count(queueUrl)}`);
