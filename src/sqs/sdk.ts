// The SDK, where it is needed: loaded late, and named in no public type.
import type * as AwsSdk from "@aws-sdk/client-sqs";
import { MillraceError } from "../errors.js";
import { isSqsPort, type SqsClient, type SqsPort, type SqsSdkClient } from "./port.js";

export type Sdk = typeof AwsSdk;

/** Loads the SDK when it is needed, so that importing millrace costs nothing of it. */
export async function loadSdk(): Promise<Sdk> {
  try {
    return await import("@aws-sdk/client-sqs");
  } catch (cause) {
    throw new MillraceError(
      "SDK_MISSING",
      "The package @aws-sdk/client-sqs could not be loaded. Install it beside millrace: npm install @aws-sdk/client-sqs",
      { cause },
    );
  }
}

/** Makes an SDK client's `send` into the calls. */
export function createSdkPort(client: SqsSdkClient, sdk: Sdk): SqsPort {
  const send = <Output>(command: object, options?: object): Promise<Output> =>
    client.send(command as never, options as never) as Promise<Output>;
  return {
    receiveMessage: (input, options) => send(new sdk.ReceiveMessageCommand(input as never), options),
    deleteMessageBatch: (input) => send(new sdk.DeleteMessageBatchCommand(input)),
    changeMessageVisibilityBatch: (input) => send(new sdk.ChangeMessageVisibilityBatchCommand(input)),
    sendMessageBatch: (input) => send(new sdk.SendMessageBatchCommand(input as never)),
    getQueueAttributes: (input) => send(new sdk.GetQueueAttributesCommand(input)),
    getQueueUrl: (input) => send(new sdk.GetQueueUrlCommand(input)),
    listQueues: (input, options) => send(new sdk.ListQueuesCommand(input), options),
  };
}

/** Makes what the option `client` takes into the calls. */
export async function toPort(client: SqsClient): Promise<SqsPort> {
  return isSqsPort(client) ? client : createSdkPort(client, await loadSdk());
}
