// A user who consumes a queue.
import { SQSClient } from "@aws-sdk/client-sqs";
import { Consumer, deadLetter, PoolWorker, retry } from "millrace";

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
