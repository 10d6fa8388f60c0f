// millrace: with an SDK client that nobody has set up, with its own, and with the direct one.
import { SQSClient } from "@aws-sdk/client-sqs";
import { Consumer, type SqsClient } from "millrace";
import { type StartSubject, tell } from "./subject.js";

async function createClient(way: string): Promise<SqsClient | undefined> {
  if (way === "default") return undefined;
  if (way === "plain") return new SQSClient({});
  const direct: string = "millrace/direct";
  const { directClient } = (await import(direct)) as { directClient: () => SqsClient };
  return directClient();
}

export const start: StartSubject = async ({ way, ...setup }, handle) => {
  const client = await createClient(way);
  const consumer = new Consumer(handle, { ...setup, client, pollGraceMs: 0 });
  consumer.on("error", tell);
  await consumer.start();
  return {
    stop: async () => {
      const { isDrained } = await consumer.stop();
      if (!isDrained) throw new Error("millrace was stopped and something was left");
    },
  };
};
