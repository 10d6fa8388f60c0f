// Receives so many messages and keeps them: what they take in memory when nobody does anything with them.
import { ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { createUndiciCall } from "./bare-undici.js";
import type { ReceivedMessage, StartSubject } from "./subject.js";

const CONNECTIONS = 4;

export const start: StartSubject = ({ queueUrl: QueueUrl, concurrency, way }, handle) => {
  const call = createUndiciCall(QueueUrl, CONNECTIONS);
  const client = new SQSClient({});
  const messages: ReceivedMessage[] = [];
  const input = {
    QueueUrl,
    MaxNumberOfMessages: 10,
    WaitTimeSeconds: 20,
    // What millrace asks for is a part of the message.
    MessageSystemAttributeNames: ["ApproximateReceiveCount" as const],
  };

  async function receiveTen(): Promise<ReceivedMessage[]> {
    const asking = way === "direct" ? call("ReceiveMessage", input) : client.send(new ReceiveMessageCommand(input));
    const { Messages = [] } = (await asking) as { Messages?: ReceivedMessage[] };
    return Messages;
  }

  async function hold(): Promise<void> {
    let held: Promise<void> | undefined;
    while (messages.length < concurrency) {
      const ten = await receiveTen();
      messages.push(...ten);
      for (const message of ten) held = handle(message);
    }
    await held;
    for (let first = 0; first < messages.length; first += 10) {
      const ten = messages.slice(first, first + 10);
      const Entries = ten.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
      await call("DeleteMessageBatch", { QueueUrl, Entries });
    }
  }

  void hold();
  return Promise.resolve({ stop: () => Promise.resolve() });
};
