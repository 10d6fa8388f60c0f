// The options of a consumer: read, checked, and made into parts.
import { OptionError } from "../errors.js";
import { type Clock, systemClock } from "../internal/clock.js";
import { OptionReader } from "../internal/options.js";
import type { Runner } from "../runner/runner.js";
import type { Message } from "../sqs/message.js";
import { SQS_RUNNER_OPTION_NAMES, type SqsRunnerOptions } from "../sqs/options.js";
import { SqsRunner } from "../sqs/sqs-runner.js";
import { PoolWorker } from "../worker/pool-worker.js";
import type { Worker } from "../worker/worker.js";
import { type ByteLimit, readByteLimit } from "./budget.js";
import type { Logger } from "./events.js";
import type { HandlerTraits } from "./handler-life.js";
import { type Rate, readRate, type ResolvedRate } from "../worker/rate-limit.js";
import type { TenantOptions } from "../worker/tenant.js";
import { exponentialRetry, type RetryPolicy } from "./retry-policy.js";

/** Options that every consumer takes. */
export interface CommonOptions<Resource = unknown> {
  /** How handlers are scheduled. Default: `new PoolWorker({ maxWorkers: concurrency })`. */
  worker?: Worker<Resource> | undefined;
  /**
   * The most handlers that run at once, 1 to 100,000; default 10, for a handler `inThreads` its `maxThreads`, and for one
   * `inBatches` twice its `size`, which is also the least that it takes. Not together with `worker`, which says it itself.
   */
  concurrency?: number | undefined;
  /**
   * How many messages may start in a time; `setRate` changes it. It holds back receiving: nothing waits here for its turn.
   * Default: as many as there are.
   */
  rate?: Rate | undefined;
  /**
   * The most bytes of messages that are here or asked for, from the receive until the source has confirmed the outcome. A
   * message that is asked for counts as the largest that the source can have, so that it is never more. A whole number, at
   * least that (`maxMessageBytes` of the runner; 1 MiB for SQS); default: no limit.
   */
  maxInFlightBytes?: number | undefined;
  /** What becomes of a message whose handler failed. Default: `exponentialRetry()`. */
  retry?: RetryPolicy | undefined;
  /**
   * How long a handler may run, in milliseconds, before its signal aborts. If it ends soon after (see `abortGraceMs`), what
   * it says counts; if not, its message is retried by the policy, while its slot stays taken until it ends. 1 to Infinity;
   * default Infinity.
   */
  handlerTimeoutMs?: number | undefined;
  /** After how many milliseconds a running handler is reported once, as `HANDLER_OVERDUE`. 1 to Infinity; default 300,000. */
  overdueAfterMs?: number | undefined;
  /** How long a handler whose signal has aborted is still waited for, in milliseconds. 0 to 60,000; default 1,000. */
  abortGraceMs?: number | undefined;
  /** Where to write what happens; `console` fits. Default: nowhere. */
  logger?: Logger | undefined;
  /** For tests: where time comes from. */
  clock?: Clock | undefined;
}

/** A consumer of an SQS queue. */
export interface SqsConsumerOptions<Resource = unknown> extends CommonOptions<Resource>, SqsRunnerOptions {
  /**
   * Turns and limits for the tenants of the queue; `setTenants` changes them. Not together with `worker`, which takes them
   * itself. Default: none, and messages start in the order in which they came.
   */
  tenants?: TenantOptions<Message> | undefined;
  /** Not together with the options of a queue. */
  runner?: never;
}

/** A consumer of any other source. */
export interface RunnerConsumerOptions<SourceMessage, Resource = unknown> extends CommonOptions<Resource> {
  /** Where messages come from. It serves one consumer at a time. */
  runner: Runner<SourceMessage>;
  /**
   * Turns and limits for the tenants of the queue; `setTenants` changes them. Not together with `worker`, which takes them
   * itself. Default: none, and messages start in the order in which they came.
   */
  tenants?: TenantOptions<SourceMessage> | undefined;
  /** Not together with `runner`. */
  queueUrl?: never;
}

/** The parts and settings of a consumer, with nothing left open. */
export interface ResolvedOptions<SourceMessage, Resource> {
  readonly runner: Runner<SourceMessage>;
  readonly worker: Worker<Resource>;
  /** The worker, if it was made here. */
  readonly ownPool: PoolWorker | undefined;
  readonly rate: ResolvedRate | undefined;
  readonly byteLimit: ByteLimit | undefined;
  readonly retry: RetryPolicy;
  readonly handlerTimeoutMs: number;
  readonly overdueAfterMs: number;
  readonly abortGraceMs: number;
  readonly logger: Logger | undefined;
  readonly clock: Clock;
}

const RUNNER_METHODS = ["run"] as const;
const WORKER_METHODS = [
  "start",
  "reserve",
  "release",
  "makePlace",
  "accept",
  "withdraw",
  "drained",
  "stop",
  "stats",
] as const;
const WORKERS_BUSINESS = [
  ["concurrency", "how many run at once"],
  ["tenants", "how tenants share it (a PoolWorker takes the same option)"],
] as const;
const CLOCK_METHODS = ["now", "setTimer"] as const;
const LOGGER_METHODS = ["debug", "info", "warn", "error"] as const;

/** Reads a consumer's options. Nothing is started. */
export function resolveOptions<SourceMessage, Resource>(
  options: unknown,
  traits?: HandlerTraits,
): ResolvedOptions<SourceMessage, Resource> {
  const reader = new OptionReader("Consumer", options);
  const runner = readRunner(reader) as Runner as Runner<SourceMessage>;
  const resolved = {
    ...readWorker<Resource>(reader, traits),
    rate: readRate(reader.raw("rate")),
    byteLimit: readByteLimit(reader.raw("maxInFlightBytes"), runner),
    retry: reader.function<RetryPolicy>("retry") ?? exponentialRetry(),
    handlerTimeoutMs: reader.number("handlerTimeoutMs", { min: 1, max: Infinity, fallback: Infinity }),
    overdueAfterMs: reader.number("overdueAfterMs", { min: 1, max: Infinity, fallback: 300_000 }),
    abortGraceMs: reader.number("abortGraceMs", { min: 0, max: 60_000, fallback: 1_000 }),
    logger: reader.object<Logger>("logger", "a logger", LOGGER_METHODS),
    clock: reader.object<Clock>("clock", "a clock", CLOCK_METHODS) ?? systemClock,
    runner,
  };
  reader.finish();
  return Object.freeze(resolved);
}

/** Reads how many handlers may run at once. @throws OptionError when it cannot be used. */
export function readConcurrency(reader: OptionReader, traits: HandlerTraits | undefined, fallback?: number): number {
  const { slots: fewest = 1, because = "" } = traits?.fewest ?? {};
  const range = { min: 1, max: 100_000, ...(fallback !== undefined && { fallback }) };
  const concurrency = reader.integer("concurrency", range);
  if (concurrency < fewest) throw new OptionError("concurrency", `at least ${fewest}, ${because}`, concurrency);
  return concurrency;
}

function readWorker<Resource>(
  reader: OptionReader,
  traits: HandlerTraits | undefined,
): Pick<ResolvedOptions<never, Resource>, "worker" | "ownPool"> {
  const worker = reader.object<Worker<Resource>>("worker", "a worker", WORKER_METHODS);
  if (worker === undefined) {
    const pool = new PoolWorker({
      maxWorkers: readConcurrency(reader, traits, traits?.concurrency ?? 10),
      tenants: reader.raw("tenants") as TenantOptions | undefined,
    });
    return { worker: pool as Worker as Worker<Resource>, ownPool: pool };
  }
  for (const [name, what] of WORKERS_BUSINESS) {
    if (reader.has(name)) throw new OptionError(name, `to be absent, as the worker says ${what}`, reader.raw(name));
  }
  const { slots = Infinity } = worker;
  const { slots: fewest = 1, because = "" } = traits?.fewest ?? {};
  if (slots < fewest) throw new OptionError("worker", `one of at least ${fewest} slots, ${because}`, slots);
  return { worker, ownPool: undefined };
}

function readRunner(reader: OptionReader): Runner<never> | Runner<Message> {
  const runner = reader.object<Runner<never>>("runner", "a runner", RUNNER_METHODS);
  if (runner === undefined) {
    if (!reader.has("queueUrl"))
      throw new OptionError("queueUrl", "the URL of a queue, or the option runner", undefined);
    return new SqsRunner(reader.pick(SQS_RUNNER_OPTION_NAMES) as unknown as SqsRunnerOptions);
  }
  for (const name of SQS_RUNNER_OPTION_NAMES) {
    if (reader.has(name)) throw new OptionError(name, "to be absent, as the option runner is given", reader.raw(name));
  }
  return runner;
}
