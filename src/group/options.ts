// The options of a group: its own, the defaults of its queues, and what is said of one queue.
import type { HandlerContext } from "../consumer/context.js";
import type { Logger } from "../consumer/events.js";
import { traitsOf } from "../consumer/handler-life.js";
import { type CommonOptions, readConcurrency, resolveOptions } from "../consumer/options.js";
import { isInstance, OptionError } from "../errors.js";
import type { Clock } from "../internal/clock.js";
import { copyList, OptionReader } from "../internal/options.js";
import { silence } from "../internal/silence.js";
import type { Runner } from "../runner/runner.js";
import type { SharedLimits } from "../sqs/connection.js";
import type { Message } from "../sqs/message.js";
import { SQS_RUNNER_OPTION_NAMES, type SqsRunnerOptions } from "../sqs/options.js";
import { isSqsSdkClient, type SqsClient } from "../sqs/port.js";
import type { PoolShareOptions } from "../worker/pool-share.js";
import { PoolWorker } from "../worker/pool-worker.js";

/** Called with each message, as a `Handler` is, and with the name of the queue that it came from. */
export type GroupHandler<SourceMessage = Message, Resource = unknown> = (
  message: SourceMessage,
  context: HandlerContext<Resource>,
  queue: string,
) => unknown;

/** The options of a consumer that are a matter of each queue. */
export type QueueConsumerOptions = Omit<CommonOptions, "worker" | "concurrency" | "tenants">;

/** The options of an `SqsRunner` that are a matter of each queue. */
export type QueueRunnerOptions = Omit<SqsRunnerOptions, "maxSettleRequests">;

/** What is said of each queue of a group, whatever its source. The other options of a group are its defaults. */
export interface GroupQueueOptions extends PoolShareOptions, QueueConsumerOptions {
  /** What it is called in the group. Default: the name in the queue's URL; a `runner` needs one. */
  name?: string | undefined;
}

/** An SQS queue of a group. */
export interface SqsGroupQueue<Resource = unknown> extends GroupQueueOptions, QueueRunnerOptions {
  /** What its messages are handed to. Default: the group's handler. */
  handler?: GroupHandler<Message, Resource> | undefined;
  /** Not together with `queueUrl`. */
  runner?: never;
}

/** Any other source, as a queue of a group. When its messages are not those of SQS, it has a handler of its own. */
export interface RunnerGroupQueue<SourceMessage, Resource = unknown> extends GroupQueueOptions {
  /** What it is called in the group. */
  name: string;
  /** Where its messages come from. */
  runner: Runner<SourceMessage>;
  /** What its messages are handed to. */
  handler: GroupHandler<SourceMessage, Resource>;
  /** Not together with `runner`. */
  queueUrl?: never;
}

/** A queue of a group: an SQS queue by its URL, or any source by its runner; one of SQS messages needs no handler. */
export type GroupQueue<Resource = unknown> =
  | SqsGroupQueue<Resource>
  | RunnerGroupQueue<never, Resource>
  | (Omit<RunnerGroupQueue<Message, Resource>, "handler"> & { handler?: undefined });

/** Which queues are looked for, and what is said of each that is found. */
export interface DiscoverOptions<Resource = unknown> {
  /** What the names of the queues begin with. */
  queueNamePrefix: string;
  /** How long after one look the next follows, in seconds. 1 to 86,400; default 60. */
  everySeconds?: number | undefined;
  /**
   * Says what is to be said of a queue that was found; undefined to leave it out, which is asked again at each look.
   * Default: `{}`, all of them by the group's defaults.
   */
  queue?: ((queueUrl: string) => Omit<SqsGroupQueue<Resource>, "queueUrl"> | undefined) | undefined;
}

/**
 * What a `ConsumerGroup` is made with. Every option of a consumer, or of an `SqsRunner`, that is not named here is a default
 * for its queues.
 */
export interface ConsumerGroupOptions<Resource = unknown>
  extends QueueConsumerOptions, Omit<QueueRunnerOptions, "queueUrl" | "deadLetterQueueUrl"> {
  /** The queues. More are added by `add` and `discover`. Default: none. */
  queues?: ReadonlyArray<GroupQueue<Resource>> | undefined;
  /** Looks for queues at intervals by the beginning of their names: those that come are added, those that go removed. */
  discover?: DiscoverOptions<Resource> | undefined;
  /** The most handlers that run at once, all queues together. 1 to 100,000; default 10. Not together with `pool`. */
  concurrency?: number | undefined;
  /** The pool that its queues have shares of. Default: `new PoolWorker({ maxWorkers: concurrency, lowerPriorityShare })`. */
  pool?: PoolWorker<Resource> | undefined;
  /**
   * The part of the handler time that queues of lower priority keep while those above have work. 0 to 0.5; default 0.05.
   * Not together with `pool`.
   */
  lowerPriorityShare?: number | undefined;
  /**
   * How many receives may be out beyond the first of each queue, which is always allowed. All queues of one client share
   * them. 0 to 10,000; default 50.
   */
  sharedReceives?: number | undefined;
  /**
   * The most acknowledgement, retry and heartbeat requests that are out at once. All queues of one client share them. 1 to
   * 10,000; default 50.
   */
  sharedSettleRequests?: number | undefined;
}

/** The options of a group, read. */
export interface ResolvedGroup<Resource> {
  readonly pool: PoolWorker<Resource>;
  readonly limits: SharedLimits;
  readonly queues: readonly unknown[];
  readonly discover: ResolvedDiscovery | undefined;
  /** For each queue, where it does not say otherwise. */
  readonly defaults: Readonly<Record<string, unknown>>;
  readonly client: SqsClient | undefined;
  readonly region: string | undefined;
  readonly logger: Logger | undefined;
  readonly clock: Clock;
}

/** What is looked for, with nothing left open. */
export interface ResolvedDiscovery {
  readonly queueNamePrefix: string;
  readonly everySeconds: number;
  readonly queue: (queueUrl: string) => unknown;
}

/** A record, so that a new option of a consumer cannot be forgotten here. */
const CONSUMER_OPTIONS: Readonly<Record<keyof QueueConsumerOptions, true>> = {
  retry: true,
  rate: true,
  maxInFlightBytes: true,
  handlerTimeoutMs: true,
  overdueAfterMs: true,
  abortGraceMs: true,
  logger: true,
  clock: true,
};
/** The names of the options of a consumer that a queue may have. */
export const QUEUE_CONSUMER_OPTIONS: readonly string[] = Object.keys(CONSUMER_OPTIONS);
/** The names of the options of an `SqsRunner` that a queue may have. */
export const QUEUE_RUNNER_OPTIONS: readonly string[] = SQS_RUNNER_OPTION_NAMES.filter(
  (name) => name !== "maxSettleRequests",
);
const DEFAULTS = [...QUEUE_CONSUMER_OPTIONS, ...QUEUE_RUNNER_OPTIONS].filter(
  (name) => name !== "queueUrl" && name !== "deadLetterQueueUrl",
);
/** A queue to check the defaults with: nothing is sent to it. */
const ANY_QUEUE = "http://localhost/0/any";

/** Reads a group's options. Nothing is started. @throws OptionError when one cannot be used. */
export function resolveGroup<Resource>(handler: unknown, options: unknown): ResolvedGroup<Resource> {
  if (typeof handler !== "function") throw new OptionError("handler", "a function", handler);
  const reader = new OptionReader("ConsumerGroup", options);
  const resolved = {
    pool: readPool<Resource>(reader, handler),
    limits: {
      sharedReceives: reader.integer("sharedReceives", { min: 0, max: 10_000, fallback: 50 }),
      maxSettleRequests: reader.integer("sharedSettleRequests", { min: 1, max: 10_000, fallback: 50 }),
    },
    queues: readQueues(reader),
    discover: reader.has("discover") ? readDiscovery(reader.raw("discover")) : undefined,
    defaults: Object.freeze(reader.pick(DEFAULTS)),
  };
  reader.finish();
  if (resolved.discover !== undefined) requireListing(resolved.defaults["client"]);
  const { logger, clock } = resolveOptions({ ...resolved.defaults, queueUrl: ANY_QUEUE });
  const { client, region } = resolved.defaults as Pick<SqsRunnerOptions, "client" | "region">;
  return Object.freeze({ ...resolved, client, region, logger, clock });
}

/** Whether a client is one at all is checked with the other defaults. */
function requireListing(client: unknown): void {
  if (typeof client !== "object" || client === null || isSqsSdkClient(client) || "listQueues" in client) return;
  throw new OptionError("client", "one that has listQueues, as discover needs it", client);
}

function readPool<Resource>(reader: OptionReader, handler: object): PoolWorker<Resource> {
  const pool = reader.raw("pool");
  if (pool === undefined) {
    const traits = traitsOf(handler);
    const maxWorkers = readConcurrency(reader, traits, traits?.concurrency ?? 10);
    const lowerPriorityShare = reader.number("lowerPriorityShare", { min: 0, max: 0.5, fallback: 0.05 });
    return new PoolWorker({ maxWorkers, lowerPriorityShare }) as unknown as PoolWorker<Resource>;
  }
  for (const name of ["concurrency", "lowerPriorityShare"]) {
    if (reader.has(name)) throw new OptionError(name, "to be absent, as the pool says it", reader.raw(name));
  }
  if (!isInstance(pool, PoolWorker)) throw new OptionError("pool", "a PoolWorker", pool);
  return pool as unknown as PoolWorker<Resource>;
}

function readQueues(reader: OptionReader): readonly unknown[] {
  const value = reader.raw("queues");
  const queues = value === undefined ? [] : copyList(value);
  if (queues === undefined) throw new OptionError("queues", "an array of queues", value);
  return queues;
}

function readDiscovery(value: unknown): ResolvedDiscovery {
  try {
    const reader = new OptionReader("discover", value);
    const resolved = {
      queueNamePrefix: reader.string("queueNamePrefix"),
      everySeconds: reader.number("everySeconds", { min: 1, max: 86_400, fallback: 60 }),
      queue: reader.function<ResolvedDiscovery["queue"]>("queue") ?? (() => ({})),
    };
    reader.finish();
    return resolved;
  } catch (error) {
    throw error instanceof OptionError ? error.within("discover") : error;
  }
}

/**
 * What the function of `discover` has said of a queue. A promise is nothing that can be waited for, and taken for options it
 * would be none: the queue would be consumed by the defaults.
 *
 * @throws OptionError that names the queue.
 */
export function readFound(said: unknown, queueUrl: string): object | undefined {
  if (said === undefined || (typeof said === "object" && said !== null && !(said instanceof Promise))) return said;
  silence(said);
  throw new OptionError("queue", "a function that answers at once, with options or undefined", said).of(queueUrl);
}
