// Workers that own something: each worker of the pool opens one connection, keeps it over many messages, and closes it when
// it is let go. There are as many connections as there is work for, and never more than `maxWorkers`.
//
//   npx tsx examples/owned-connections.ts
//
// For a queue of yours, give its URL and leave out the line that starts one:
//
//   const queueUrl = "https://sqs.eu-west-1.amazonaws.com/123456789012/orders";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { Consumer, PoolWorker } from "millrace";
import { startLabelPrinter } from "./support/label-printer.js";
import { startLocalQueue } from "./support/local-queue.js";

await using printer = await startLabelPrinter();
await using queue = await startLocalQueue(Array.from({ length: 400 }, (_, order) => `order ${order}`));
const { queueUrl } = queue;

const worker = new PoolWorker({
  maxWorkers: 8,
  minWorkers: 1, // One connection is kept for the next message.
  idleTimeoutMs: 150, // 10 s unless said otherwise; here one is to see them go.
  async onWorkerStart({ id }) {
    const socket = connect(printer.port, "127.0.0.1");
    await once(socket, "connect"); // When this fails, messages wait and it is tried again with a growing delay.
    socket.setEncoding("utf8");
    console.log(`worker ${id} has opened a connection`);
    return socket;
  },
  async onWorkerStop(socket, { id }) {
    socket.end();
    await once(socket, "close");
    console.log(`worker ${id} has closed its connection`);
  },
});

/** Sends a line and waits for the answer. A connection is asked one thing at a time: its worker has one message at a time. */
async function print(socket: Socket, label: string, signal: AbortSignal): Promise<string> {
  socket.write(`${label}\n`);
  const [answer] = (await once(socket, "data", { signal })) as [string];
  return answer.trim();
}

const consumer = new Consumer(
  async (message, { resource: socket, signal }) => {
    const answer = await print(socket, message.Body ?? "", signal);
    if (answer !== "printed") throw new Error(`the printer says ${answer}`); // The message comes again.
  },
  { queueUrl, worker },
);
consumer.on("error", (error) => console.error(error.code, error.message));

await consumer.start();
await queue.emptied();
await sleep(2_000);
console.log(`nothing to do: workers left: ${consumer.stats().workers}`);
await consumer.stop();

const { settled } = consumer.stats().counters;
console.log(
  `${printer.labels} labels for ${settled.ack} messages over ${printer.connections} connections, ` +
    `at most ${printer.mostConnections} at once`,
);
