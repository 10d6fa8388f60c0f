// What is sent and what comes back, where it is not JSON as it stands: binary values are base64 on the wire.
import { hash } from "node:crypto";
import type { Message, MessageAttribute } from "../sqs/message.js";
import type { SendEntry } from "../sqs/port.js";

type Attributes = Record<string, MessageAttribute>;

/** @throws SyntaxError when it is no JSON object. */
export function parseOutput(text: string): object {
  if (text === "") return {};
  const output: unknown = JSON.parse(text);
  if (typeof output !== "object" || output === null) throw new SyntaxError("The answer is not a JSON object.");
  return output;
}

/** Turns the binary values of messages into bytes, in place. */
export function decodeMessages(messages: readonly Message[] | undefined): void {
  if (!Array.isArray(messages)) return;
  for (const { MessageAttributes } of messages as readonly Message[]) {
    if (MessageAttributes !== undefined && MessageAttributes !== null) decodeAttributes(MessageAttributes);
  }
}

function decodeAttributes(attributes: Attributes): void {
  for (const attribute of Object.values(attributes)) {
    const { BinaryValue, BinaryListValues } = attribute as { BinaryValue?: unknown; BinaryListValues?: unknown };
    if (typeof BinaryValue === "string") attribute.BinaryValue = decodeBase64(BinaryValue);
    if (Array.isArray(BinaryListValues)) attribute.BinaryListValues = BinaryListValues.map(decodeBase64);
  }
}

function decodeBase64(text: unknown): Uint8Array {
  return new Uint8Array(Buffer.from(String(text), "base64"));
}

/** The entries of a batch, with binary values in base64. */
export function encodeEntries(entries: readonly SendEntry[]): readonly object[] {
  return entries.map((entry) => {
    const { MessageAttributes } = entry;
    return MessageAttributes === undefined
      ? entry
      : { ...entry, MessageAttributes: encodeAttributes(MessageAttributes) };
  });
}

function encodeAttributes(attributes: Attributes): object {
  const encoded = Object.entries(attributes).map(([name, attribute]) => {
    const { BinaryValue, BinaryListValues } = attribute;
    return [
      name,
      {
        ...attribute,
        ...(BinaryValue !== undefined && { BinaryValue: encodeBase64(BinaryValue) }),
        ...(BinaryListValues !== undefined && { BinaryListValues: BinaryListValues.map(encodeBase64) }),
      },
    ];
  });
  return Object.fromEntries(encoded) as object;
}

function encodeBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}

/** @throws Error when a body is not the one that was sent, by the sum that came with it. */
export function verifyChecksums(messages: readonly Message[] | undefined): void {
  const wrong = (Array.isArray(messages) ? (messages as readonly Message[]) : []).filter(
    ({ Body = "", MD5OfBody }) => hash("md5", Body) !== MD5OfBody,
  );
  if (wrong.length === 0) return;
  throw new Error(`Invalid MD5 checksum on messages: ${wrong.map(({ MessageId }) => MessageId).join(", ")}`);
}

interface SentOutput {
  readonly Successful?:
    ReadonlyArray<{ readonly Id: string | undefined; readonly MD5OfMessageBody?: string }> | undefined;
}

/** @throws Error when the service has taken in another body than was sent. */
export function verifySentChecksums<Output extends SentOutput>(entries: readonly SendEntry[], output: Output): Output {
  const sums = new Map(output.Successful?.map(({ Id, MD5OfMessageBody }) => [Id, MD5OfMessageBody]));
  const wrong = entries.filter(({ Id, MessageBody }) => sums.has(Id) && sums.get(Id) !== hash("md5", MessageBody));
  if (wrong.length === 0) return output;
  throw new Error(`Invalid MD5 checksum on messages: ${wrong.map(({ Id }) => Id).join(", ")}`);
}
