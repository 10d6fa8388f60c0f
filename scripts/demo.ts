// A queue of 20,000 messages, drained before your eyes, and the proof that none was lost: `npm run demo`.
//
// Everything happens on this machine: a simulated SQS is served over HTTP on a free port, the SDK sends to it, and a
// consumer drains it. The first Ctrl-C drains what is in hand and accounts for the rest, a second one ends at once.
import { setTimeout as sleep } from "node:timers/promises";
import pc from "picocolors";
import { Consumer, exponentialRetry, PoolWorker } from "../src/index.js";
import { readOptions, readWholeNumber } from "./command-line.js";
import { drawUpAccount } from "./demo/account.js";
import { formatCount } from "./demo/format.js";
import { Ledger } from "./demo/ledger.js";
import { countMessages, type Queues, sendJobs, startQueues } from "./demo/queues.js";
import { describeAccount } from "./demo/report.js";
import { Observer } from "./demo/snapshot.js";
import { createView, type View } from "./demo/view.js";
import { createHandler, createJobs } from "./demo/workload.js";

const USAGE = `Usage: npm run demo -- [--messages 20000] [--concurrency 64]

Drains a simulated SQS queue, served over HTTP on this machine, and proves that nothing was lost.
Ctrl-C drains what is in hand and accounts for the rest; a second Ctrl-C ends at once.
`;

/** npm passes a Ctrl-C on that the terminal has sent to us already: so soon after the first, it is the same one. */
const SAME_PRESS_MS = 300;
/** Workers go quickly here, so that one sees them go. */
const IDLE_TIMEOUT_MS = 100;
const STOPPING_NOTE = "Stopping: running handlers may end. Ctrl-C again ends at once.";

interface Settings {
  readonly messages: number;
  readonly concurrency: number;
}

function readSettings(): Settings {
  const values = readOptions(USAGE, {
    messages: { type: "string", default: "20000" },
    concurrency: { type: "string", default: "64" },
  });
  return {
    messages: readWholeNumber(USAGE, "messages", values.messages, [1, 1_000_000]),
    concurrency: readWholeNumber(USAGE, "concurrency", values.concurrency, [1, 10_000]),
  };
}

/** Aborts at the first Ctrl-C, and ends the process at the second. */
function watchSignals(): AbortSignal {
  const controller = new AbortController();
  let firstAt = 0;
  const onSignal = (): void => {
    if (!controller.signal.aborted) {
      firstAt = performance.now();
      controller.abort();
    } else if (performance.now() - firstAt > SAME_PRESS_MS) {
      console.error("\nEnded at once: what was in hand becomes visible again when its time is over.");
      process.exit(130);
    }
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, onSignal);
  return controller.signal;
}

interface Watch {
  readonly view: View;
  readonly signal: AbortSignal;
}

/** Looks again and again while the work goes on, and once more when it has ended. */
async function whileLooking(look: () => void, { view }: Watch, work: () => Promise<void>): Promise<void> {
  const looking = setInterval(look, view.intervalMs);
  try {
    await work();
  } finally {
    clearInterval(looking);
    look();
  }
}

async function send({ sqs, queueUrl }: Queues, settings: Settings, watch: Watch): Promise<void> {
  const jobs = createJobs(settings.messages);
  const look = (): void => watch.view.sending(countMessages(sqs, queueUrl), jobs.length);
  await whileLooking(look, watch, () => sendJobs(queueUrl, jobs, watch.signal));
}

/** Consumes until the queue is empty or somebody has had enough. */
async function drain(consumer: Consumer, observer: Observer, watch: Watch): Promise<void> {
  const { view, signal } = watch;
  const look = (): void => view.draining(observer.take(), signal.aborted ? STOPPING_NOTE : "");
  await whileLooking(look, watch, async () => {
    await consumer.start();
    while (!observer.isQueueEmpty && !signal.aborted) await sleep(20);
    await consumer.stop();
  });
  view.done();
}

async function main(): Promise<boolean> {
  const settings = readSettings();
  const signal = watchSignals();
  const view = createView(settings.concurrency);
  const watch = { view, signal };
  await using queues = await startQueues();
  console.log(
    `\n${pc.bold("millrace")}: ${formatCount(settings.messages)} messages over HTTP (${queues.endpoint}), ` +
      `at most ${settings.concurrency} at once\n`,
  );
  await send(queues, settings, watch);

  const ledger = new Ledger();
  const consumer = new Consumer(createHandler(ledger), {
    queueUrl: queues.queueUrl,
    worker: new PoolWorker({ maxWorkers: settings.concurrency, idleTimeoutMs: IDLE_TIMEOUT_MS }),
    retry: exponentialRetry({ maxSeconds: 1 }),
  });
  const errors: Error[] = [];
  consumer.on("error", (error) => errors.push(error));
  const observer = new Observer(consumer, queues);
  await drain(consumer, observer, watch);
  const last = observer.take();

  const account = await drawUpAccount(queues, ledger);
  console.log(describeAccount(account, last, ledger.mostRunning));
  for (const error of errors.slice(0, 10)) console.error(pc.red(`error: ${error.message}`));
  const isComplete = signal.aborted || (account.sent === settings.messages && account.remaining === 0);
  return account.isProven && isComplete && errors.length === 0;
}

process.exitCode = (await main()) ? 0 : 1;
