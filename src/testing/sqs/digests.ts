// The digests that SQS sends along, so that an SDK can tell a damaged message from a sound one; and the one by which
// it tells apart messages without a deduplication id.

import { createHash } from "node:crypto";
import type { SqsMessageAttribute, SqsMessageAttributes } from "./api.js";

/** Says whether the value that follows is text or bytes. */
const STRING_VALUE = Buffer.from([1]);
const BINARY_VALUE = Buffer.from([2]);

export function md5OfText(text: string): string {
  return createHash("md5").update(text, "utf8").digest("hex");
}

/** What stands for a missing deduplication id; attributes do not count. */
export function sha256OfText(text: string): string {
  return createHash("sha256").update(text, "utf8").digest("hex");
}

/**
 * The digest of message attributes: sorted by name; of each its name, type and value, each preceded by its length in
 * four bytes, and the value by one more byte that tells its kind.
 *
 * Source: "Calculating the MD5 message digest for message attributes" in the SQS developer guide.
 */
export function md5OfAttributes(attributes: SqsMessageAttributes): string {
  const hash = createHash("md5");
  const addPart = (part: Uint8Array): void => {
    const length = Buffer.allocUnsafe(4);
    length.writeUInt32BE(part.length);
    hash.update(length).update(part);
  };
  for (const name of Object.keys(attributes).toSorted()) {
    const attribute = attributes[name] as SqsMessageAttribute;
    addPart(Buffer.from(name));
    addPart(Buffer.from(attribute.DataType ?? ""));
    const isBinary = attribute.BinaryValue !== undefined && attribute.DataType?.startsWith("Binary") === true;
    hash.update(isBinary ? BINARY_VALUE : STRING_VALUE);
    addPart(isBinary ? attribute.BinaryValue : Buffer.from(attribute.StringValue ?? ""));
  }
  return hash.digest("hex");
}
