// A user who consumes a queue.
import { SQSClient } from "@aws-sdk/client-sqs";
import { Consumer, ConsumerGroup, deadLetter, inBatches, PoolWorker, retry } from "millrace";

async function resize(key: string, options: { signal: AbortSignal }): Promise<void> {
  await fetch(`https://images.example/${key}`, options);
}

const queueUrl = "https://sqs.eu-central-1.amazonaws.com/000000000000/images";

const consumer = new Consumer(
  async (message, { signal, attempt }) => {
    const body: string | undefined = message.Body;
    if (body === undefined) return deadLetter("no body");
    if (attempt > 3) return retry({ afterSeconds: 60 });
    await resize(body, { signal });
  },
  { queueUrl, client: new SQSClient({}), worker: new PoolWorker({ maxWorkers: 100 }) },
);
consumer.on("error", (error) => {
  const code: string = error.code;
  throw new Error(code, { cause: error });
});
await consumer.start();
await consumer.stop({ timeoutMs: 25_000 });

const group = new ConsumerGroup((message, { signal }, queue) => resize(`${queue}/${message.Body}`, { signal }), {
  concurrency: 100,
  queues: [{ queueUrl, weight: 8 }],
});
group.on("error", (error, queue) => {
  throw new Error(`${queue}: ${error.code}`, { cause: error });
});
await group.start();
const waiting: number | undefined = group.stats().queues["images"]?.waiting;
await group.stop({ timeoutMs: waiting });

const ofBatches = new Consumer(
  inBatches(
    async (items, { key, signal }) => {
      await resize(`${key}/${items.length}`, { signal });
      return items.map(({ message, context }) =>
        message.Body === undefined && context.attempt > 3 ? retry() : undefined,
      );
    },
    { size: 500, waitMs: 2_000, key: ({ Body = "" }) => Body.slice(0, 1) },
  ),
  { queueUrl, concurrency: 1_000 },
);
await ofBatches.stop();
