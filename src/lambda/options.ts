// The options that both ways of running in Lambda share, read and checked.
import { OptionError } from "../errors.js";
import type { OptionReader } from "../internal/options.js";
import { silence } from "../internal/silence.js";
import { readClient } from "../sqs/options.js";
import type { SqsClient } from "../sqs/port.js";

/** How an event is worked off, whichever way it comes. */
export interface LambdaEventOptions {
  /**
   * An SDK client of any 3.x version, or anything that has the calls of `SqsPort`. It is used only for outcomes that
   * `batchItemFailures` cannot tell: delays of retries, releases, and dead letters. Default: none; a message that is not
   * done then comes again when the queue's visibility timeout is over.
   */
  client?: SqsClient | undefined;
  /**
   * The URL of the queue, or a function that makes it from the queue's ARN, where it is not the usual one: behind a VPC
   * endpoint without private DNS, say. Needed only with `client`. Default: made from the ARN.
   */
  queueUrl?: string | ((queueArn: string) => string) | undefined;
  /** Where `deadLetter` sends to. Default: the dead-letter queue that the queue's redrive policy names. */
  deadLetterQueueUrl?: string | undefined;
  /**
   * How long before Lambda's deadline handlers are told to end, in milliseconds; nothing is started after that. At most
   * half of the time that an event has. 10 to 600,000; default 1,000.
   */
  deadlineMarginMs?: number | undefined;
  /**
   * How long before Lambda's deadline the event is answered whatever still runs, in milliseconds. It must cover the way of
   * the answer. 1 to `deadlineMarginMs`; default 250, or `deadlineMarginMs` if that is less.
   */
  answerMarginMs?: number | undefined;
}

/** The options with nothing left open, but for what has no value of its own. */
export interface ResolvedEventOptions {
  readonly client: SqsClient | undefined;
  readonly queueUrlOf: (queueArn: string) => string;
  readonly deadLetterQueueUrl: string | undefined;
  readonly deadlineMarginMs: number;
  readonly answerMarginMs: number;
}

const DEFAULT_ANSWER_MARGIN_MS = 250;

/** @throws OptionError when an option cannot be used. */
export function readEventOptions(reader: OptionReader): ResolvedEventOptions {
  const deadlineMarginMs = reader.number("deadlineMarginMs", { min: 10, max: 600_000, fallback: 1_000 });
  const fallback = Math.min(DEFAULT_ANSWER_MARGIN_MS, deadlineMarginMs);
  return Object.freeze({
    client: readClient(reader),
    queueUrlOf: readQueueUrl(reader),
    deadLetterQueueUrl: reader.has("deadLetterQueueUrl") ? readUrl(reader, "deadLetterQueueUrl") : undefined,
    deadlineMarginMs,
    answerMarginMs: reader.number("answerMarginMs", { min: 1, max: deadlineMarginMs, fallback }),
  });
}

/** The times of an event, on the clock. */
export interface EventTimes {
  /** When handlers are told to end; nothing is started after that. */
  readonly abortAt: number;
  /** When it is answered, whatever still runs. */
  readonly answerAt: number;
}

/** Of a short time the margins take no more than their half. */
export function timesOf(
  remainingMs: number,
  now: number,
  { deadlineMarginMs, answerMarginMs }: Pick<ResolvedEventOptions, "deadlineMarginMs" | "answerMarginMs">,
): EventTimes {
  const share = Math.min(1, Math.max(0, remainingMs) / 2 / deadlineMarginMs);
  const deadline = now + remainingMs;
  return { abortAt: deadline - share * deadlineMarginMs, answerAt: deadline - share * answerMarginMs };
}

function readQueueUrl(reader: OptionReader): (queueArn: string) => string {
  if (!reader.has("queueUrl")) return queueUrlOfArn;
  const value = reader.raw("queueUrl");
  if (typeof value === "function") return (queueArn) => checkUrl((value as (arn: string) => unknown)(queueArn));
  const url = readUrl(reader, "queueUrl");
  return () => url;
}

/** What a function of the user's has answered. */
function checkUrl(answer: unknown): string {
  if (isUrl(answer)) return answer;
  silence(answer);
  throw new OptionError("queueUrl", "a function that makes the URL of a queue from its ARN", answer);
}

function isUrl(value: unknown): value is string {
  return typeof value === "string" && /^https?:$/u.test(URL.canParse(value) ? new URL(value).protocol : "");
}

function readUrl(reader: OptionReader, name: string): string {
  const value = reader.raw(name);
  if (isUrl(value)) return value;
  const what = "the URL of a queue (https://sqs.REGION.amazonaws.com/ACCOUNT/NAME)";
  throw new OptionError(name, name === "queueUrl" ? `${what}, or a function that makes it from an ARN` : what, value);
}

/** Where services are found, by the partition that an ARN names; the others are under amazonaws.com. */
const DOMAINS: ReadonlyMap<string, string> = new Map([
  ["aws-cn", "amazonaws.com.cn"],
  ["aws-eusc", "amazonaws.eu"],
  ["aws-iso", "c2s.ic.gov"],
  ["aws-iso-b", "sc2s.sgov.gov"],
]);

function queueUrlOfArn(queueArn: string): string {
  const [, partition = "", , region = "", account = "", name = ""] = queueArn.split(":");
  return `https://sqs.${region}.${DOMAINS.get(partition) ?? "amazonaws.com"}/${account}/${name}`;
}
