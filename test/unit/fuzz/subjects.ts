// Everything public that takes options, with options that are good. What the names of the options are, the code says.
import {
  constantRetry,
  Consumer,
  ConsumerGroup,
  exponentialRetry,
  inBatches,
  MemoryRunner,
  OptionError,
  PoolWorker,
  retry,
  SemaphoreWorker,
  SqsRunner,
} from "millrace";
import { directClient } from "millrace/direct";
import { lambdaHandler, LambdaRunner } from "millrace/lambda";
import { RabbitRunner } from "millrace/rabbitmq";
import { SimulatedSqs, SqsServer } from "millrace/testing";
import { inThreads } from "millrace/threads";

/** A constructor or function, as one of its options. */
export interface Subject {
  /** What it is called in tests; the first word is the public name that it belongs to. */
  readonly name: string;
  /** Options that it takes as they are, each with a value that is not its default. */
  readonly good: Readonly<Record<string, unknown>>;
  /** Those of `good` that cannot be left out. */
  readonly required?: readonly string[];
  /** Gives it options; what it rejects with is thrown later. */
  readonly take: (options: never) => unknown;
  /** What stands in front of the names of its options in errors, for options of options. */
  readonly prefix?: string;
}

const handler = (): undefined => undefined;
const queueUrl = "https://sqs.eu-west-1.amazonaws.com/123456789012/orders";
const silentLogger = { debug: handler, info: handler, warn: handler, error: handler };
const port = {
  receiveMessage: handler,
  deleteMessageBatch: handler,
  changeMessageVisibilityBatch: handler,
  sendMessageBatch: handler,
};
const rate = { perSecond: 10, burst: 5 };
const clock = { now: () => 0, setTimer: () => ({ cancel: handler }) };
const ofConsumer = {
  rate,
  handlerTimeoutMs: 5_000,
  overdueAfterMs: 4_000,
  abortGraceMs: 500,
  retry: constantRetry(),
  logger: silentLogger,
  clock,
};
const ofQueue = {
  queueUrl,
  client: port,
  region: "eu-west-1",
  waitTimeSeconds: 5,
  visibilityTimeoutSeconds: 60,
  maxReceives: 3,
  maxMessageBytes: 2_048,
  messageAttributeNames: ["a"],
  messageSystemAttributeNames: ["SenderId"],
  settleMaxAgeMs: 10,
  maxUnconfirmed: 100,
  pollGraceMs: 10,
  requestTimeoutMs: 1_000,
  deadLetterQueueUrl: `${queueUrl}-dead`,
  random: () => 0.5,
};
const tenants = {
  key: () => "a",
  maxRunning: 2,
  rate,
  maxWaitMs: 500,
  maxAwayMs: 5_000,
  maxSentBack: 10,
  keepFromAttempt: 3,
};
const share = { weight: 2, priority: 1, maxRunning: 3, tenants };
const ofEvents = {
  client: port,
  queueUrl,
  deadLetterQueueUrl: queueUrl,
  deadlineMarginMs: 500,
  answerMarginMs: 100,
};
const { queueUrl: _url, deadLetterQueueUrl: _deadUrl, ...ofAnyQueue } = ofQueue;
const { key: _key, ...tenantLimits } = tenants;

const faults = {
  duplicates: 0.1,
  throttling: 0.1,
  latencyMs: [5, 10],
  latencyBeforeWork: 0.1,
  oldReceiptHandlesWork: true,
  operations: ["ReceiveMessage"],
  script: () => undefined,
};
const ofSimulation = {
  clock,
  seed: 5,
  random: () => 0.5,
  region: "eu-west-1",
  accountId: "123456789012",
  startDate: new Date(0),
  mostInFlight: 50,
  faults,
  journal: true,
};

export const subjects: readonly Subject[] = [
  {
    name: "Consumer of a queue",
    good: { ...ofConsumer, ...ofQueue, concurrency: 3, tenants, maxSettleRequests: 3, maxInFlightBytes: 1_048_576 },
    required: ["queueUrl"],
    take: (options) => new Consumer(handler, options),
  },
  {
    name: "Consumer of a runner",
    good: { ...ofConsumer, runner: new MemoryRunner(), worker: new PoolWorker() },
    required: ["runner"],
    take: (options) => new Consumer(handler, options),
  },
  {
    name: "Consumer of batches",
    good: { runner: new MemoryRunner(), concurrency: 7 },
    required: ["runner"],
    take: (options) => new Consumer(inBatches(handler, { size: 5 }), options),
  },
  {
    name: "Consumer rate",
    good: rate,
    required: ["perSecond"],
    prefix: "rate.",
    take: (options) => new Consumer(handler, { runner: new MemoryRunner(), rate: options }),
  },
  {
    name: "Consumer setRate",
    good: rate,
    required: ["perSecond"],
    prefix: "rate.",
    take: (options) => new Consumer(handler, { runner: new MemoryRunner() }).setRate(options),
  },
  {
    name: "Consumer setTenants",
    good: tenantLimits,
    prefix: "tenants.",
    take: (options) => new Consumer(handler, { runner: new MemoryRunner(), tenants: {} }).setTenants(options),
  },
  {
    name: "Consumer stop",
    good: { timeoutMs: 5 },
    take: (options) => new Consumer(handler, { runner: new MemoryRunner() }).stop(options),
  },
  {
    name: "SqsRunner",
    good: { ...ofQueue, maxSettleRequests: 3 },
    required: ["queueUrl"],
    take: (options) => new SqsRunner(options),
  },
  {
    name: "ConsumerGroup",
    good: {
      ...ofConsumer,
      ...ofAnyQueue,
      maxInFlightBytes: 1_048_576,
      queues: [],
      concurrency: 5,
      lowerPriorityShare: 0.1,
      sharedReceives: 3,
      sharedSettleRequests: 3,
    },
    take: (options) => new ConsumerGroup(handler, options),
  },
  {
    name: "ConsumerGroup queue",
    good: { ...ofConsumer, ...ofQueue, ...share, maxInFlightBytes: 1_048_576, name: "orders", handler },
    required: ["queueUrl"],
    take: (options) => new ConsumerGroup(handler, { queues: [options] }),
  },
  {
    name: "ConsumerGroup discover",
    good: { queueNamePrefix: "orders-", everySeconds: 5, queue: () => ({}) },
    required: ["queueNamePrefix"],
    prefix: "discover.",
    take: (options) => new ConsumerGroup(handler, { discover: options }),
  },
  {
    name: "ConsumerGroup add",
    good: { ...ofQueue, name: "orders" },
    required: ["queueUrl"],
    take: (options) => new ConsumerGroup(handler, {}).add(options),
  },
  {
    name: "ConsumerGroup update",
    good: { ...share, tenants: tenantLimits },
    take: (options) => new ConsumerGroup(handler, { queues: [{ queueUrl, tenants: {} }] }).update("orders", options),
  },
  {
    name: "ConsumerGroup remove",
    good: { timeoutMs: 5 },
    take: (options) => new ConsumerGroup(handler, { queues: [{ queueUrl }] }).remove("orders", options),
  },
  {
    name: "ConsumerGroup stop",
    good: { timeoutMs: 5 },
    take: (options) => new ConsumerGroup(handler, {}).stop(options),
  },
  {
    name: "PoolWorker",
    good: {
      maxWorkers: 5,
      minWorkers: 1,
      waitingRoom: 3,
      waitingRoomMs: 5,
      tenants,
      lowerPriorityShare: 0.1,
      idleTimeoutMs: 5,
      onWorkerStart: handler,
      onWorkerStop: handler,
    },
    take: (options) => new PoolWorker(options),
  },
  { name: "PoolWorker share", good: share, take: (options) => new PoolWorker().share(options) },
  {
    name: "PoolWorker update",
    good: { ...share, tenants: tenantLimits },
    take: (options) => new PoolWorker({ tenants: {} }).update(options),
  },
  {
    name: "PoolWorker resize",
    good: { maxWorkers: 5 },
    required: ["maxWorkers"],
    take: (options) => new PoolWorker().resize(options),
  },
  {
    name: "PoolWorker tenants",
    good: tenants,
    prefix: "tenants.",
    take: (options) => new PoolWorker({ tenants: options }),
  },
  { name: "SemaphoreWorker", good: { permits: 3, weight: () => 1 }, take: (options) => new SemaphoreWorker(options) },
  { name: "inBatches", good: { size: 5, waitMs: 5, key: () => "a" }, take: (options) => inBatches(handler, options) },
  {
    name: "inThreads",
    good: {
      maxThreads: 3,
      minThreads: 1,
      idleTimeoutMs: 5,
      abortGraceMs: 5,
      maxHeapMb: 64,
      execArgv: ["--no-warnings"],
    },
    take: (options) => inThreads("vitest.config.ts", options),
  },
  {
    name: "exponentialRetry",
    good: { baseSeconds: 2, maxSeconds: 60, random: () => 0.5 },
    take: (options) => exponentialRetry(options),
  },
  { name: "constantRetry", good: { delaySeconds: 5 }, take: (options) => constantRetry(options) },
  { name: "retry", good: { afterSeconds: 5, pause: "queue" }, take: (options) => retry(options) },
  { name: "MemoryRunner", good: { maxAttempts: 5, clock }, take: (options) => new MemoryRunner(options) },
  { name: "MemoryRunner enqueue", good: { delayMs: 5 }, take: (options) => new MemoryRunner().enqueue("job", options) },
  {
    name: "LambdaRunner",
    good: { ...ofEvents, runtimeApi: "127.0.0.1:9001" },
    required: ["runtimeApi"],
    take: (options) => new LambdaRunner(options),
  },
  {
    name: "lambdaHandler",
    good: { ...ofConsumer, ...ofEvents, concurrency: 3 },
    take: (options) => lambdaHandler(handler, options),
  },
  {
    name: "RabbitRunner",
    good: {
      url: "amqp://localhost",
      queue: "jobs",
      prefetch: 5,
      maxMessageBytes: 1_024,
      hasDeadLetterExchange: true,
      retryDelaysSeconds: [5],
      shouldDeclareRetryQueues: true,
      retryQueueType: "classic",
      maxHeldRetries: 5,
      connectionName: "mill",
      connectTimeoutMs: 500,
      socketOptions: { servername: "mill" },
      random: () => 0.5,
    },
    required: ["url", "queue"],
    take: (options) => new RabbitRunner(options),
  },
  {
    name: "directClient",
    good: {
      region: "eu-west-1",
      endpoint: "http://127.0.0.1:9",
      maxAttempts: 3,
      requestTimeoutMs: 500,
      connectTimeoutMs: 500,
      dispatcher: { dispatch: () => true },
      shouldVerifyChecksums: true,
    },
    take: (options) => directClient(options),
  },
  {
    name: "SimulatedSqs",
    good: { ...ofSimulation, endpoint: "http://localhost" },
    take: (options) => new SimulatedSqs(options),
  },
  {
    name: "SimulatedSqs faults",
    good: faults,
    prefix: "faults.",
    take: (options) => new SimulatedSqs({ faults: options }),
  },
  {
    name: "SqsServer",
    good: { ...ofSimulation, port: 0, sqs: new SimulatedSqs(), accessKeyId: "test", accessKeys: new Map() },
    take: (options) => new SqsServer(options),
  },
];

/** What came of it: the error, or nothing when the options were taken. Promises count as nothing, their failure as theirs. */
export async function refusalOf(subject: Subject, options: unknown): Promise<unknown> {
  try {
    await subject.take(options as never);
    return undefined;
  } catch (error) {
    return error;
  }
}

/** The names of its options, as the code says them when it meets another. */
export async function namesOf(subject: Subject): Promise<string[]> {
  const refusal = await refusalOf(subject, { ...requiredOf(subject), nonsense: 1 });
  const names = refusal instanceof OptionError ? /\((.+)\)/u.exec(refusal.expected)?.[1] : undefined;
  return names?.split(", ") ?? [];
}

/** The least that it takes. */
export function requiredOf({ good, required = [] }: Subject): Record<string, unknown> {
  return Object.fromEntries(required.map((name) => [name, good[name]]));
}
