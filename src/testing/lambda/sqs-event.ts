// SQS events as Lambda makes them, for tests of functions.
import { createHash } from "node:crypto";

/** One message of an event that a test makes. All but the body has a default. */
export interface SqsEventMessage {
  /** The body. */
  readonly body: string;
  /** Default: `message-1` and so on, by its place in the event. */
  readonly messageId?: string;
  /** Default: made from the message id. */
  readonly receiptHandle?: string;
  /** How many times it has been delivered, this time included; default 1. */
  readonly receiveCount?: number;
  /** The message group, for FIFO queues (the sequence number follows from the place in the event) and fair ones. */
  readonly groupId?: string;
  /** Further system attributes. */
  readonly attributes?: Readonly<Record<string, string>>;
  /** What the sender gave it: texts, and bytes for attributes of the type Binary. */
  readonly messageAttributes?: Readonly<Record<string, string | Uint8Array>>;
}

/** A record of an SQS event. */
export interface SqsEventRecord {
  messageId: string;
  receiptHandle: string;
  body: string;
  attributes: Record<string, string>;
  messageAttributes: Record<string, SqsEventAttribute>;
  md5OfBody: string;
  eventSource: "aws:sqs";
  eventSourceARN: string;
  awsRegion: string;
}

/** A message attribute of a record; bytes are in base64. */
export interface SqsEventAttribute {
  dataType: string;
  stringValue?: string;
  binaryValue?: string;
  stringListValues: [];
  binaryListValues: [];
}

/** What Lambda calls a function with. */
export interface SqsTestEvent {
  Records: SqsEventRecord[];
}

/** The queue that events come from when a test names none. */
const QUEUE_ARN = "arn:aws:sqs:us-east-1:000000000000:orders";

/**
 * Makes an event in the shape that Lambda documents ("Using Lambda with Amazon SQS", developer guide).
 *
 * @param messages - Its messages, or only their bodies.
 * @param options - `queueArn`: where they come from; that of a FIFO queue ends in `.fifo`.
 */
export function createSqsEvent(
  messages: ReadonlyArray<string | SqsEventMessage>,
  options: { readonly queueArn?: string } = {},
): SqsTestEvent {
  const { queueArn = QUEUE_ARN } = options;
  const Records = messages.map((message, index) => {
    return createRecord(typeof message === "string" ? { body: message } : message, { index, queueArn });
  });
  return { Records };
}

function createRecord(message: SqsEventMessage, place: { index: number; queueArn: string }): SqsEventRecord {
  const { body, messageId = `message-${place.index + 1}`, receiptHandle = `receipt-of-${messageId}` } = message;
  return {
    messageId,
    receiptHandle,
    body,
    attributes: createAttributes(message, place),
    messageAttributes: createMessageAttributes(message),
    md5OfBody: createHash("md5").update(body).digest("hex"),
    eventSource: "aws:sqs",
    eventSourceARN: place.queueArn,
    awsRegion: place.queueArn.split(":")[3] ?? "",
  };
}

function createAttributes(
  message: SqsEventMessage,
  place: { index: number; queueArn: string },
): Record<string, string> {
  const { receiveCount = 1, groupId, attributes } = message;
  const ofFifo = place.queueArn.endsWith(".fifo") && {
    SequenceNumber: String(place.index + 1).padStart(20, "0"),
    MessageDeduplicationId: `deduplication-${place.index + 1}`,
  };
  return {
    ApproximateReceiveCount: String(receiveCount),
    SentTimestamp: "1700000000000",
    SenderId: "AIDAEXAMPLE",
    ApproximateFirstReceiveTimestamp: "1700000000001",
    ...(groupId !== undefined && { MessageGroupId: groupId }),
    ...ofFifo,
    ...attributes,
  };
}

function createMessageAttributes({ messageAttributes = {} }: SqsEventMessage): Record<string, SqsEventAttribute> {
  const created = Object.entries(messageAttributes).map(([name, value]): [string, SqsEventAttribute] => {
    const lists: Pick<SqsEventAttribute, "stringListValues" | "binaryListValues"> = {
      stringListValues: [],
      binaryListValues: [],
    };
    if (typeof value === "string") return [name, { dataType: "String", stringValue: value, ...lists }];
    return [name, { dataType: "Binary", binaryValue: Buffer.from(value).toString("base64"), ...lists }];
  });
  return Object.fromEntries(created);
}
