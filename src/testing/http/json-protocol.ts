// The wire format of SQS, AWS JSON 1.0: one POST per call, the operation in a header, JSON in and out.

import type { IncomingMessage } from "node:http";
import type {
  ReceiveMessageOutput,
  SendMessageBatchInput,
  SendMessageInput,
  SqsMessageAttribute,
  SqsMessageAttributes,
  SqsOperation,
} from "../sqs/api.js";
import { internalFailure, SqsServiceError } from "../sqs/errors.js";

/** An answer, ready to be written. */
export interface WireAnswer {
  readonly httpStatusCode: number;
  readonly body: string;
  /** The header in which clients of the older query protocol look for the error's code. */
  readonly queryError?: string;
}

const TARGET_PREFIX = "AmazonSQS.";
/** A batch is at most 1 MiB; escaping can make six bytes of one. */
const LARGEST_REQUEST_BYTES = 8 * 1_048_576;

/** The operation that a request names. */
export function readOperation(request: IncomingMessage): SqsOperation {
  const target = request.headers["x-amz-target"];
  if (typeof target === "string" && target.startsWith(TARGET_PREFIX)) {
    return target.slice(TARGET_PREFIX.length) as SqsOperation;
  }
  throw new SqsServiceError("InvalidAction", "Only the AWS JSON protocol is served: x-amz-target is missing.");
}

export async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > LARGEST_REQUEST_BYTES) {
      throw new SqsServiceError("RequestEntityTooLarge", "The request is too large.", { httpStatusCode: 413 });
    }
    chunks.push(chunk);
  }
  return (chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)).toString("utf8");
}

/** The input of an operation, with binary values as bytes. */
export function decodeInput(operation: SqsOperation, body: string): object {
  const input = parseObject(body);
  if (operation === "SendMessage") return decodeMessage(input as SendMessageInput);
  if (operation === "SendMessageBatch") {
    const batch = input as SendMessageBatchInput;
    return { ...batch, Entries: batch.Entries?.map(decodeMessage) };
  }
  return input;
}

/** The answer to a request that succeeded, with binary values in base64. */
export function encodeOutput(operation: SqsOperation, output: object): WireAnswer {
  if (operation === "ReceiveMessage") encodeMessages(output);
  return { httpStatusCode: 200, body: JSON.stringify(output) };
}

/** The answer to a request that failed. An error that is not the service's is a fault of this program: a 500. */
export function encodeError(error: unknown): WireAnswer {
  const { name, message, Code, $fault, $metadata } = error instanceof SqsServiceError ? error : unexpected(error);
  return {
    httpStatusCode: $metadata.httpStatusCode,
    body: JSON.stringify({ __type: `com.amazonaws.sqs#${name}`, message }),
    queryError: `${Code};${$fault === "client" ? "Sender" : "Receiver"}`,
  };
}

function unexpected(error: unknown): SqsServiceError {
  const failure = internalFailure(500);
  failure.message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return failure;
}

function parseObject(body: string): object {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    parsed = undefined;
  }
  if (typeof parsed === "object" && parsed !== null) return parsed;
  throw new SqsServiceError("SerializationException", "The request is not a JSON object.");
}

interface HasAttributes {
  readonly MessageAttributes?: SqsMessageAttributes | undefined;
  readonly MessageSystemAttributes?: SqsMessageAttributes | undefined;
}

function decodeMessage<Message extends HasAttributes>(message: Message): Message {
  const { MessageAttributes, MessageSystemAttributes } = message;
  if (!MessageAttributes && !MessageSystemAttributes) return message;
  const fromBase64 = (value: unknown): Uint8Array => Buffer.from(String(value), "base64");
  return {
    ...message,
    MessageAttributes: mapBinaryValues(MessageAttributes, fromBase64),
    MessageSystemAttributes: mapBinaryValues(MessageSystemAttributes, fromBase64),
  };
}

function encodeMessages({ Messages = [] }: ReceiveMessageOutput): void {
  const toBase64 = (value: unknown): Uint8Array =>
    // Only for JSON.stringify: on the wire a binary value is text.
    Buffer.from(value as Uint8Array).toString("base64") as unknown as Uint8Array;
  for (const message of Messages) {
    const attributes = mapBinaryValues(message.MessageAttributes, toBase64);
    if (attributes !== undefined) message.MessageAttributes = attributes;
  }
}

function mapBinaryValues(
  attributes: SqsMessageAttributes | undefined,
  map: (value: unknown) => Uint8Array,
): Record<string, SqsMessageAttribute> | undefined {
  if (!attributes) return undefined;
  const mapped: Record<string, SqsMessageAttribute> = {};
  for (const [name, attribute] of Object.entries(attributes)) {
    const { BinaryValue } = attribute;
    mapped[name] = BinaryValue ? { ...attribute, BinaryValue: map(BinaryValue) } : attribute;
  }
  return mapped;
}
