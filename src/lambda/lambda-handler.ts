// The function that the managed Node runtime calls.
import { Consumer } from "../consumer/consumer.js";
import type { Handler } from "../consumer/handler.js";
import { type HandlerTraits, traitsOf } from "../consumer/handler-life.js";
import { type CommonOptions, readConcurrency } from "../consumer/options.js";
import { MillraceError, OptionError } from "../errors.js";
import { withTimeout } from "../internal/abortable.js";
import { type Clock, systemClock } from "../internal/clock.js";
import { OptionReader } from "../internal/options.js";
import type { Message } from "../sqs/message.js";
import { SemaphoreWorker } from "../worker/semaphore-worker.js";
import type { Worker } from "../worker/worker.js";
import { CalledInvocations } from "./called-invocations.js";
import { EventRunner } from "./event-runner.js";
import { type LambdaEventOptions, readEventOptions, timesOf } from "./options.js";
import type { SqsBatchResponse } from "./sqs-event.js";

/** What `lambdaHandler` takes beside the handler. */
export interface LambdaHandlerOptions<Resource = unknown> extends CommonOptions<Resource>, LambdaEventOptions {
  /**
   * How handlers are scheduled. Default: `new SemaphoreWorker({ permits: concurrency })`, which sets no timer that could
   * go off between two events.
   */
  worker?: Worker<Resource> | undefined;
  /**
   * After how many milliseconds a running handler is reported once, as `HANDLER_OVERDUE`. 1 to Infinity; default Infinity,
   * as Lambda's deadline ends it anyway, and a timer for it would outlast the event.
   */
  overdueAfterMs?: number | undefined;
}

/** What is needed of the context that Lambda calls a function with. */
export interface LambdaContext {
  /** How long there is until Lambda ends the call, in milliseconds. */
  getRemainingTimeInMillis(): number;
}

/** A function for the managed Node runtime, and the consumer behind it. */
export interface LambdaHandler<Resource = unknown> {
  /**
   * Works on an event and answers which of its messages are not done.
   *
   * @throws MillraceError `EVENT_INVALID` when the event is none of SQS, what `start()` of the consumer throws, and
   * `INVOCATION_DEADLINE` when it does not start in time. Then the whole batch comes again.
   */
  (event: unknown, context: LambdaContext): Promise<SqsBatchResponse>;
  /** For its events, `stats()`, and `stop()` on SIGTERM. It is started by the first call, and again by one after a stop. */
  readonly consumer: Consumer<Message, Resource>;
}

/**
 * Makes a handler of messages into the function that Lambda's managed Node runtime calls with SQS events: it spreads the
 * records of an event over a worker, and answers which messages are not done.
 *
 * The trigger (event source mapping) must have `ReportBatchItemFailures` among its function response types. Without it
 * Lambda does not look at the answer, and deletes the messages that have failed.
 *
 * @param handler - The same as for a queue that is polled: it gets the message in the shape of the SDK, and a context.
 * @throws OptionError when an option cannot be used.
 *
 * @example
 * ```ts
 * export const handler = lambdaHandler(async (message, { signal }) => resize(message, { signal }), { concurrency: 10 });
 * ```
 */
export function lambdaHandler<Resource = unknown>(
  handler: Handler<Message, Resource>,
  options: LambdaHandlerOptions<Resource> = {},
): LambdaHandler<Resource> {
  if (typeof handler !== "function") throw new OptionError("handler", "a function", handler);
  const reader = new OptionReader("lambdaHandler", options);
  const calls = new CalledInvocations();
  const eventOptions = readEventOptions(reader);
  const runner = new EventRunner(calls, eventOptions);
  const consumerOptions = readConsumerOptions<Resource>(reader, traitsOf(handler));
  reader.finish();
  const consumer = new Consumer<Message, Resource>(handler, { ...consumerOptions, runner });
  const { clock = systemClock } = consumerOptions;
  const answer = async (event: unknown, context: LambdaContext): Promise<SqsBatchResponse> => {
    const remainingMs = readRemainingMs(context);
    const { answerAt } = timesOf(remainingMs(), 0, eventOptions);
    if (consumer.state !== "running") await inTime(consumer.start(), answerAt, clock);
    return calls.call(event, remainingMs);
  };
  return Object.assign(answer, { consumer });
}

/** The consumer's, but for its runner: that is ours. */
const CONSUMER_OPTION_NAMES = [
  "concurrency",
  "worker",
  "rate",
  "maxInFlightBytes",
  "retry",
  "handlerTimeoutMs",
  "overdueAfterMs",
  "abortGraceMs",
  "logger",
  "clock",
] as const satisfies ReadonlyArray<keyof CommonOptions>;

function readConsumerOptions<Resource>(
  reader: OptionReader,
  traits: HandlerTraits | undefined,
): CommonOptions<Resource> {
  const options: CommonOptions<Resource> = { overdueAfterMs: Infinity, ...reader.pick(CONSUMER_OPTION_NAMES) };
  if (reader.has("worker")) return options;
  const { concurrency: _, ...others } = options;
  const permits = readConcurrency(reader, traits, traits?.concurrency ?? 10);
  return { ...others, worker: new SemaphoreWorker({ permits }) as Worker as Worker<Resource> };
}

function readRemainingMs(context: unknown): () => number {
  const { getRemainingTimeInMillis } = (context ?? {}) as Partial<LambdaContext>;
  if (typeof getRemainingTimeInMillis !== "function")
    throw new OptionError("context", "Lambda's context (an object with getRemainingTimeInMillis)", context);
  return () => {
    const value: unknown = getRemainingTimeInMillis.call(context);
    if (typeof value === "number" && !Number.isNaN(value)) return value;
    throw new OptionError("context.getRemainingTimeInMillis()", "milliseconds", value);
  };
}

/** A worker may take long to start, and a stop that has begun is waited for. */
function inTime(starting: Promise<void>, timeoutMs: number, clock: Clock): Promise<void> {
  const text =
    "The consumer has not started before the deadline of this Lambda invocation: all its messages come again.";
  const createError = (): Error => new MillraceError("INVOCATION_DEADLINE", text);
  return withTimeout(starting, { clock, timeoutMs, timers: new Set(), createError });
}
