// One queue of a group: a consumer of its own, on its share of the group's pool.
import { Consumer } from "../consumer/consumer.js";
import type { Logger } from "../consumer/events.js";
import type { Handler } from "../consumer/handler.js";
import { traitsOf, withTraits } from "../consumer/handler-life.js";
import { OptionError } from "../errors.js";
import { OptionReader } from "../internal/options.js";
import type { Runner } from "../runner/runner.js";
import type { Connect } from "../sqs/connection.js";
import type { SqsRunnerOptions } from "../sqs/options.js";
import { SqsRunner } from "../sqs/sqs-runner.js";
import type { PoolShare, PoolShareOptions } from "../worker/pool-share.js";
import type { PoolWorker } from "../worker/pool-worker.js";
import { type GroupHandler, QUEUE_CONSUMER_OPTIONS, QUEUE_RUNNER_OPTIONS } from "./options.js";

/** What a queue is given of its group. */
export interface QueueHost<Resource> {
  readonly handler: GroupHandler<never, Resource>;
  readonly pool: PoolWorker<Resource>;
  readonly connect: Connect;
  readonly defaults: Readonly<Record<string, unknown>>;
  readonly logger: Logger | undefined;
}

/** A queue that belongs to a group. */
export interface Member<Resource> {
  readonly name: string;
  /** Where it is, for SQS queues. */
  readonly queueUrl: string | undefined;
  readonly share: PoolShare<Resource>;
  readonly consumer: Consumer<never, Resource>;
  /** Whether it was found, and not listed or added. */
  readonly isDiscovered: boolean;
  /** Whether it is being removed. */
  isLeaving: boolean;
}

const SHARE_OPTIONS = ["weight", "priority", "maxRunning", "tenants"] as const satisfies ReadonlyArray<
  keyof PoolShareOptions
>;
const LOGGER_METHODS = ["debug", "info", "warn", "error"] as const;
/** What a consumer takes and a queue of a group does not, with what to say instead. */
const ELSEWHERE = {
  worker: "to be absent, as queues have shares of the group's pool",
  concurrency: "to be absent: maxRunning limits one queue",
  maxSettleRequests: "to be absent: sharedSettleRequests of the group bounds all queues together",
} as const;

/** What a queue is made with, besides what was said of it. */
export interface MemberParts<Resource> {
  readonly host: QueueHost<Resource>;
  /** What it is called in an error as long as its name is not known, such as `queues[3]`. */
  readonly place: string;
  readonly isDiscovered: boolean;
}

/**
 * Makes a queue of what was said of it. Nothing is started.
 *
 * @throws OptionError that names the queue and the option.
 */
export function createMember<Resource>(options: unknown, parts: MemberParts<Resource>): Member<Resource> {
  const { host, place, isDiscovered } = parts;
  let owner = place;
  try {
    const reader = new OptionReader("a queue of a ConsumerGroup", options);
    const name = readName(reader);
    owner = describeQueue(name);
    for (const [option, expected] of Object.entries(ELSEWHERE)) {
      if (reader.has(option)) throw new OptionError(option, expected, reader.raw(option));
    }
    const handler = reader.function<GroupHandler<never, Resource>>("handler") ?? host.handler;
    const share = host.pool.share(reader.pick(SHARE_OPTIONS));
    const runner = readRunner(reader, host);
    const own = reader.pick(QUEUE_CONSUMER_OPTIONS);
    const logger = reader.object<Logger>("logger", "a logger", LOGGER_METHODS) ?? host.logger;
    reader.finish();
    const consumer = new Consumer<never, Resource>(withName(handler, name), {
      ...pickOf(host.defaults, QUEUE_CONSUMER_OPTIONS),
      ...own,
      logger: logger === undefined ? undefined : withNameInFront(logger, name),
      runner,
      worker: share,
    });
    const queueUrl = reader.raw("queueUrl") as string | undefined;
    return { name, queueUrl, share, consumer, isDiscovered, isLeaving: false };
  } catch (error) {
    throw error instanceof OptionError ? error.of(owner) : error;
  }
}

/** What a queue is called in texts. */
export function describeQueue(name: string): string {
  return `Queue "${name}"`;
}

function readName(reader: OptionReader): string {
  if (reader.has("name")) return reader.string("name");
  const queueUrl = reader.raw("queueUrl");
  if (typeof queueUrl === "string" && URL.canParse(queueUrl)) {
    const name = new URL(queueUrl).pathname.split("/").at(-1);
    if (name !== undefined && name !== "") return name;
  }
  if (reader.has("queueUrl")) throw new OptionError("queueUrl", "the URL of a queue", queueUrl);
  if (reader.has("runner")) throw new OptionError("name", "a name, as the queue is given by its runner", undefined);
  throw new OptionError("queueUrl", "the URL of a queue, or the option runner", undefined);
}

function readRunner<Resource>(reader: OptionReader, { defaults, connect }: QueueHost<Resource>): Runner<never> {
  const runner = reader.raw("runner") as Runner<never> | undefined;
  const own = reader.pick(QUEUE_RUNNER_OPTIONS);
  if (runner === undefined) {
    const options = { ...pickOf(defaults, QUEUE_RUNNER_OPTIONS), ...own };
    return new SqsRunner(options as unknown as SqsRunnerOptions, connect);
  }
  for (const [name, value] of Object.entries(own)) {
    throw new OptionError(name, "to be absent, as the option runner is given", value);
  }
  return runner;
}

function pickOf(values: Readonly<Record<string, unknown>>, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([name]) => names.includes(name)));
}

/** The handler with the queue's name as a further argument. What it keeps over many messages it goes on keeping. */
function withName<Resource>(handler: GroupHandler<never, Resource>, name: string): Handler<never, Resource> {
  return withTraits<Handler<never, Resource>>((message, context) => handler(message, context, name), traitsOf(handler));
}

/** A logger that says which queue it is. */
function withNameInFront(logger: Logger, name: string): Logger {
  const write =
    (level: keyof Logger): Logger["info"] =>
    (message, ...facts) =>
      logger[level](message.replace(/^millrace:/u, `millrace: ${name}:`), ...facts);
  return { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") };
}
