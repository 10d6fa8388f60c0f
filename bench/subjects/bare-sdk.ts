// The loop over the SDK, with a client that nobody has set up.
import { DeleteMessageBatchCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { startLoops } from "./loops.js";
import type { StartSubject } from "./subject.js";

export const start: StartSubject = (setup, handle) => {
  const client = new SQSClient({});
  const calls = {
    receive: (input: object) => client.send(new ReceiveMessageCommand(input as { QueueUrl: string })),
    remove: (input: ConstructorParameters<typeof DeleteMessageBatchCommand>[0]) =>
      client.send(new DeleteMessageBatchCommand(input)),
  };
  return Promise.resolve(startLoops(setup, calls, handle));
};
