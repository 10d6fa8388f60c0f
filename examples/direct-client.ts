// The direct client: SQS over undici, without the CPU time of the SDK.
//
//   npx tsx examples/direct-client.ts
//
// For a queue of yours, give its URL and leave out the line below it. Region and credentials are found as the SDK finds them;
// or give a client of the SDK's that has them: directClient({ client: new SQSClient({ … }) }).
import { Consumer } from "millrace";
import { directClient } from "millrace/direct";
import { startLocalQueue } from "./support/local-queue.js";

const orders = Array.from({ length: 1_000 }, (_, number) => `order ${number}`);
await using queue = await startLocalQueue(orders);
const { queueUrl } = queue;

let packed = 0;
const consumer = new Consumer(() => void (packed += 1), {
  queueUrl,
  client: directClient(),
  concurrency: 100,
});
consumer.on("error", (error) => console.error(error.code, error.message));

await consumer.start();
await queue.emptied();
const { isDrained } = await consumer.stop();

console.log(`${packed} packed; everything acknowledged: ${isDrained}; messages left: ${queue.count(queueUrl)}`);
// No word of closing the client: its idle sockets keep no process, and another consumer could use it.
