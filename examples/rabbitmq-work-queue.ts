// A work queue on RabbitMQ: a job is acknowledged when it is done, and not before. The first Ctrl-C takes no more jobs and
// gives those that run up to 5 s to end; a second one ends at once. Neither loses a job.
//
//   npx tsx examples/rabbitmq-work-queue.ts     and press Ctrl-C while it works
//
// This starts a RabbitMQ of its own, for which Debian's rabbitmq-server must be installed. With a broker of yours, which has
// a queue named jobs with messages like {"job":1,"workMs":500}, give its URL:
//
//   npx tsx examples/rabbitmq-work-queue.ts amqp://guest:guest@localhost
import { setTimeout as sleep } from "node:timers/promises";
import { Consumer } from "millrace";
import { RabbitRunner } from "millrace/rabbitmq";
import { startLocalRabbit } from "./support/local-rabbit.js";

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
        // The broker sees the connection go, and gives its messages to others at once.
        console.log(`${signal} again: ended at once`);
        process.exit(130);
      }
    };
    process.on("SIGINT", onSignal).on("SIGTERM", onSignal);
  });
}

const signalled = untilSignal();
const jobs = Array.from({ length: 40 }, (_, job) => ({ job, workMs: job % 2 === 0 ? 200 : 1_000 }));
await using rabbit = await startLocalRabbit("jobs", jobs, process.argv[2]);

// The broker is never asked for more messages than there are places: those that run, and a few to go on with.
const runner = new RabbitRunner({ url: rabbit.url, queue: "jobs" });
const consumer = new Consumer(
  async (message, { signal }) => {
    const { job, workMs } = JSON.parse(message.content.toString()) as { job: number; workMs: number };
    await sleep(workMs, undefined, { signal }); // The work. It ends early when the 5 s are over, or the connection is gone.
    console.log(`done: job ${job}`);
  },
  { runner, concurrency: 5 },
);
consumer.on("error", (error) => console.error(error.code, error.message));

await consumer.start();
console.log("working: press Ctrl-C");
const signal = await Promise.race([signalled, rabbit.untilDone(consumer)]);
console.log(`${signal ?? "nothing left"}: stopping, ${consumer.stats().running} jobs are running`);

const { handlersAborted } = await consumer.stop({ timeoutMs: 5_000 });

const { ack } = consumer.stats().counters.settled;
console.log(`stopped: ${ack} done and acknowledged, ${handlersAborted} cut off; what was not done is in the queue`);
