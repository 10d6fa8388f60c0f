// A Lambda function in a container image, with a runtime of its own: the process asks Lambda for one event after the other,
// and what it has loaded stays. Hundreds of messages that wait are worked on at once; for work that computes, put inThreads
// around a handler (see thumbnails-on-threads.ts), and all cores of the Lambda are used.
//
//   npx tsx examples/lambda-container.ts
//
// In an image of yours, leave out the line that starts a Lambda on this machine, and the calls at the end; docs/lambda.md
// has the Dockerfile. The trigger must have ReportBatchItemFailures among its function response types.
import { setTimeout as sleep } from "node:timers/promises";
import { Consumer } from "millrace";
import { LambdaRunner } from "millrace/lambda";
import { createSqsEvent } from "millrace/testing";
import { startLocalLambda } from "./support/local-lambda.js";

await using lambda = await startLocalLambda();

const runner = new LambdaRunner();
let handled = 0;
let running = 0;
let mostAtOnce = 0;

const consumer = new Consumer(
  async ({ Body }) => {
    mostAtOnce = Math.max(mostAtOnce, (running += 1));
    await sleep(100); // An answer over the network, say.
    running -= 1;
    handled += 1;
    if (Body === "13") throw new Error("13 is not handled here");
  },
  { runner, concurrency: 200 },
);
consumer.on("error", (error) => console.error(error.code, error.message));
consumer.on("messageFailed", ({ message }) => console.log(`message ${message.Body} has failed`));

// Lambda says that it shuts down, where an extension is registered, and gives 300 to 500 ms.
process.once("SIGTERM", () => void consumer.stop({ timeoutMs: 200 }));

try {
  await consumer.start();
} catch (error) {
  await runner.reportInitError(error);
  throw error;
}

const bodies = (count: number): string[] => Array.from({ length: count }, (_, index) => String(index + 1));
await lambda.call(createSqsEvent(bodies(10)), 30_000);
await lambda.call(createSqsEvent(bodies(1_000)), 30_000);
await lambda.call(createSqsEvent([]), 30_000);

process.kill(process.pid, "SIGTERM");
await new Promise((resolve) => {
  consumer.once("stopped", resolve);
});
console.log(`handled ${handled}, at most ${mostAtOnce} at once`);
