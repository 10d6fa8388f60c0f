// The daemon on two cores: one process runs JavaScript on one core, so node:cluster starts a process for each, and each has
// a consumer of its own on the same queue. They need not know of each other: SQS gives each message to one of them.
//
//   npx tsx examples/daemon-on-two-cores.ts     and press Ctrl-C while it works, or let it end
//
// The primary does what an orchestrator would do with a container per core: it starts the processes, starts another for one
// that has died, and passes on the order to stop. docs/processes-and-machines.md compares the two.
//
// For a queue of yours, set QUEUE_URL for the workers instead of starting one.
import cluster, { type Worker } from "node:cluster";
import { once } from "node:events";
import { Consumer, exponentialRetry } from "millrace";
import { startLocalQueue } from "./support/local-queue.js";
import { startWeb } from "./support/web.js";

const PROCESSES = 2; // os.availableParallelism(), where the machine is yours alone.
const JOBS = 1_500;

/** What a process says when it has stopped. */
interface Report {
  readonly handled: number;
  readonly isDrained: boolean;
}

if (cluster.isPrimary) await supervise();
else await consume();

/** The primary: no consumer, only processes. (And what stands for SQS and the web here.) */
async function supervise(): Promise<void> {
  await using web = await startWeb(100);
  await using queue = await startLocalQueue(Array.from({ length: JOBS }, (_, job) => ({ key: `/objects/${job}` })));
  const running = new Set<Worker>();
  let isStopping = false;

  const startProcess = (): void => {
    const worker = cluster.fork({ QUEUE_URL: queue.queueUrl, WEB_URL: web.url });
    running.add(worker);
    const name = `process ${worker.id}`;
    worker.on("online", () => console.log(`${name} has started, pid ${worker.process.pid}`));
    worker.on("message", ({ handled, isDrained }: Report) => {
      console.log(`${name} handled ${handled}, everything acknowledged: ${isDrained}`);
    });
    worker.on("exit", (code, signal) => {
      running.delete(worker);
      if (isStopping) return;
      // What it had in hand is visible to the others when its leases end: nothing needs to be done for it here.
      console.log(`${name} has died (${signal ?? code}): another one takes its place`);
      setTimeout(() => isStopping || startProcess(), 500); // Not at once: it may die at its start, every time.
    });
  };
  for (let count = 0; count < PROCESSES; count += 1) startProcess();

  const watching = setInterval(() => console.log(`${queue.sqs.statistics.messagesDeleted} of ${JOBS} done`), 500);
  const reason = await Promise.race([untilSignal(), queue.emptied()]);
  clearInterval(watching);
  isStopping = true;
  console.log(`${reason ?? "nothing left"}: stopping ${running.size} processes`);
  // Asked for before the signals are sent, so that no exit is missed.
  const exits = [...running].map((worker) => once(worker, "exit"));
  for (const worker of running) worker.process.kill("SIGTERM");
  await Promise.all(exits);

  const { messagesSent, messagesDeleted } = queue.sqs.statistics;
  const left = queue.count(queue.queueUrl);
  console.log(`${messagesSent} sent = ${messagesDeleted} deleted + ${left} still there; ${web.posted.size} posted`);
}

/** A worker process: the whole daemon, as it would be in a container of its own. */
async function consume(): Promise<void> {
  const { QUEUE_URL: queueUrl = "", WEB_URL: webUrl = "" } = process.env;
  process.on("SIGINT", () => undefined); // A terminal sends Ctrl-C to every process; the primary says when to stop.
  const stopping = once(process, "SIGTERM");

  const consumer = new Consumer(
    async ({ Body = "" }, { signal }) => {
      const { key } = JSON.parse(Body) as { key: string };
      const object = await request(`${webUrl}${key}`, { signal });
      await request(`${webUrl}${key}`, { method: "POST", body: object.toUpperCase(), signal });
    },
    {
      queueUrl,
      concurrency: 100, // Of each process: the web bears 200.
      visibilityTimeoutSeconds: 10, // What a process that is killed had in hand is late by this much; 30 is usual.
      retry: exponentialRetry({ baseSeconds: 1, maxSeconds: 60 }),
    },
  );
  consumer.on("error", (error) => console.error(error.code, error.message));

  await consumer.start();
  await stopping;
  const { isDrained } = await consumer.stop({ timeoutMs: 25_000 }); // Less than what the platform gives the container.
  const report: Report = { handled: consumer.stats().counters.settled.ack, isDrained };
  process.send?.(report, () => process.disconnect()); // Without its channel to the primary, nothing keeps it alive.
}

async function request(url: string, init: RequestInit): Promise<string> {
  const response = await fetch(url, init);
  const text = await response.text(); // Read in any case: only then the connection is free for the next request.
  if (!response.ok) throw new Error(`${init.method ?? "GET"} ${url} was answered ${response.status}`);
  return text;
}

function untilSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, resolve);
  });
}
