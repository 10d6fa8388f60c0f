// The options of SqsRunner, read and checked.
import { OptionError } from "../errors.js";
import { OptionReader } from "../internal/options.js";
import { safeRandom } from "../internal/safe-random.js";
import { LARGEST_MESSAGE_BYTES } from "./message-size.js";
import { isSqsPort, isSqsSdkClient, type SqsClient } from "./port.js";

/** What an `SqsRunner` is made with. */
export interface SqsRunnerOptions {
  /**
   * The URL of the queue, such as `https://sqs.eu-west-1.amazonaws.com/123456789012/orders`. One that ends in `.fifo` is
   * consumed in the order of its message groups.
   */
  queueUrl: string;
  /**
   * An SDK client of any 3.x version, or anything that has the calls of `SqsPort`. Yours stays yours: it is not
   * destroyed. Default: two clients set up for polling, one that receives and one that settles.
   */
  client?: SqsClient | undefined;
  /**
   * The region of the default client. Default: the one that the queue URL names, and for other URLs the SDK's own
   * (`AWS_REGION`, the shared configuration). There is no silent fallback.
   */
  region?: string | undefined;
  /** How long a receive waits for a message, in seconds. 1 to 20; default 20. */
  waitTimeSeconds?: number | undefined;
  /**
   * How long a message is hidden from others at a time, in seconds; the heartbeat renews it for as long as the message is
   * here. It is how long others wait for the messages of a process that crashed. 5 to 43,200; default 30.
   */
  visibilityTimeoutSeconds?: number | undefined;
  /**
   * The most receives that are out at once. 1 to 1,000; default 25: with a round trip of 20 ms they bring 12,500 messages a
   * second, and with 25 settling requests they fit into the 50 sockets of an SDK client that nobody has set up. There is one
   * while the queue is empty, and no more than 4 where the processor is kept busy by 200 of them a second.
   */
  maxReceives?: number | undefined;
  /**
   * The most bytes that a message of the queue can have: its `MaximumMessageSize`. Of use to `maxInFlightBytes`. 1,024 to
   * 1,048,576; default 1,048,576.
   */
  maxMessageBytes?: number | undefined;
  /** Which message attributes to ask for. Default: `["All"]`. */
  messageAttributeNames?: readonly string[] | undefined;
  /**
   * Which system attributes to ask for, beyond those that millrace needs (`ApproximateReceiveCount`, `MessageGroupId`) and
   * those that most want (`SentTimestamp`, `AWSTraceHeader`). Default: none.
   */
  messageSystemAttributeNames?: readonly string[] | undefined;
  /**
   * How long a finished message waits for a batch of ten to fill before it is acknowledged, in milliseconds. It does not
   * wait when nothing else is running. 0 to 10,000; default 250, and 0 for a FIFO queue: its group waits for it. While the
   * service throttles acknowledgements they wait for each other, up to 40 ms.
   */
  settleMaxAgeMs?: number | undefined;
  /** The most acknowledgement, retry and heartbeat requests that are out at once. 1 to 1,000; default 25. */
  maxSettleRequests?: number | undefined;
  /**
   * How many outcomes may be unconfirmed before no more messages are asked for. It bounds memory while the service cannot
   * be reached. 10 to 100,000; default 5,000.
   */
  maxUnconfirmed?: number | undefined;
  /**
   * How long a stop waits for the long polls that are out before it aborts them, in milliseconds. An aborted long poll can
   * still be given a message, which then stays hidden until its visibility ends; 20,000 rules that out. 0 to 20,000;
   * default 1,000.
   */
  pollGraceMs?: number | undefined;
  /**
   * Whether the default client checks that a body is the one that was sent, by the MD5 sum that comes with it, as the SDK does
   * by itself. TCP and TLS have sums of their own; what is given up is to notice a body that was changed inside of the
   * service or in this process. A client of yours goes by its own setting (`md5`). Default false.
   */
  shouldVerifyChecksums?: boolean | undefined;
  /**
   * How long a request may take before it is given up, in milliseconds; a receive gets its wait on top, the renewal of a
   * lease has a sixth of `visibilityTimeoutSeconds` if that is less. 100 to 60,000; default 10,000.
   */
  requestTimeoutMs?: number | undefined;
  /**
   * Where `deadLetter` sends to; a FIFO queue for the messages of one. Default: the dead-letter queue that the queue's
   * redrive policy names.
   */
  deadLetterQueueUrl?: string | undefined;
  /** For tests: numbers from 0 up to 1, for the jitter of delays. Default `Math.random`. */
  random?: (() => number) | undefined;
}

/** The names of all options, for those who pass them on. */
export const SQS_RUNNER_OPTION_NAMES: ReadonlyArray<keyof SqsRunnerOptions> = [
  "queueUrl",
  "client",
  "region",
  "waitTimeSeconds",
  "visibilityTimeoutSeconds",
  "maxReceives",
  "maxMessageBytes",
  "messageAttributeNames",
  "messageSystemAttributeNames",
  "settleMaxAgeMs",
  "maxSettleRequests",
  "maxUnconfirmed",
  "pollGraceMs",
  "requestTimeoutMs",
  "shouldVerifyChecksums",
  "deadLetterQueueUrl",
  "random",
];

/** The options with nothing left open, but for what has no value of its own. */
export interface ResolvedSqsOptions {
  readonly queueUrl: string;
  /** Whether the order within message groups is to be kept. */
  readonly isFifo: boolean;
  readonly client: SqsClient | undefined;
  readonly region: string | undefined;
  readonly waitTimeSeconds: number;
  readonly visibilityTimeoutSeconds: number;
  readonly maxReceives: number;
  readonly maxMessageBytes: number;
  readonly messageAttributeNames: readonly string[];
  readonly messageSystemAttributeNames: readonly string[];
  readonly settleMaxAgeMs: number;
  readonly maxSettleRequests: number;
  readonly maxUnconfirmed: number;
  readonly pollGraceMs: number;
  readonly requestTimeoutMs: number;
  readonly shouldVerifyChecksums: boolean;
  readonly deadLetterQueueUrl: string | undefined;
  readonly random: () => number;
}

/** @throws OptionError when an option cannot be used. */
export function resolveSqsOptions(options: SqsRunnerOptions): ResolvedSqsOptions {
  return Object.freeze(readOptions(new OptionReader("SqsRunner", options)));
}

function readOptions(reader: OptionReader): ResolvedSqsOptions {
  const queueUrl = readQueueUrl(reader, "queueUrl");
  const isFifo = isFifoUrl(queueUrl);
  const resolved = {
    queueUrl,
    isFifo,
    client: readClient(reader),
    region: readRegion(reader, queueUrl),
    waitTimeSeconds: reader.integer("waitTimeSeconds", { min: 1, max: 20, fallback: 20 }),
    visibilityTimeoutSeconds: reader.integer("visibilityTimeoutSeconds", { min: 5, max: 43_200, fallback: 30 }),
    maxReceives: reader.integer("maxReceives", { min: 1, max: 1_000, fallback: 25 }),
    maxMessageBytes: reader.integer("maxMessageBytes", {
      min: 1_024,
      max: LARGEST_MESSAGE_BYTES,
      fallback: LARGEST_MESSAGE_BYTES,
    }),
    messageAttributeNames: reader.strings("messageAttributeNames", ["All"]),
    messageSystemAttributeNames: readSystemAttributeNames(reader),
    settleMaxAgeMs: reader.number("settleMaxAgeMs", { min: 0, max: 10_000, fallback: isFifo ? 0 : 250 }),
    maxSettleRequests: reader.integer("maxSettleRequests", { min: 1, max: 1_000, fallback: 25 }),
    maxUnconfirmed: reader.integer("maxUnconfirmed", { min: 10, max: 100_000, fallback: 5_000 }),
    pollGraceMs: reader.number("pollGraceMs", { min: 0, max: 20_000, fallback: 1_000 }),
    requestTimeoutMs: reader.number("requestTimeoutMs", { min: 100, max: 60_000, fallback: 10_000 }),
    shouldVerifyChecksums: reader.boolean("shouldVerifyChecksums", false),
    deadLetterQueueUrl: readDeadLetterQueueUrl(reader, isFifo),
    random: safeRandom(reader.function<() => number>("random") ?? Math.random),
  };
  reader.finish();
  return resolved;
}

function readQueueUrl(reader: OptionReader, name: "queueUrl" | "deadLetterQueueUrl"): string {
  const value = reader.raw(name);
  if (typeof value !== "string" || !isQueueUrl(value)) {
    throw new OptionError(name, "the URL of a queue (https://sqs.REGION.amazonaws.com/ACCOUNT/NAME)", value);
  }
  return value;
}

/** The name of a FIFO queue ends in `.fifo`, and no other's does (CreateQueue, API reference). */
function isFifoUrl(queueUrl: string): boolean {
  return new URL(queueUrl).pathname.endsWith(".fifo");
}

function readDeadLetterQueueUrl(reader: OptionReader, isFifo: boolean): string | undefined {
  if (!reader.has("deadLetterQueueUrl")) return undefined;
  const value = readQueueUrl(reader, "deadLetterQueueUrl");
  if (isFifoUrl(value) === isFifo) return value;
  throw new OptionError(
    "deadLetterQueueUrl",
    `the URL of a ${isFifo ? "FIFO" : "standard"} queue, as queueUrl is`,
    value,
  );
}

function isQueueUrl(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { protocol, pathname, username, password } = new URL(value);
  const isPlain = (protocol === "https:" || protocol === "http:") && username + password === "";
  return isPlain && pathname.length > 1 && !pathname.endsWith("/");
}

/** The option `client`: structural, so that no version of the SDK matters. */
export function readClient(reader: OptionReader): SqsClient | undefined {
  const client = reader.raw("client");
  if (client === undefined) return undefined;
  if (typeof client === "object" && client !== null && (isSqsPort(client) || isSqsSdkClient(client))) return client;
  throw new OptionError(
    "client",
    "an SQSClient of @aws-sdk/client-sqs, or an object with the calls of SqsPort",
    client,
  );
}

/** `sqs.REGION.amazonaws.com`, `vpce-….sqs.REGION.vpce.amazonaws.com`, and the older `REGION.queue.amazonaws.com`. */
const AWS_HOST = /(?:^|\.)sqs(?:-fips)?\.([a-z]+(?:-[a-z]+)+-\d+)\.|^([a-z]+(?:-[a-z]+)+-\d+)\.queue\./u;

/** The region that a queue URL names, if it is one of AWS's. */
export function regionOfQueueUrl(queueUrl: string): string | undefined {
  const match = AWS_HOST.exec(new URL(queueUrl).hostname);
  return match?.[1] ?? match?.[2];
}

function readRegion(reader: OptionReader, queueUrl: string): string | undefined {
  const ofQueue = regionOfQueueUrl(queueUrl);
  if (!reader.has("region")) return ofQueue;
  const region = reader.string("region");
  if (ofQueue !== undefined && region !== ofQueue) {
    throw new OptionError("region", `"${ofQueue}", as the queue URL says, or to be absent`, region);
  }
  return region;
}

function readSystemAttributeNames(reader: OptionReader): readonly string[] {
  const wanted = reader.strings("messageSystemAttributeNames", []);
  if (wanted.includes("All")) return ["All"];
  return [...new Set(["ApproximateReceiveCount", "MessageGroupId", "SentTimestamp", "AWSTraceHeader", ...wanted])];
}
