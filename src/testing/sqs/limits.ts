// What the service accepts: numbers, sizes, names. Source: the SQS API reference and "Amazon SQS message quotas".

import type { OutgoingMessage, SqsBatchEntry, SqsMessageAttributes } from "./api.js";
import type { QueueSettings } from "./queue-settings.js";
import {
  batchRequestTooLong,
  emptyBatchRequest,
  entryIdsNotDistinct,
  invalidEntryId,
  invalidMessageContents,
  invalidParameter,
  invalidValue,
  missingParameter,
  tooManyEntries,
} from "./errors.js";

export const LONGEST_VISIBILITY_SECONDS = 43_200;
const LONGEST_WAIT_SECONDS = 20;
export const LONGEST_DELAY_SECONDS = 900;
const MOST_MESSAGES_PER_RECEIVE = 10;
const MOST_ENTRIES_PER_BATCH = 10;
const MOST_MESSAGE_ATTRIBUTES = 10;
/** 1 MiB; it was 256 KiB until August 2025. */
export const LARGEST_MESSAGE_BYTES = 1_048_576;

const ENTRY_ID = /^[\w-]{1,80}$/;
const QUEUE_NAME = /^[\w-]{1,80}$/;
const FIFO_SUFFIX = ".fifo";
/** Group ids, deduplication ids and receive attempt ids. */
const PRINTABLE_ID = /^[\w!"#$%&'()*+,\-./:;<=>?@[\\\]^`{|}~]{1,128}$/;
const ATTRIBUTE_NAME = /^(?!aws\.|amazon\.|\.)(?!.*\.\.)[\w.-]{1,256}(?<!\.)$/i;
const ATTRIBUTE_TYPE = /^(String|Number|Binary)(\..+)?$/;
// oxlint-disable-next-line no-control-regex -- these are the characters that the service refuses
const FORBIDDEN_CHARACTER = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]|[\uD800-\uDFFF]/u;

interface Range {
  readonly least: number;
  readonly most: number;
  readonly reason: string;
}

type RangedParameter = "WaitTimeSeconds" | "MaxNumberOfMessages" | "VisibilityTimeout" | "DelaySeconds";

const RANGES: Readonly<Record<RangedParameter, Range>> = {
  WaitTimeSeconds: { least: 0, most: LONGEST_WAIT_SECONDS, reason: "Must be >= 0 and <= 20, if provided." },
  MaxNumberOfMessages: {
    least: 1,
    most: MOST_MESSAGES_PER_RECEIVE,
    reason: "Must be between 1 and 10, if provided.",
  },
  VisibilityTimeout: {
    least: 0,
    most: LONGEST_VISIBILITY_SECONDS,
    reason: "Must be between 0 and 43200, if provided.",
  },
  DelaySeconds: {
    least: 0,
    most: LONGEST_DELAY_SECONDS,
    reason: "DelaySeconds must be >= 0 and <= 900.",
  },
};

/** The number that was given, if the service would take it; else the default. */
export function numberInRange(parameter: RangedParameter, value: number | undefined, fallback: number): number {
  if (value === undefined || value === null) return fallback;
  const { least, most, reason } = RANGES[parameter];
  if (!Number.isInteger(value) || value < least || value > most) throw invalidValue(value, parameter, reason);
  return value;
}

export function required<Value>(value: Value | undefined, parameter: string): Value {
  if (value === undefined || value === null) throw missingParameter(parameter);
  return value;
}

/** The suffix of a FIFO queue counts towards the 80 characters. */
export function assertQueueName(name: string, isFifo: boolean): void {
  const stem = isFifo && name.endsWith(FIFO_SUFFIX) ? name.slice(0, -FIFO_SUFFIX.length) : name;
  const hasSuffix = stem !== name;
  if (QUEUE_NAME.test(stem) && name.length <= 80 && hasSuffix === isFifo) return;
  throw invalidParameter(
    isFifo
      ? "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with " +
          ".fifo suffix and be 1 to 80 in length"
      : "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length",
  );
}

/** Checks what makes the service reject a whole batch, and gives its entries. */
export function checkBatch<Entry extends SqsBatchEntry>(
  operation: string,
  entries: readonly Entry[] | undefined,
): readonly (Entry & { readonly Id: string })[] {
  if (entries === undefined || entries.length === 0) throw emptyBatchRequest(operation);
  if (entries.length > MOST_ENTRIES_PER_BATCH) throw tooManyEntries(MOST_ENTRIES_PER_BATCH, entries.length);
  const ids = new Set<string>();
  for (const { Id } of entries) {
    const id = required(Id, `${operation}RequestEntry.1.Id`);
    if (!ENTRY_ID.test(id)) throw invalidEntryId();
    if (ids.has(id)) throw entryIdsNotDistinct(id);
    ids.add(id);
  }
  return entries as readonly (Entry & { readonly Id: string })[];
}

export function checkBatchSize(messages: readonly OutgoingMessage[]): void {
  let size = 0;
  for (const message of messages) size += messageSize(message.MessageBody ?? "", message.MessageAttributes);
  if (size > LARGEST_MESSAGE_BYTES) throw batchRequestTooLong(LARGEST_MESSAGE_BYTES, size);
}

/** Checks one message that is to be sent. */
export function checkMessage(message: OutgoingMessage, largestBytes: number): void {
  const body = message.MessageBody;
  if (body === undefined || body === null || body === "") throw missingParameter("MessageBody");
  if (messageSize(body, message.MessageAttributes) > largestBytes) {
    throw invalidParameter(
      `One or more parameters are invalid. Reason: Message must be shorter than ${largestBytes} bytes.`,
    );
  }
  if (FORBIDDEN_CHARACTER.test(body)) throw invalidMessageContents();
  checkMessageAttributes(message.MessageAttributes);
  checkPrintableId("MessageGroupId", message.MessageGroupId);
  checkPrintableId("MessageDeduplicationId", message.MessageDeduplicationId);
}

/** Checks what only one type of queue takes: groups and deduplication are FIFO's, a delay of its own is not. */
export function checkForQueueType(message: OutgoingMessage, settings: QueueSettings): void {
  const { DelaySeconds, MessageGroupId, MessageDeduplicationId } = message;
  if (!settings.isFifo) {
    refuseForQueueType("MessageDeduplicationId", MessageDeduplicationId);
    return;
  }
  if (DelaySeconds !== 0) refuseForQueueType("DelaySeconds", DelaySeconds);
  required(MessageGroupId, "MessageGroupId");
  requireDeduplicationId(message, settings);
}

/**
 * An entry without its ids fails the whole batch, and with another code than a single message (LocalStack's tests
 * against AWS: test_send_batch_missing_message_group_id_for_fifo_queue).
 */
export function checkBatchIds(messages: readonly OutgoingMessage[], settings: QueueSettings): void {
  if (!settings.isFifo) return;
  for (const message of messages) {
    if (!message.MessageGroupId) throw invalidParameter("The request must contain the parameter MessageGroupId.");
    requireDeduplicationId(message, settings);
  }
}

function requireDeduplicationId({ MessageDeduplicationId }: OutgoingMessage, settings: QueueSettings): void {
  if (settings.isContentDeduplicated || MessageDeduplicationId) return;
  throw invalidParameter(
    "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
  );
}

function refuseForQueueType(parameter: string, value: unknown): void {
  if (value === undefined || value === null) return;
  throw invalidValue(value, parameter, "The request include parameter that is not valid for this queue type.");
}

export function checkPrintableId(parameter: string, id: string | undefined): void {
  if (id === undefined || id === null || PRINTABLE_ID.test(id)) return;
  throw invalidValue(
    id,
    parameter,
    `${parameter} can only include alphanumeric and punctuation characters. 1 to 128 in length.`,
  );
}

function checkMessageAttributes(attributes: SqsMessageAttributes | undefined): void {
  if (attributes === undefined || attributes === null) return;
  const names = Object.keys(attributes);
  if (names.length > MOST_MESSAGE_ATTRIBUTES) {
    throw invalidParameter(
      `Number of message attributes [${names.length}] exceeds the allowed maximum [${MOST_MESSAGE_ATTRIBUTES}].`,
    );
  }
  for (const name of names) checkMessageAttribute(name, attributes);
}

function checkMessageAttribute(name: string, attributes: SqsMessageAttributes): void {
  if (!ATTRIBUTE_NAME.test(name)) throw invalidParameter(`Message (user) attribute name '${name}' is invalid.`);
  const { DataType: type = "", StringValue, BinaryValue } = attributes[name] ?? { DataType: undefined };
  if (type === "")
    throw invalidParameter(`The message attribute '${name}' must contain a non-empty message attribute type.`);
  if (!ATTRIBUTE_TYPE.test(type)) {
    throw invalidParameter(
      `The message attribute '${name}' has an invalid message attribute type, the set of supported type prefixes is ` +
        "Binary, Number, and String.",
    );
  }
  const value = type.startsWith("Binary") ? BinaryValue : StringValue;
  if (value === undefined || value.length === 0) {
    throw invalidParameter(
      `The message attribute '${name}' must contain a non-empty message attribute value for message attribute type ` +
        `'${type}'.`,
    );
  }
}

/** What counts towards the size of a message: its body, and the names, types and values of its attributes. */
function messageSize(body: string, attributes: SqsMessageAttributes | undefined): number {
  let size = Buffer.byteLength(body);
  if (attributes === undefined || attributes === null) return size;
  for (const [name, { DataType, StringValue, BinaryValue }] of Object.entries(attributes)) {
    size += Buffer.byteLength(name) + Buffer.byteLength(DataType ?? "");
    size += Buffer.byteLength(StringValue ?? "") + (BinaryValue?.length ?? 0);
  }
  return size;
}
