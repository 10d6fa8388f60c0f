// The one door: every public name.
export { Consumer, type ConsumerState, type ConsumerStats, type SqsOnly } from "./consumer/consumer.js";
export type { HandlerContext } from "./consumer/context.js";
export {
  type BatchAnswer,
  type BatchContext,
  type BatchHandler,
  type BatchItem,
  type BatchOptions,
  inBatches,
} from "./consumer/in-batches.js";
export type { Counters } from "./consumer/counters.js";
export type { ConsumerEvents, Listener, Logger, MessageFacts } from "./consumer/events.js";
export type { Handler } from "./consumer/handler.js";
export type { Rate } from "./worker/rate-limit.js";
export type { CommonOptions, RunnerConsumerOptions, SqsConsumerOptions } from "./consumer/options.js";
export {
  constantRetry,
  exponentialRetry,
  type ExponentialRetryOptions,
  type RetryPolicy,
} from "./consumer/retry-policy.js";
export { type SchemaHandler, withSchema } from "./consumer/with-schema.js";
export type { StandardSchema, StandardSchemaIssue, StandardSchemaResult } from "./consumer/standard-schema.js";
export type { StopOptions, StopResult } from "./consumer/stop.js";
export { type ErrorCode, MillraceError, OptionError, ServiceError, type ServiceErrorClass } from "./errors.js";
export { type Job, type JobStatus, MemoryRunner, type MemoryRunnerOptions } from "./memory/memory-runner.js";
export { ConsumerGroup } from "./group/consumer-group.js";
export type { ConsumerGroupEvents } from "./group/events.js";
export type {
  ConsumerGroupOptions,
  DiscoverOptions,
  GroupHandler,
  GroupQueue,
  GroupQueueOptions,
  QueueConsumerOptions,
  QueueRunnerOptions,
  RunnerGroupQueue,
  SqsGroupQueue,
} from "./group/options.js";
export type { ConsumerGroupStats, ConsumerGroupStopResult, GroupQueueStats } from "./group/stats.js";
export { type EntryResult, Harvester, type HarvesterOptions } from "./harvester/harvester.js";
export type { Clock, Timer } from "./internal/clock.js";
export {
  type Ack,
  ack,
  type DeadLetter,
  deadLetter,
  type Drop,
  drop,
  type Outcome,
  type Release,
  release,
  type Retry,
  retry,
  type RetryPause,
} from "./runner/outcome.js";
export type { Delivery, Intake, Runner, RunnerEvents, RunnerStats, SettleFacts } from "./runner/runner.js";
export type { Message, MessageAttribute } from "./sqs/message.js";
export type { SqsRunnerOptions } from "./sqs/options.js";
export type {
  BatchFailure,
  BatchOutput,
  ListQueuesOutput,
  ReceiveMessageInput,
  SendEntry,
  SqsClient,
  SqsPort,
  SqsSdkClient,
} from "./sqs/port.js";
export { SqsRunner } from "./sqs/sqs-runner.js";
export type { WorkerIdentity } from "./worker/crew.js";
export type { PoolShare, PoolShareOptions } from "./worker/pool-share.js";
export { PoolWorker, type PoolWorkerOptions } from "./worker/pool-worker.js";
export { SemaphoreWorker, type SemaphoreWorkerOptions } from "./worker/semaphore-worker.js";
export type { TenantOptions } from "./worker/tenant.js";
export type { Task, Worker, WorkerHost, WorkerStats } from "./worker/worker.js";
