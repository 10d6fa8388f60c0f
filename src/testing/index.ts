// millrace/testing: a clock that a test moves, and an SQS that lives in the same process.

export { VirtualClock, type RunUntilOptions } from "./virtual-clock.js";
export { seededRandom, type RandomSource } from "./random.js";
export { SimulatedSqs } from "./sqs/simulated-sqs.js";
export type { SimulatedSqsOptions } from "./sqs/simulated-service.js";
export { ConnectionResetError, SqsServiceError, type SqsErrorInit } from "./sqs/errors.js";
export type { Fault, FaultableRequest, FaultScript, FaultSettings } from "./sqs/faults.js";
export type { Journal, JournalEntry, JournalEvent } from "./sqs/journal.js";
export type { QueueCounts } from "./sqs/message-store.js";
export type { Statistics } from "./sqs/statistics.js";
export {
  type LambdaError,
  type LambdaFaults,
  type LambdaInvokeOptions,
  type LambdaResult,
  LambdaRuntimeApi,
} from "./lambda/runtime-api.js";
export {
  createSqsEvent,
  type SqsEventAttribute,
  type SqsEventMessage,
  type SqsEventRecord,
  type SqsTestEvent,
} from "./lambda/sqs-event.js";
export { type AccessKey, SqsServer, type SqsServerOptions } from "./http/sqs-server.js";
export type {
  ChangeMessageVisibilityBatchEntry,
  ChangeMessageVisibilityBatchInput,
  ChangeMessageVisibilityBatchOutput,
  ChangeMessageVisibilityInput,
  DeleteMessageBatchEntry,
  DeleteMessageBatchInput,
  DeleteMessageBatchOutput,
  DeleteMessageInput,
  EmptyOutput,
  OutgoingMessage,
  ReceiveMessageInput,
  ReceiveMessageOutput,
  SendMessageBatchEntry,
  SendMessageBatchInput,
  SendMessageBatchOutput,
  SendMessageInput,
  SendMessageOutput,
  SqsBatchEntry,
  SqsBatchFailure,
  SqsBatchInput,
  SqsBatchOutput,
  SqsCallOptions,
  SqsInput,
  SqsMessage,
  SqsMessageAttribute,
  SqsMessageAttributes,
  SqsOperation,
  SqsOperations,
  SqsOutput,
} from "./sqs/api.js";
export type {
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
  SqsMessageMoveTask,
  SqsQueueAttributes,
  SqsQueueInput,
  StartMessageMoveTaskInput,
  StartMessageMoveTaskOutput,
  TagQueueInput,
  UntagQueueInput,
} from "./sqs/queue-api.js";
export { type CreateWorker, workerContract, type WorkerContractCase, type WorkerTraits } from "./worker-contract.js";
export { runnerContract, type RunnerContractCase } from "./runner/contract.js";
export type { RunnerHarness, RunnerSubject, RunnerTraits, SourceView } from "./runner/harness.js";
export { inRealTime, inVirtualTime } from "./runner/waiting.js";
