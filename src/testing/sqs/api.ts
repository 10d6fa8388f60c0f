// What goes into and comes out of the simulated service: the shapes of the SDK's `SQS` client, as types of our own.
// Structural, so that no release of the SDK can break a test that uses them.

/** Options of a single call, as the SDK takes them. */
export interface SqsCallOptions {
  /** Ends the wait for the answer; the call then rejects with an `AbortError`. */
  readonly abortSignal?: AbortSignal | undefined;
}

export interface SqsMessageAttribute {
  readonly DataType: string | undefined;
  readonly StringValue?: string | undefined;
  readonly BinaryValue?: Uint8Array | undefined;
}

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

export interface SqsQueueInput {
  readonly QueueUrl: string | undefined;
}

export interface ReceiveMessageInput extends SqsQueueInput {
  readonly MaxNumberOfMessages?: number | undefined;
  readonly WaitTimeSeconds?: number | undefined;
  readonly VisibilityTimeout?: number | undefined;
  readonly AttributeNames?: readonly string[] | undefined;
  readonly MessageSystemAttributeNames?: readonly string[] | undefined;
  readonly MessageAttributeNames?: readonly string[] | undefined;
  readonly ReceiveRequestAttemptId?: string | undefined;
}

export interface ReceiveMessageOutput {
  Messages?: SqsMessage[];
}

export interface OutgoingMessage {
  readonly MessageBody: string | undefined;
  readonly DelaySeconds?: number | undefined;
  readonly MessageAttributes?: SqsMessageAttributes | undefined;
  readonly MessageSystemAttributes?: SqsMessageAttributes | undefined;
  readonly MessageGroupId?: string | undefined;
  readonly MessageDeduplicationId?: string | undefined;
}

export interface SendMessageInput extends SqsQueueInput, OutgoingMessage {}

export interface SendMessageOutput {
  MessageId: string;
  MD5OfMessageBody: string;
  MD5OfMessageAttributes?: string;
  MD5OfMessageSystemAttributes?: string;
}

export interface SqsBatchEntry {
  readonly Id: string | undefined;
}

export interface SqsBatchInput<Entry extends SqsBatchEntry> extends SqsQueueInput {
  readonly Entries: readonly Entry[] | undefined;
}

export interface SqsBatchOutput<Result> {
  Successful: Result[];
  /** Missing when nothing failed. */
  Failed?: SqsBatchFailure[];
}

export interface SendMessageBatchEntry extends SqsBatchEntry, OutgoingMessage {}
export type SendMessageBatchInput = SqsBatchInput<SendMessageBatchEntry>;
export type SendMessageBatchOutput = SqsBatchOutput<SendMessageOutput & { Id: string }>;

export interface DeleteMessageInput extends SqsQueueInput {
  readonly ReceiptHandle: string | undefined;
}
export interface DeleteMessageBatchEntry extends SqsBatchEntry {
  readonly ReceiptHandle: string | undefined;
}
export type DeleteMessageBatchInput = SqsBatchInput<DeleteMessageBatchEntry>;
export type DeleteMessageBatchOutput = SqsBatchOutput<{ Id: string }>;

export interface ChangeMessageVisibilityInput extends SqsQueueInput {
  readonly ReceiptHandle: string | undefined;
  readonly VisibilityTimeout: number | undefined;
}
export interface ChangeMessageVisibilityBatchEntry extends SqsBatchEntry {
  readonly ReceiptHandle: string | undefined;
  readonly VisibilityTimeout?: number | undefined;
}
export type ChangeMessageVisibilityBatchInput = SqsBatchInput<ChangeMessageVisibilityBatchEntry>;
export type ChangeMessageVisibilityBatchOutput = SqsBatchOutput<{ Id: string }>;

/** Names and values of a queue's attributes, all as strings, as the service has them. */
export type SqsQueueAttributes = Readonly<Record<string, string | undefined>>;

export interface CreateQueueInput {
  readonly QueueName: string | undefined;
  readonly Attributes?: SqsQueueAttributes | undefined;
  readonly tags?: Readonly<Record<string, string>> | undefined;
}
export interface QueueUrlOutput {
  QueueUrl: string;
}
export interface GetQueueUrlInput {
  readonly QueueName: string | undefined;
  readonly QueueOwnerAWSAccountId?: string | undefined;
}
export interface ListQueuesInput {
  readonly QueueNamePrefix?: string | undefined;
  readonly MaxResults?: number | undefined;
  readonly NextToken?: string | undefined;
}
export interface ListQueuesOutput {
  QueueUrls?: string[];
  NextToken?: string;
}
export interface GetQueueAttributesInput extends SqsQueueInput {
  readonly AttributeNames?: readonly string[] | undefined;
}
export interface GetQueueAttributesOutput {
  Attributes?: Record<string, string>;
}
export interface SetQueueAttributesInput extends SqsQueueInput {
  readonly Attributes: SqsQueueAttributes | undefined;
}
export interface TagQueueInput extends SqsQueueInput {
  readonly Tags: Readonly<Record<string, string>> | undefined;
}
export interface UntagQueueInput extends SqsQueueInput {
  readonly TagKeys: readonly string[] | undefined;
}
export interface ListQueueTagsOutput {
  Tags?: Record<string, string>;
}
export interface ListDeadLetterSourceQueuesInput extends SqsQueueInput {
  readonly MaxResults?: number | undefined;
  readonly NextToken?: string | undefined;
}
export interface ListDeadLetterSourceQueuesOutput {
  queueUrls: string[];
  NextToken?: string;
}
export interface StartMessageMoveTaskInput {
  readonly SourceArn: string | undefined;
  readonly DestinationArn?: string | undefined;
  readonly MaxNumberOfMessagesPerSecond?: number | undefined;
}
export interface StartMessageMoveTaskOutput {
  TaskHandle: string;
}
export interface ListMessageMoveTasksInput {
  readonly SourceArn: string | undefined;
  readonly MaxResults?: number | undefined;
}
export interface SqsMessageMoveTask {
  Status: string;
  SourceArn: string;
  DestinationArn?: string;
  ApproximateNumberOfMessagesMoved: number;
  StartedTimestamp: number;
}
export interface ListMessageMoveTasksOutput {
  Results: SqsMessageMoveTask[];
}
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
export type SqsInput<Operation extends SqsOperation> = SqsOperations[Operation]["input"];
export type SqsOutput<Operation extends SqsOperation> = SqsOperations[Operation]["output"];
