// The options of RabbitRunner, read and checked.
import { inWords, OptionError } from "../errors.js";
import { copyList, OptionReader } from "../internal/options.js";
import { safeRandom } from "../internal/safe-random.js";

/** What a `RabbitRunner` is made with. */
export interface RabbitRunnerOptions {
  /**
   * Where the broker is: `amqp://user:password@host:5672/vhost`, or `amqps:` for TLS; without a path, the virtual host `/`.
   * `?heartbeat=30` sets the heartbeat in seconds. Several URLs are the nodes of one cluster, tried in turn.
   */
  url: string | readonly string[];
  /** The queue. It must exist: it is never declared. */
  queue: string;
  /**
   * The most messages that are here at once, unacknowledged. 1 to Infinity; default Infinity: as many as the consumer's
   * worker has places for.
   */
  prefetch?: number | undefined;
  /**
   * The most bytes that the body of a message can have: what publishers keep to, or `max_message_size` of the broker (16 MiB
   * from RabbitMQ 4.0 on, 128 MiB before). The consumer's `maxInFlightBytes` needs it. 1 to 536,870,912
   * (512 MiB, the most that a broker can be set to); default none: it is not known.
   */
  maxMessageBytes?: number | undefined;
  /**
   * Whether rejected messages of the queue go to a dead-letter exchange: by its argument `x-dead-letter-exchange`, or by a
   * policy. A client cannot ask, and a broker discards what is rejected without one. Without this, `deadLetter()` rejects
   * nothing: it fails with `DEAD_LETTER_QUEUE_UNKNOWN`, and the message is requeued. Default false.
   */
  hasDeadLetterExchange?: boolean | undefined;
  /**
   * The delays for which there are retry queues, in whole seconds, 1 to 43,200; `retry` takes the next longer one, or the
   * longest. Default none: a message that is to be retried later is held here until then.
   */
  retryDelaysSeconds?: readonly number[] | undefined;
  /** Whether to declare the retry queues where they are missing. Default false: they must exist. */
  shouldDeclareRetryQueues?: boolean | undefined;
  /** The type that retry queues are declared with: `"quorum"` or `"classic"`. Default `"quorum"`. */
  retryQueueType?: "quorum" | "classic" | undefined;
  /**
   * How many messages may be held here until their retry is due, where there are no retry queues. While there are as many,
   * the prefetch does not grow; what the broker was asked for before may come on top. 1 to 100,000; default 1,000.
   */
  maxHeldRetries?: number | undefined;
  /** What the connection is called in the broker's lists. Default `"millrace"`. */
  connectionName?: string | undefined;
  /** How long connecting may take, in milliseconds. 100 to 600,000; default 10,000. */
  connectTimeoutMs?: number | undefined;
  /** Options for the socket, passed on to `amqplib`: for TLS `ca`, `cert`, `key` and so on. Default none. */
  socketOptions?: object | undefined;
  /** For tests: numbers from 0 up to 1, for the jitter of delays. Default `Math.random`. */
  random?: (() => number) | undefined;
}

/** The options with nothing left open. */
export interface ResolvedRabbitOptions {
  readonly urls: readonly string[];
  readonly queue: string;
  readonly prefetch: number;
  readonly maxMessageBytes: number | undefined;
  readonly hasDeadLetterExchange: boolean;
  readonly retryDelaysSeconds: readonly number[];
  readonly shouldDeclareRetryQueues: boolean;
  readonly retryQueueType: "quorum" | "classic";
  readonly maxHeldRetries: number;
  readonly connectionName: string;
  readonly connectTimeoutMs: number;
  readonly socketOptions: Readonly<Record<string, unknown>>;
  readonly random: () => number;
}

const LONGEST_DELAY_SECONDS = 43_200;
/** `max_message_size` can be at most 512 MiB (RabbitMQ, `MAX_MSG_SIZE`). */
const LARGEST_MAX_BYTES = 536_870_912;

/** @throws OptionError when an option cannot be used. */
export function resolveRabbitOptions(options: unknown): ResolvedRabbitOptions {
  const reader = new OptionReader("RabbitRunner", options);
  const resolved = {
    urls: readUrls(reader.raw("url")),
    queue: reader.string("queue"),
    prefetch: reader.integer("prefetch", { min: 1, max: Infinity, fallback: Infinity }),
    maxMessageBytes: readMaxMessageBytes(reader),
    hasDeadLetterExchange: reader.boolean("hasDeadLetterExchange", false),
    retryDelaysSeconds: readDelays(reader.raw("retryDelaysSeconds")),
    shouldDeclareRetryQueues: reader.boolean("shouldDeclareRetryQueues", false),
    retryQueueType: readQueueType(reader.raw("retryQueueType")),
    maxHeldRetries: reader.integer("maxHeldRetries", { min: 1, max: 100_000, fallback: 1_000 }),
    connectionName: reader.string("connectionName", "millrace"),
    connectTimeoutMs: reader.number("connectTimeoutMs", { min: 100, max: 600_000, fallback: 10_000 }),
    socketOptions: readSocketOptions(reader),
    random: safeRandom(reader.function<() => number>("random") ?? Math.random),
  };
  if (resolved.shouldDeclareRetryQueues && resolved.retryDelaysSeconds.length === 0) {
    throw new OptionError("shouldDeclareRetryQueues", "to be absent without retryDelaysSeconds", true);
  }
  reader.finish();
  return Object.freeze(resolved);
}

function readMaxMessageBytes(reader: OptionReader): number | undefined {
  return reader.has("maxMessageBytes")
    ? reader.integer("maxMessageBytes", { min: 1, max: LARGEST_MAX_BYTES })
    : undefined;
}

function readUrls(value: unknown): readonly string[] {
  const urls = copyList(value) ?? [value];
  if (urls.length === 0) throw new OptionError("url", "at least one URL", value);
  return Object.freeze(urls.map(readUrl));
}

function readUrl(value: unknown): string {
  const expected = "an AMQP URL, such as amqp://user:password@localhost:5672/vhost";
  if (typeof value !== "string") throw new OptionError("url", expected, value);
  const url = URL.canParse(value) ? new URL(value) : undefined;
  const isAmqp = (url?.protocol === "amqp:" || url?.protocol === "amqps:") && url.hostname !== "";
  if (!isAmqp || !canDecode(url.pathname)) throw new OptionError("url", expected, hidePassword(value));
  if (!/^\d*$/u.test(url.searchParams.get("heartbeat") ?? "")) {
    throw new OptionError("url", "an AMQP URL with a heartbeat in whole seconds", hidePassword(value));
  }
  return value;
}

function canDecode(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

/** Errors end up in logs, and a URL that is refused may lack its beginning. */
function hidePassword(url: string): string {
  return url.replace(/^(.*?:\/\/)?.*@/su, "$1…@");
}

/** The virtual host that a URL names. */
export function vhostOf(url: string): string {
  const path = new URL(url).pathname.slice(1);
  return path === "" ? "/" : decodeURIComponent(path);
}

/** The values are the client's business; they may be keys, and are never shown. */
function readSocketOptions(reader: OptionReader): Readonly<Record<string, unknown>> {
  const value = reader.raw("socketOptions");
  if (value === undefined) return {};
  try {
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  } catch {
    // Nothing that could be read.
  }
  throw new OptionError("socketOptions", "an object with options for a socket", inWords(`a ${typeof value}`));
}

function readDelays(value: unknown): readonly number[] {
  if (value === undefined) return [];
  const isDelay = (delay: unknown): boolean =>
    typeof delay === "number" && Number.isInteger(delay) && delay >= 1 && delay <= LONGEST_DELAY_SECONDS;
  const delays = copyList(value);
  if (delays?.every(isDelay) !== true) {
    throw new OptionError("retryDelaysSeconds", `an array of whole numbers from 1 to ${LONGEST_DELAY_SECONDS}`, value);
  }
  return Object.freeze([...new Set(delays as number[])].sort((one, other) => one - other));
}

function readQueueType(value: unknown): "quorum" | "classic" {
  if (value === undefined) return "quorum";
  if (value !== "quorum" && value !== "classic")
    throw new OptionError("retryQueueType", '"quorum" or "classic"', value);
  return value;
}
