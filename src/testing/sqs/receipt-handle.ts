// Receipt handles: opaque to a consumer, readable in a failing test.

import { receiptHandleIsInvalid } from "./errors.js";

/** What a handle says: which message, and at which of its receives. */
export interface Receipt {
  readonly messageId: string;
  readonly receiptNumber: number;
}

const PREFIX = "AQEB";
const MESSAGE_ID_LENGTH = 36;

/** `AQEB`, the key of the queue, the message's id and the number of the receive, with a slash between them. */
export function encodeReceiptHandle(queueKey: string, messageId: string, receiptNumber: number): string {
  return `${PREFIX}${queueKey}/${messageId}/${receiptNumber}`;
}

/**
 * @throws SqsServiceError `ReceiptHandleIsInvalid` when it is no handle, or one of another queue.
 */
export function decodeReceiptHandle(queueKey: string, handle: string): Receipt {
  const start = PREFIX.length + queueKey.length + 1;
  const end = start + MESSAGE_ID_LENGTH;
  const receiptNumber = Number(handle.slice(end + 1));
  const isOurs = handle.startsWith(`${PREFIX}${queueKey}/`) && handle[end] === "/" && receiptNumber > 0;
  if (!isOurs) throw receiptHandleIsInvalid(handle);
  return { messageId: handle.slice(start, end), receiptNumber };
}
