// How large messages are, as SQS counts.
import type { SendEntry } from "./port.js";

/** A message has at most 1 MiB, attributes included (quotas of SQS). */
export const LARGEST_MESSAGE_BYTES = 1_048_576;

/** The bytes of a message: its body, and of each of its attributes the name, the type and the value. */
export function measureBytes({ MessageBody, MessageAttributes = {} }: Omit<SendEntry, "Id">): number {
  let bytes = Buffer.byteLength(MessageBody);
  for (const [name, { DataType, StringValue, BinaryValue }] of Object.entries(MessageAttributes)) {
    bytes += Buffer.byteLength(name + (DataType ?? "") + (StringValue ?? "")) + (BinaryValue?.byteLength ?? 0);
  }
  return bytes;
}
