// The SDK, where it is needed: loaded late, and named in no public type.
import type * as AwsSdk from "@aws-sdk/client-sqs";
import { MillraceError } from "../errors.js";
import { silence } from "../internal/silence.js";
import {
  CANCELLATION,
  isSqsPort,
  type ReceiveOptions,
  type SqsClient,
  type SqsPort,
  type SqsSdkClient,
} from "./port.js";
import { toServiceError } from "./service-errors.js";

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
  const send = async <Output>(command: object, options?: object): Promise<Output> => {
    try {
      return (await client.send(command as never, options as never)) as Output;
    } catch (error) {
      if (toServiceError(error, "Send").code === "CREDENTIALS_REFUSED") renewCredentials(client);
      throw error;
    }
  };
  return {
    receiveMessage: (input, options?: ReceiveOptions) =>
      send(
        new sdk.ReceiveMessageCommand(input as never),
        isAsTheSdkMadeIt(client, sdk) ? withCancellation(options) : options,
      ),
    deleteMessageBatch: (input) => send(new sdk.DeleteMessageBatchCommand(input)),
    changeMessageVisibilityBatch: (input) => send(new sdk.ChangeMessageVisibilityBatchCommand(input)),
    sendMessageBatch: (input) => send(new sdk.SendMessageBatchCommand(input as never)),
    getQueueAttributes: (input) => send(new sdk.GetQueueAttributesCommand(input)),
    getQueueUrl: (input) => send(new sdk.GetQueueUrlCommand(input)),
    listQueues: (input, options) => send(new sdk.ListQueuesCommand(input), options),
  };
}

/**
 * Whether the signal of a call is heeded by the SDK's request handler alone. That looks at a few properties, and costs a plain
 * client 5 % less of the processor without a real one (docs/internals/hot-path.md). Others, such as `fetch`, want that.
 */
function isAsTheSdkMadeIt(client: SqsSdkClient, { SQSClient }: Sdk): boolean {
  try {
    if (client.send !== SQSClient.prototype.send || Object.hasOwn(SQSClient.prototype, "send")) return false;
    const { requestHandler } = (client as AwsSdk.SQSClient).config;
    const { name, prototype } = requestHandler.constructor as typeof Object;
    return name === "NodeHttpHandler" && requestHandler.handle === (prototype as typeof requestHandler).handle;
  } catch {
    // Without a configuration, or with one of another kind.
    return false;
  }
}

function withCancellation(options: ReceiveOptions | undefined): object | undefined {
  const cancellation = options?.[CANCELLATION];
  return cancellation === undefined ? options : { abortSignal: cancellation };
}

/**
 * Has the client's provider asked anew. The SDK keeps credentials until shortly before the end that they name, and so would go
 * on with those of a session that was ended sooner. Requests that fail together ask once (memoizeIdentityProvider of
 * `@smithy/core`).
 */
function renewCredentials(client: object): void {
  try {
    const { config } = client as { config: { credentials?: (options: { forceRefresh: boolean }) => unknown } };
    silence(config.credentials?.({ forceRefresh: true }));
  } catch {
    // A client without a configuration, or of another kind: the request fails as it would have.
  }
}

/** Makes what the option `client` takes into the calls. */
export async function toPort(client: SqsClient): Promise<SqsPort> {
  return isSqsPort(client) ? client : createSdkPort(client, await loadSdk());
}
