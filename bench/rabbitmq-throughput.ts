// Messages a second from RabbitMQ, beside a bare loop over the same client with the same prefetch: `npm run bench:rabbitmq`.
//
// A queue is filled, and then emptied by one of the two; handlers return at once, or wait a millisecond. Rounds take turns, so
// that a machine that slows down slows both; medians and ranges are over the rounds. The time is that from the connecting to
// the end of the last handler; that the queue is empty then is looked at afterwards. It measures what is built (dist/), and
// needs Debian's rabbitmq-server. Both use a socket without Nagle's algorithm, which amqplib has on by default.
import { setTimeout as sleep } from "node:timers/promises";
import { type Channel, connect, type ConfirmChannel, type ConsumeMessage } from "amqplib";
import { Consumer } from "millrace";
import { type RabbitMessage, RabbitRunner } from "millrace/rabbitmq";
import { RabbitBroker } from "../scripts/rabbitmq/broker.js";

const ROUNDS = 7;
const MESSAGES = 30_000;
const PREFETCH = 100;
/** A channel gathers what it does not pass on to a quorum queue at once, and would forget it when it is closed. */
const PASSED_ON_MS = 500;
const BODY = Buffer.alloc(256, "x");

type Handler = () => unknown;
type Subject = (url: string, queue: string, handler: Handler) => Promise<number>;

/** Consumes with the client alone: a call of the handler for each message, and an acknowledgement when it has ended. */
const bareLoop: Subject = async (url, queue, handler) => {
  const startedAt = performance.now();
  const connection = await connect(url, { noDelay: true });
  const channel: Channel = await connection.createChannel();
  await channel.prefetch(PREFETCH);
  await new Promise<void>((resolve, reject) => {
    let done = 0;
    const consume = async (message: ConsumeMessage | null): Promise<void> => {
      if (message === null) return;
      await handler();
      channel.ack(message);
      done += 1;
      if (done === MESSAGES) resolve();
    };
    channel.consume(queue, (message) => void consume(message).catch(reject)).catch(reject);
  });
  const rate = MESSAGES / ((performance.now() - startedAt) / 1_000);
  await channel.prefetch(PREFETCH); // When this is answered, the broker has got every acknowledgement.
  await sleep(PASSED_ON_MS);
  await connection.close();
  return rate;
};

const millrace: Subject = async (url, queue, handler) => {
  const runner = new RabbitRunner({ url, queue, prefetch: PREFETCH });
  let done = 0;
  let finish: (() => void) | undefined;
  const finished = new Promise<void>((resolve) => (finish = resolve));
  const consumer = new Consumer<RabbitMessage>(
    async () => {
      await handler();
      done += 1;
      if (done === MESSAGES) finish?.();
    },
    { runner, concurrency: PREFETCH },
  );
  const startedAt = performance.now();
  await consumer.start();
  await finished;
  const rate = MESSAGES / ((performance.now() - startedAt) / 1_000);
  await consumer.stop();
  return rate;
};

const subjects: ReadonlyArray<readonly [name: string, subject: Subject]> = [
  ["bare loop", bareLoop],
  ["millrace", millrace],
];
const handlers: ReadonlyArray<readonly [name: string, handler: Handler]> = [
  ["handlers that return at once", () => undefined],
  ["handlers that wait 1 ms", () => sleep(1)],
];

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

async function fill(channel: ConfirmChannel, queue: string): Promise<void> {
  for (let sent = 0; sent < MESSAGES; sent += 1) channel.sendToQueue(queue, BODY, { persistent: true });
  await channel.waitForConfirms();
}

/** A quorum queue counts what it was told only after a moment. */
async function isEmptied(channel: ConfirmChannel, queue: string): Promise<boolean> {
  for (let tries = 0; tries < 50; tries += 1) {
    if ((await channel.checkQueue(queue)).messageCount === 0) return true;
    await sleep(100);
  }
  return false;
}

async function measure(url: string, type: string, handler: Handler): Promise<Map<string, number[]>> {
  const connection = await connect(url);
  const channel = await connection.createConfirmChannel();
  const rates = new Map<string, number[]>(subjects.map(([name]) => [name, []]));
  // The first round warms up and is not counted.
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const [name, subject] of round % 2 === 0 ? subjects : subjects.toReversed()) {
      const queue = `bench-${type}`;
      await channel.assertQueue(queue, { arguments: { "x-queue-type": type } });
      await fill(channel, queue);
      const rate = await subject(url, queue, handler);
      if (round > 0) rates.get(name)?.push(rate);
      if (!(await isEmptied(channel, queue))) throw new Error(`${name} has left messages`);
      await channel.deleteQueue(queue);
    }
  }
  await connection.close();
  return rates;
}

function print(title: string, rates: ReadonlyMap<string, readonly number[]>): void {
  console.log(`\n${title}`);
  const bare = median(rates.get("bare loop") ?? []);
  for (const [name, values] of rates) {
    const [least, middle, most] = [Math.min(...values), median(values), Math.max(...values)].map((value) =>
      Math.round(value).toLocaleString("en").padStart(7),
    );
    console.log(
      `  ${name.padEnd(10)} ${middle}/s  (${least} to ${most})  ${(median(values) / bare).toFixed(2)} × bare`,
    );
  }
}

const broker = await RabbitBroker.start();
try {
  console.log(
    `Node ${process.version}; ${MESSAGES} messages of ${BODY.length} bytes, prefetch ${PREFETCH}, ${ROUNDS} rounds`,
  );
  for (const type of ["classic", "quorum"]) {
    for (const [name, handler] of handlers) {
      print(`${type} queue, ${name}`, await measure(broker.address.url, type, handler));
    }
  }
} finally {
  await broker.stop();
}
