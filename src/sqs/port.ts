// What SqsRunner needs of the service: a handful of calls, which an SDK client, the simulated service or anything else
// can answer.
import type { Cancellation } from "../internal/cancellation.js";
import { hasMethods } from "../internal/options.js";
import type { Message, MessageAttribute } from "./message.js";

/** What a receive asks for. */
export interface ReceiveMessageInput {
  QueueUrl: string;
  MaxNumberOfMessages: number;
  WaitTimeSeconds: number;
  VisibilityTimeout: number;
  MessageAttributeNames: string[];
  MessageSystemAttributeNames: string[];
  /** On FIFO queues: with the same one, the same messages come again if nobody has had them. */
  ReceiveRequestAttemptId?: string;
}

/** One entry of a batch that failed. */
export interface BatchFailure {
  Id: string | undefined;
  /** Whether trying again is useless. */
  SenderFault: boolean | undefined;
  Code: string | undefined;
  Message?: string | undefined;
}

/** The answer to a batch: an entry is in one list or the other. */
export interface BatchOutput {
  Successful?: ReadonlyArray<{ Id: string | undefined }> | undefined;
  Failed?: readonly BatchFailure[] | undefined;
}

/** A page of a list of queues. */
export interface ListQueuesOutput {
  QueueUrls?: readonly string[] | undefined;
  /** With it, there is another page. */
  NextToken?: string | undefined;
}

/** A message to be sent. */
export interface SendEntry {
  Id: string;
  MessageBody: string;
  MessageAttributes?: Record<string, MessageAttribute>;
  MessageGroupId?: string;
  MessageDeduplicationId?: string;
}

/**
 * The calls that millrace makes. The SDK's aggregated client (`new SQS()`) has them as they are; so has `SimulatedSqs` of
 * `millrace/testing`.
 */
export interface SqsPort {
  /** ReceiveMessage. When the signal aborts, nobody waits for the answer any more. */
  receiveMessage(
    input: ReceiveMessageInput,
    options?: { abortSignal?: AbortSignal },
  ): Promise<{ Messages?: Message[] | undefined }>;
  /** DeleteMessageBatch, of up to ten. */
  deleteMessageBatch(input: {
    QueueUrl: string;
    Entries: Array<{ Id: string; ReceiptHandle: string }>;
  }): Promise<BatchOutput>;
  /** ChangeMessageVisibilityBatch, of up to ten. */
  changeMessageVisibilityBatch(input: {
    QueueUrl: string;
    Entries: Array<{ Id: string; ReceiptHandle: string; VisibilityTimeout: number }>;
  }): Promise<BatchOutput>;
  /** SendMessageBatch, of up to ten: for dead letters. */
  sendMessageBatch(input: { QueueUrl: string; Entries: SendEntry[] }): Promise<BatchOutput>;
  /** Needed only to find the dead-letter queue when `deadLetterQueueUrl` is not given. */
  getQueueAttributes?(input: {
    QueueUrl: string;
    AttributeNames: Array<"RedrivePolicy">;
  }): Promise<{ Attributes?: Partial<Record<string, string>> | undefined }>;
  /** Needed only to find the dead-letter queue when `deadLetterQueueUrl` is not given. */
  getQueueUrl?(input: {
    QueueName: string;
    QueueOwnerAWSAccountId: string;
  }): Promise<{ QueueUrl?: string | undefined }>;
  /** Needed only for `discover` of a `ConsumerGroup`. */
  listQueues?(
    input: { QueueNamePrefix: string; MaxResults: number; NextToken?: string },
    options?: { abortSignal?: AbortSignal },
  ): Promise<ListQueuesOutput>;
}

/** Where a client of ours finds what ends a receive: it needs no signal for each. */
export const CANCELLATION: unique symbol = Symbol("millrace.cancellation");

/** The options of a receive, as millrace's own clients see them. */
export interface ReceiveOptions {
  readonly abortSignal?: AbortSignal;
  readonly [CANCELLATION]?: Cancellation;
}

/** An `SQSClient` of `@aws-sdk/client-sqs`, any 3.x version. */
export interface SqsSdkClient {
  /** Sends a command of the SDK. */
  send(command: never, options?: never): Promise<unknown>;
}

/** What the option `client` takes. */
export type SqsClient = SqsPort | SqsSdkClient;

const PORT_METHODS = [
  "receiveMessage",
  "deleteMessageBatch",
  "changeMessageVisibilityBatch",
  "sendMessageBatch",
] as const satisfies ReadonlyArray<keyof SqsPort>;

/** Whether a client has the calls as methods. */
export function isSqsPort(client: object): client is SqsPort {
  return hasMethods(client, PORT_METHODS);
}

export function isSqsSdkClient(client: object): client is SqsSdkClient {
  return hasMethods(client, ["send"]);
}
