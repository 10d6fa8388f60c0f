// A graceful stop: the first Ctrl-C asks for no more messages and lets running handlers end, a second one ends at once.
//
//   npx tsx examples/graceful-stop.ts     and press Ctrl-C while it works
//
// For a queue of yours, give its URL and leave out the line that starts one:
//
//   const queueUrl = "https://sqs.eu-west-1.amazonaws.com/123456789012/orders";
import { setTimeout as sleep } from "node:timers/promises";
import { Consumer } from "millrace";
import { startLocalQueue } from "./support/local-queue.js";

/** npm and npx pass a Ctrl-C on that the terminal has sent to this process already: it is the same one. */
const SAME_PRESS_MS = 300;

/** Resolves at the first SIGINT or SIGTERM; at the second the process ends. */
function untilSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let firstAt: number | undefined;
    const onSignal = (signal: NodeJS.Signals): void => {
      if (firstAt === undefined) {
        firstAt = Date.now();
        resolve(signal);
      } else if (Date.now() - firstAt > SAME_PRESS_MS) {
        // Nothing is lost by this: what was in hand becomes visible to others when its visibility timeout is over. To
        // have it given back before that, call consumer.stop({ timeoutMs: 0 }) here: it shortens the stop that goes on.
        console.log(`${signal} again: ended at once`);
        process.exit(130);
      }
    };
    process.on("SIGINT", onSignal).on("SIGTERM", onSignal);
  });
}

const signalled = untilSignal();
const orders = Array.from({ length: 60 }, (_, order) => ({ order, workMs: order % 2 === 0 ? 500 : 2_000 }));
await using queue = await startLocalQueue(orders);
const { queueUrl } = queue;

const consumer = new Consumer(
  async (message, { signal }) => {
    const { workMs } = JSON.parse(message.Body ?? "") as { workMs: number };
    // Work that heeds the signal ends early when the time for stopping is over; its message comes again.
    await sleep(workMs, undefined, { signal });
    console.log(`done: ${message.Body}`);
  },
  { queueUrl, concurrency: 5 },
);
consumer.on("error", (error) => console.error(error.code, error.message));

await consumer.start();
console.log("working: press Ctrl-C");
const signal = await Promise.race([signalled, queue.emptied()]);
console.log(`${signal ?? "nothing left"}: stopping, ${consumer.stats().running} handlers are running`);

// Kubernetes and ECS give 30 seconds after their SIGTERM, so 25 is the default. Nobody who presses Ctrl-C waits as long.
const { isDrained, messagesReleased } = await consumer.stop({ timeoutMs: 10_000 });

const { messagesSent, messagesDeleted } = queue.sqs.statistics;
console.log(`stopped: every finished message acknowledged: ${isDrained}; given back unstarted: ${messagesReleased}`);
console.log(`the queue: ${messagesSent} sent = ${messagesDeleted} deleted + ${queue.count(queueUrl)} still there`);
