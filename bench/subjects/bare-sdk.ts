// A loop over the SDK, as short as it can be: receive ten, handle them, delete them; sixteen at once.
//
// It has no limit of concurrency, no retries and no stop to speak of: what a consumer costs is what comes on top of it.
import { DeleteMessageBatchCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { handleAll, type StartSubject } from "./subject.js";

const LOOPS = 16;

export const start: StartSubject = ({ queueUrl: QueueUrl }, handle) => {
  const client = new SQSClient({});
  const stopping = new AbortController();

  async function receive(): Promise<void> {
    while (!stopping.signal.aborted) {
      const input = { QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 20 };
      const { Messages = [] } = await client.send(new ReceiveMessageCommand(input));
      if (Messages.length === 0) continue;
      await handleAll(Messages, handle);
      const Entries = Messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
      await client.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
    }
  }

  for (let loop = 0; loop < LOOPS; loop += 1) void receive();
  return Promise.resolve({
    stop: () => {
      stopping.abort();
      return Promise.resolve();
    },
  });
};
