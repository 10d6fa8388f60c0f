// millrace/testing: a clock that a test moves, and an SQS that lives in the same process.

export { VirtualClock, type RunUntilOptions } from "./virtual-clock.js";
export { seededRandom, type RandomSource } from "./random.js";
export { SimulatedSqs, type SimulatedSqsOptions } from "./sqs/simulated-sqs.js";
export { ConnectionResetError, SqsServiceError } from "./sqs/errors.js";
export type { Fault, FaultableRequest, FaultScript, FaultSettings } from "./sqs/faults.js";
export type { Journal, JournalEntry, JournalEvent } from "./sqs/journal.js";
export type { QueueCounts } from "./sqs/queue.js";
export type { Statistics } from "./sqs/statistics.js";
export type {
  SqsCallOptions,
  SqsInput,
  SqsMessage,
  SqsMessageAttribute,
  SqsMessageAttributes,
  SqsOperation,
  SqsOperations,
  SqsOutput,
} from "./sqs/api.js";
export { SqsServer, type SqsServerOptions } from "./http/sqs-server.js";
