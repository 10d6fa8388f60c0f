// What goes into and comes out of the operations on queues: the shapes of the SDK's `SQS` client.

/** What every operation on a queue takes. */
export interface SqsQueueInput {
  readonly QueueUrl: string | undefined;
}

/** Names and values of a queue's attributes, all as strings, as the service has them. */
export type SqsQueueAttributes = Readonly<Record<string, string | undefined>>;

/** The queue to create: its name, attributes and tags. */
export interface CreateQueueInput {
  readonly QueueName: string | undefined;
  readonly Attributes?: SqsQueueAttributes | undefined;
  readonly tags?: Readonly<Record<string, string>> | undefined;
}

/** The URL of a queue. */
export interface QueueUrlOutput {
  QueueUrl: string;
}

/** The name of the queue to find. */
export interface GetQueueUrlInput {
  readonly QueueName: string | undefined;
  readonly QueueOwnerAWSAccountId?: string | undefined;
}

/** Which queues to list, and how many at once. */
export interface ListQueuesInput {
  readonly QueueNamePrefix?: string | undefined;
  readonly MaxResults?: number | undefined;
  readonly NextToken?: string | undefined;
}

/** The URLs of queues; missing when there is none. */
export interface ListQueuesOutput {
  QueueUrls?: string[];
  NextToken?: string;
}

/** Which attributes of a queue to read. */
export interface GetQueueAttributesInput extends SqsQueueInput {
  readonly AttributeNames?: readonly string[] | undefined;
}

/** Attributes of a queue; missing when none was asked for. */
export interface GetQueueAttributesOutput {
  Attributes?: Record<string, string>;
}

/** The attributes of a queue to set. */
export interface SetQueueAttributesInput extends SqsQueueInput {
  readonly Attributes: SqsQueueAttributes | undefined;
}

/** Tags to set on a queue. */
export interface TagQueueInput extends SqsQueueInput {
  readonly Tags: Readonly<Record<string, string>> | undefined;
}

/** Tags to take off a queue. */
export interface UntagQueueInput extends SqsQueueInput {
  readonly TagKeys: readonly string[] | undefined;
}

/** The tags of a queue; missing when it has none. */
export interface ListQueueTagsOutput {
  Tags?: Record<string, string>;
}

/** The dead-letter queue whose sources to list. */
export interface ListDeadLetterSourceQueuesInput extends SqsQueueInput {
  readonly MaxResults?: number | undefined;
  readonly NextToken?: string | undefined;
}

/** The URLs of the queues that send their dead letters here. */
export interface ListDeadLetterSourceQueuesOutput {
  queueUrls: string[];
  NextToken?: string;
}

/** The dead-letter queue to empty, and where to; without a destination each message goes back to its source. */
export interface StartMessageMoveTaskInput {
  readonly SourceArn: string | undefined;
  readonly DestinationArn?: string | undefined;
  readonly MaxNumberOfMessagesPerSecond?: number | undefined;
}

/** The handle of the task that was started. */
export interface StartMessageMoveTaskOutput {
  TaskHandle: string;
}

/** The dead-letter queue whose move tasks to list. */
export interface ListMessageMoveTasksInput {
  readonly SourceArn: string | undefined;
  readonly MaxResults?: number | undefined;
}

/** What a move task did. */
export interface SqsMessageMoveTask {
  Status: string;
  SourceArn: string;
  DestinationArn?: string;
  ApproximateNumberOfMessagesMoved: number;
  StartedTimestamp: number;
}

/** Move tasks, latest first. */
export interface ListMessageMoveTasksOutput {
  Results: SqsMessageMoveTask[];
}
