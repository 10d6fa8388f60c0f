// What goes into and comes out of the simulated service: the shapes of the SDK's `SQS` client, as types of our own.
// Structural, so that no release of the SDK can break a test that uses them.

import type {
  CreateQueueInput,
  GetQueueAttributesInput,
  GetQueueAttributesOutput,
  GetQueueUrlInput,
  ListDeadLetterSourceQueuesInput,
  ListDeadLetterSourceQueuesOutput,
  ListMessageMoveTasksInput,
  ListMessageMoveTasksOutput,
  ListQueueTagsOutput,
  ListQueuesInput,
  ListQueuesOutput,
  QueueUrlOutput,
  SetQueueAttributesInput,
  SqsQueueInput,
  StartMessageMoveTaskInput,
  StartMessageMoveTaskOutput,
  TagQueueInput,
  UntagQueueInput,
} from "./queue-api.js";

/** Options of a single call, as the SDK takes them. */
export interface SqsCallOptions {
  /** Ends the wait for the answer; the call then rejects with an `AbortError`. */
  readonly abortSignal?: AbortSignal | undefined;
  /** Who asks: the access key that has signed the request. The journal and fault scripts are told. */
  readonly accessKeyId?: string | undefined;
}

/** An attribute that a sender put on a message. */
export interface SqsMessageAttribute {
  readonly DataType: string | undefined;
  readonly StringValue?: string | undefined;
  readonly BinaryValue?: Uint8Array | undefined;
}

/** The attributes of a message, by name. */
export type SqsMessageAttributes = Readonly<Record<string, SqsMessageAttribute>>;

/** A received message. */
export interface SqsMessage {
  MessageId: string;
  ReceiptHandle: string;
  Body: string;
  MD5OfBody: string;
  Attributes?: Record<string, string>;
  MessageAttributes?: Record<string, SqsMessageAttribute>;
  MD5OfMessageAttributes?: string;
}

/** An entry of a batch that failed although the request succeeded. */
export interface SqsBatchFailure {
  Id: string;
  Code: string;
  Message: string;
  /** True when it will fail again if it is sent again. */
  SenderFault: boolean;
}

/** Which messages to receive, how many, and how long to wait for them. */
export interface ReceiveMessageInput extends SqsQueueInput {
  readonly MaxNumberOfMessages?: number | undefined;
  readonly WaitTimeSeconds?: number | undefined;
  readonly VisibilityTimeout?: number | undefined;
  readonly AttributeNames?: readonly string[] | undefined;
  readonly MessageSystemAttributeNames?: readonly string[] | undefined;
  readonly MessageAttributeNames?: readonly string[] | undefined;
  readonly ReceiveRequestAttemptId?: string | undefined;
}

/** What a receive brought; `Messages` is missing when it brought nothing. */
export interface ReceiveMessageOutput {
  Messages?: SqsMessage[];
}

/** A message that is to be sent. */
export interface OutgoingMessage {
  readonly MessageBody: string | undefined;
  readonly DelaySeconds?: number | undefined;
  readonly MessageAttributes?: SqsMessageAttributes | undefined;
  readonly MessageSystemAttributes?: SqsMessageAttributes | undefined;
  readonly MessageGroupId?: string | undefined;
  readonly MessageDeduplicationId?: string | undefined;
}

/** One message and the queue that it goes to. */
export interface SendMessageInput extends SqsQueueInput, OutgoingMessage {}

/** The id that a sent message was given, and its digests. */
export interface SendMessageOutput {
  MessageId: string;
  MD5OfMessageBody: string;
  MD5OfMessageAttributes?: string;
  MD5OfMessageSystemAttributes?: string;
  /** FIFO queues only: where the message stands in its group. 20 digits, so that they sort as text. */
  SequenceNumber?: string;
}

/** What every entry of a batch has: an id that is its own within the batch. */
export interface SqsBatchEntry {
  readonly Id: string | undefined;
}

/** One to ten entries for a queue. */
export interface SqsBatchInput<Entry extends SqsBatchEntry> extends SqsQueueInput {
  readonly Entries: readonly Entry[] | undefined;
}

/** What became of each entry of a batch. */
export interface SqsBatchOutput<Result> {
  Successful: Result[];
  /** Missing when nothing failed. */
  Failed?: SqsBatchFailure[];
}

/** A message in a batch. */
export interface SendMessageBatchEntry extends SqsBatchEntry, OutgoingMessage {}

/** One to ten messages for a queue. */
export type SendMessageBatchInput = SqsBatchInput<SendMessageBatchEntry>;

/** What became of each message of a batch. */
export type SendMessageBatchOutput = SqsBatchOutput<SendMessageOutput & { Id: string }>;

/** Which message to delete. */
export interface DeleteMessageInput extends SqsQueueInput {
  readonly ReceiptHandle: string | undefined;
}

/** A message to delete in a batch. */
export interface DeleteMessageBatchEntry extends SqsBatchEntry {
  readonly ReceiptHandle: string | undefined;
}

/** One to ten messages to delete. */
export type DeleteMessageBatchInput = SqsBatchInput<DeleteMessageBatchEntry>;

/** What became of each delete of a batch. */
export type DeleteMessageBatchOutput = SqsBatchOutput<{ Id: string }>;

/** For how many seconds from now a message is to stay hidden. */
export interface ChangeMessageVisibilityInput extends SqsQueueInput {
  readonly ReceiptHandle: string | undefined;
  readonly VisibilityTimeout: number | undefined;
}

/** A visibility change in a batch. */
export interface ChangeMessageVisibilityBatchEntry extends SqsBatchEntry {
  readonly ReceiptHandle: string | undefined;
  readonly VisibilityTimeout?: number | undefined;
}

/** One to ten visibility changes. */
export type ChangeMessageVisibilityBatchInput = SqsBatchInput<ChangeMessageVisibilityBatchEntry>;

/** What became of each visibility change of a batch. */
export type ChangeMessageVisibilityBatchOutput = SqsBatchOutput<{ Id: string }>;

/** An answer that says nothing but "done". */
export interface EmptyOutput {
  readonly $metadata?: object;
}

/** Every operation that is simulated, with what it takes and gives. */
export interface SqsOperations {
  ReceiveMessage: { input: ReceiveMessageInput; output: ReceiveMessageOutput };
  SendMessage: { input: SendMessageInput; output: SendMessageOutput };
  SendMessageBatch: { input: SendMessageBatchInput; output: SendMessageBatchOutput };
  DeleteMessage: { input: DeleteMessageInput; output: EmptyOutput };
  DeleteMessageBatch: { input: DeleteMessageBatchInput; output: DeleteMessageBatchOutput };
  ChangeMessageVisibility: { input: ChangeMessageVisibilityInput; output: EmptyOutput };
  ChangeMessageVisibilityBatch: {
    input: ChangeMessageVisibilityBatchInput;
    output: ChangeMessageVisibilityBatchOutput;
  };
  CreateQueue: { input: CreateQueueInput; output: QueueUrlOutput };
  DeleteQueue: { input: SqsQueueInput; output: EmptyOutput };
  PurgeQueue: { input: SqsQueueInput; output: EmptyOutput };
  GetQueueUrl: { input: GetQueueUrlInput; output: QueueUrlOutput };
  ListQueues: { input: ListQueuesInput; output: ListQueuesOutput };
  GetQueueAttributes: { input: GetQueueAttributesInput; output: GetQueueAttributesOutput };
  SetQueueAttributes: { input: SetQueueAttributesInput; output: EmptyOutput };
  TagQueue: { input: TagQueueInput; output: EmptyOutput };
  UntagQueue: { input: UntagQueueInput; output: EmptyOutput };
  ListQueueTags: { input: SqsQueueInput; output: ListQueueTagsOutput };
  ListDeadLetterSourceQueues: { input: ListDeadLetterSourceQueuesInput; output: ListDeadLetterSourceQueuesOutput };
  StartMessageMoveTask: { input: StartMessageMoveTaskInput; output: StartMessageMoveTaskOutput };
  ListMessageMoveTasks: { input: ListMessageMoveTasksInput; output: ListMessageMoveTasksOutput };
}

/** The name of a simulated operation. */
export type SqsOperation = keyof SqsOperations;

/** What an operation takes. */
export type SqsInput<Operation extends SqsOperation> = SqsOperations[Operation]["input"];

/** What an operation gives. */
export type SqsOutput<Operation extends SqsOperation> = SqsOperations[Operation]["output"];
