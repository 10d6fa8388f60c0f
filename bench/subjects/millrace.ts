// millrace: with an SDK client that nobody has set up, with its own, and with the direct one.
import { SQSClient } from "@aws-sdk/client-sqs";
import { Consumer, type SqsClient } from "millrace";
import type { MillraceWay } from "../support/cases.js";
import { type StartSubject, tell } from "./subject.js";

async function createClient(way: MillraceWay): Promise<SqsClient | undefined> {
  switch (way) {
    case "default":
      return undefined;
    case "plain":
      return new SQSClient({});
    case "direct": {
      // Loaded only here: what others cost has nothing of it.
      const { directClient } = await import("millrace/direct");
      return directClient();
    }
  }
}

export const start: StartSubject = async ({ way, ...setup }, handle) => {
  const client = await createClient(way as MillraceWay);
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
