// A handler of many messages as a handler of one: each call waits for its batch, and has its own outcome.
import { describeValue, MillraceError, OptionError } from "../errors.js";
import { systemClock } from "../internal/clock.js";
import { OptionReader } from "../internal/options.js";
import { silence } from "../internal/silence.js";
import type { Message } from "../sqs/message.js";
import type { BatchHandler } from "./batch.js";
import type { HandlerContext } from "./context.js";
import { Gatherer } from "./gatherer.js";
import type { Handler } from "./handler.js";
import { type HandlerHost, hostOf, withTraits } from "./handler-life.js";

export type { BatchAnswer, BatchContext, BatchHandler, BatchItem } from "./batch.js";

/** What `inBatches` is made with. */
export interface BatchOptions<SourceMessage = Message, Resource = unknown> {
  /**
   * The most messages of a batch. 1 to 100,000; default 100. The consumer's `concurrency` is at least as many: every message
   * that waits for its batch takes a slot.
   */
  size?: number | undefined;
  /**
   * After how many milliseconds a batch that is not full is handed over, counted from its first message. 0 to 3,600,000;
   * default 1,000.
   */
  waitMs?: number | undefined;
  /**
   * Which batch a message belongs to: the name of a table, say. The batches of one key go one at a time, in order; those of
   * different keys side by side. Default: no keys, and all batches side by side.
   */
  key?: ((message: SourceMessage, context: HandlerContext<Resource>) => string) | undefined;
}

const MOST_AT_ONCE = 100_000;

/**
 * Makes a handler of many messages into one that a consumer takes. Messages are gathered, from any number of receives, and
 * handed over together: when there are `size` of them, `waitMs` after the first of them, and at once when the consumer
 * stops. Each has an outcome of its own.
 *
 * In a source with an order (a FIFO queue) the messages of a group are in the same batch, in order, or in batches that wait
 * for each other. When one is not done, those of its group behind it go back, whatever the handler has said of them.
 *
 * The consumer's `concurrency` is twice `size` unless it is given: the next batch fills while one is worked on.
 *
 * @param handler - Called with each batch. See {@link BatchHandler}.
 * @throws OptionError when an option cannot be used. The consumer's constructor throws one when it has fewer slots than
 * `size`.
 */
export function inBatches<SourceMessage = Message, Resource = unknown>(
  handler: BatchHandler<SourceMessage, Resource>,
  options: BatchOptions<SourceMessage, Resource> = {},
): Handler<SourceMessage, Resource> {
  if (typeof handler !== "function") throw new OptionError("handler", "a function", handler);
  const reader = new OptionReader("inBatches", options);
  const size = reader.integer("size", { min: 1, max: MOST_AT_ONCE, fallback: 100 });
  const waitMs = reader.number("waitMs", { min: 0, max: 3_600_000, fallback: 1_000 });
  const key = reader.function<NonNullable<BatchOptions<SourceMessage, Resource>["key"]>>("key");
  reader.finish();
  const gatherers = new WeakMap<object, Gatherer<SourceMessage, Resource>>();
  const withoutHost = {};
  const gathererOf = (host: HandlerHost | undefined): Gatherer<SourceMessage, Resource> => {
    const known = gatherers.get(host ?? withoutHost);
    if (known !== undefined) return known;
    const clock = host?.clock ?? systemClock;
    const gatherer = new Gatherer({ handler, size, waitMs, isInOrder: key !== undefined, clock, host });
    gatherers.set(host ?? withoutHost, gatherer);
    return gatherer;
  };
  const gathering: Handler<SourceMessage, Resource> = (message, context) => {
    const keyOfBatch = key === undefined ? "" : readKey(key, message, context);
    return gathererOf(hostOf(context)).gather({ message, context }, keyOfBatch);
  };
  const concurrency = Math.min(2 * size, MOST_AT_ONCE);
  return withTraits(gathering, { concurrency, fewest: { slots: size, because: "the size of a batch" } });
}

function readKey<SourceMessage, Resource>(
  keyOf: NonNullable<BatchOptions<SourceMessage, Resource>["key"]>,
  message: SourceMessage,
  context: HandlerContext<Resource>,
): string {
  let key: unknown;
  try {
    key = keyOf(message, context);
  } catch (cause) {
    throw new MillraceError("BATCH_KEY_FAILED", "The key function of inBatches has thrown.", { cause });
  }
  if (typeof key === "string") return key;
  silence(key);
  const text = `The key function of inBatches answered with ${describeValue(key)} instead of a string.`;
  throw new MillraceError("BATCH_KEY_FAILED", text);
}
