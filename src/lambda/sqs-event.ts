// The event that Lambda calls a function with for an SQS queue, made into messages as SqsRunner brings them.
import { describeValue, MillraceError } from "../errors.js";
import type { Message, MessageAttribute } from "../sqs/message.js";

/** The answer to an SQS event: which messages are not done, and come again. */
export interface SqsBatchResponse {
  /** One entry per message that is not done, in the order of the event. When it is empty, all are deleted. */
  batchItemFailures: Array<{ itemIdentifier: string }>;
}

/** An SQS event that has been read. */
export interface SqsEvent {
  /** `arn:aws:sqs:REGION:ACCOUNT:NAME`. */
  readonly queueArn: string;
  readonly isFifo: boolean;
  readonly messages: readonly EventMessage[];
}

/** A message that has what every record of an event has. */
interface EventMessage extends Message {
  MessageId: string;
  ReceiptHandle: string;
  Body: string;
  Attributes: Partial<Record<string, string>>;
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * Reads an event. Its fields are those of "Using Lambda with Amazon SQS" in the Lambda developer guide.
 *
 * @throws MillraceError `EVENT_INVALID` when it is none of SQS.
 */
export function readSqsEvent(event: unknown): SqsEvent {
  const { Records: records } = isFields(event) ? event : {};
  if (!Array.isArray(records)) {
    const names = isFields(event) ? Object.keys(event).join(", ") : "";
    throw createError(
      "an object with an array Records",
      names === "" ? describeValue(event) : `an object with ${names}`,
    );
  }
  const queueArns = new Set<string>();
  const messages = records.map((record: unknown, index) => readRecord(record, `Records[${index}]`, queueArns));
  const [queueArn = ""] = queueArns;
  if (queueArns.size > 1) throw createError("records of one queue", `records of ${[...queueArns].join(" and ")}`);
  return { queueArn, isFifo: queueArn.endsWith(".fifo"), messages };
}

function readRecord(record: unknown, place: string, queueArns: Set<string>): EventMessage {
  if (!isFields(record)) throw createError(`${place} to be an object`, describeValue(record));
  const text = (name: string): string => {
    const value = record[name];
    if (typeof value === "string" && (value !== "" || name === "body")) return value;
    throw createError(`${place}.${name} to be a string that is not empty`, describeValue(value));
  };
  if (text("eventSource") !== "aws:sqs")
    throw createError(`${place}.eventSource to be "aws:sqs"`, describeValue(record["eventSource"]));
  queueArns.add(text("eventSourceARN"));
  const message: EventMessage = {
    MessageId: text("messageId"),
    ReceiptHandle: text("receiptHandle"),
    Body: text("body"),
    Attributes: readAttributes(record["attributes"], `${place}.attributes`),
  };
  const { md5OfBody, md5OfMessageAttributes } = record;
  if (typeof md5OfBody === "string") message.MD5OfBody = md5OfBody;
  if (typeof md5OfMessageAttributes === "string") message.MD5OfMessageAttributes = md5OfMessageAttributes;
  const attributes = readMessageAttributes(record["messageAttributes"] ?? {}, `${place}.messageAttributes`);
  // As the SDK does: a message that was sent without attributes has none.
  if (Object.keys(attributes).length > 0) message.MessageAttributes = attributes;
  return message;
}

function readAttributes(value: unknown, place: string): Partial<Record<string, string>> {
  if (isFields(value)) return value as Partial<Record<string, string>>;
  throw createError(`${place} to be an object`, describeValue(value));
}

function readMessageAttributes(value: unknown, place: string): Record<string, MessageAttribute> {
  if (!isFields(value)) throw createError(`${place} to be an object`, describeValue(value));
  const attributes: Record<string, MessageAttribute> = {};
  for (const [name, attribute] of Object.entries(value)) {
    if (!isFields(attribute)) throw createError(`${place}.${name} to be an object`, describeValue(attribute));
    const { dataType, stringValue, binaryValue } = attribute;
    if (typeof dataType !== "string")
      throw createError(`${place}.${name}.dataType to be a string`, describeValue(dataType));
    attributes[name] = {
      DataType: dataType,
      ...(typeof stringValue === "string" && { StringValue: stringValue }),
      ...(typeof binaryValue === "string" && { BinaryValue: new Uint8Array(Buffer.from(binaryValue, "base64")) }),
    };
  }
  return attributes;
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** @param came - In words. */
function createError(expected: string, came: string): MillraceError {
  return new MillraceError("EVENT_INVALID", `This is not an event of an SQS queue: expected ${expected}, got ${came}.`);
}
