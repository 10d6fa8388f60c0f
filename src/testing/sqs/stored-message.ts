// A message as the simulated service keeps it.

import type { Scheduled } from "../../internal/deadline-queue.js";
import type { OutgoingMessage, SqsMessage, SqsMessageAttribute, SqsMessageAttributes } from "./api.js";
import type { Linked } from "./linked-list.js";
import { md5OfAttributes, md5OfText } from "./digests.js";
import type { ReceiveAttempt } from "./receive-attempts.js";

/** Where a message is: hidden at first, there to be received, with a consumer, or in no queue any more. */
export type MessageState = "delayed" | "visible" | "inFlight" | "gone";

/** Which attributes a receive asks for. */
export interface WantedAttributes {
  readonly system: readonly string[];
  readonly custom: readonly string[];
}

const SENDER_ID = "AIDASIMULATEDSENDER00";

/** The place of a message among those that expire: all by the time at which they were sent. */
class RetentionPlace implements Scheduled {
  readonly message: StoredMessage;
  dueAt = 0;
  queueIndex = -1;

  constructor(message: StoredMessage) {
    this.message = message;
  }
}

export class StoredMessage implements Scheduled, Linked<StoredMessage> {
  readonly id: string;
  readonly body: string;
  readonly md5OfBody: string;
  readonly attributes: SqsMessageAttributes | undefined;
  readonly md5OfAttributes: string | undefined;
  readonly traceHeader: string | undefined;
  readonly groupId: string | undefined;
  /** What it was told apart by when it was sent, on a FIFO queue. */
  deduplicationId: string | undefined;
  /** Where it stands among all that were sent to its FIFO queue. */
  sequenceNumber: string | undefined;
  readonly retention: RetentionPlace;
  /** When it was sent, in milliseconds of the clock. */
  sentAt: number;

  state: MessageState = "gone";
  receiveCount = 0;
  firstReceivedAt = 0;
  lastReceivedAt = 0;
  /** The number of the latest receipt handle. */
  latestReceipt = 0;
  /** Handles from this number on belong to the receive that counts; a redelivery after a time-out begins anew. */
  oldestValidReceipt = 0;
  deadLetterSourceArn: string | undefined;
  /** The receive that it went out with last, if that one can be repeated. */
  attempt: ReceiveAttempt | undefined;
  /** Whether it is gone because a consumer deleted it. */
  wasDeleted = false;

  // Its place among the hidden (when it becomes visible) or the visible: it is only ever in one of the two.
  dueAt = 0;
  queueIndex = -1;
  previous: StoredMessage | undefined;
  next: StoredMessage | undefined;
  /** Which place it took among all that became visible. */
  visibleOrder = 0;

  constructor(id: string, outgoing: OutgoingMessage, sentAt: number) {
    const { MessageAttributes: attributes } = outgoing;
    this.id = id;
    this.body = outgoing.MessageBody as string;
    this.md5OfBody = md5OfText(this.body);
    this.attributes = hasKeys(attributes) ? attributes : undefined;
    this.md5OfAttributes = this.attributes && md5OfAttributes(this.attributes);
    this.traceHeader = outgoing.MessageSystemAttributes?.["AWSTraceHeader"]?.StringValue;
    this.groupId = outgoing.MessageGroupId;
    this.deduplicationId = outgoing.MessageDeduplicationId;
    this.sentAt = sentAt;
    this.retention = new RetentionPlace(this);
  }

  /** Counts a receive. The handles of earlier ones stay valid if this is a duplicate. */
  noteReceive(now: number, isDuplicate: boolean): void {
    if (this.receiveCount === 0) this.firstReceivedAt = now;
    this.receiveCount += 1;
    this.lastReceivedAt = now;
    this.latestReceipt += 1;
    this.attempt = undefined;
    if (!isDuplicate) this.oldestValidReceipt = this.latestReceipt;
  }

  /**
   * Prepares it for a FIFO dead-letter queue. There it counts as sent now, unlike in a standard one, and its id takes
   * the place of its deduplication id, so that none is lost that shares one (SQS developer guide, "Setting-up
   * dead-letter queue retention", "Configure dead-letter queue redrive").
   */
  renew(now: number): void {
    this.sentAt = now;
    this.deduplicationId = this.id;
  }

  /** The message as a receive returns it. */
  present(receiptHandle: string, wanted: WantedAttributes, toEpochMs: (clockMs: number) => number): SqsMessage {
    const message: SqsMessage = {
      MessageId: this.id,
      ReceiptHandle: receiptHandle,
      MD5OfBody: this.md5OfBody,
      Body: this.body,
    };
    if (wanted.system.length > 0) {
      const attributes = this.#systemAttributes(wanted.system, toEpochMs);
      if (hasKeys(attributes)) message.Attributes = attributes;
    }
    if (this.attributes !== undefined && wanted.custom.length > 0) this.#addCustomAttributes(message, wanted.custom);
    return message;
  }

  /** The message as it was sent. */
  toOutgoing(): OutgoingMessage {
    const trace = this.traceHeader;
    return {
      MessageBody: this.body,
      MessageAttributes: this.attributes,
      MessageGroupId: this.groupId,
      MessageDeduplicationId: this.deduplicationId,
      ...(trace !== undefined && {
        MessageSystemAttributes: { AWSTraceHeader: { DataType: "String", StringValue: trace } },
      }),
    };
  }

  #systemAttributes(names: readonly string[], toEpochMs: (clockMs: number) => number): Record<string, string> {
    const all: Record<string, string | undefined> = {
      SenderId: SENDER_ID,
      SentTimestamp: String(toEpochMs(this.sentAt)),
      ApproximateReceiveCount: String(this.receiveCount),
      ApproximateFirstReceiveTimestamp: String(toEpochMs(this.firstReceivedAt)),
      AWSTraceHeader: this.traceHeader,
      MessageGroupId: this.groupId,
      MessageDeduplicationId: this.deduplicationId,
      SequenceNumber: this.sequenceNumber,
      DeadLetterQueueSourceArn: this.deadLetterSourceArn,
    };
    const wanted = names.includes("All") ? Object.keys(all) : names;
    const attributes: Record<string, string> = {};
    for (const name of wanted) {
      const value = all[name];
      if (value !== undefined) attributes[name] = value;
    }
    return attributes;
  }

  #addCustomAttributes(message: SqsMessage, names: readonly string[]): void {
    const all = this.attributes as SqsMessageAttributes;
    const attributes: Record<string, SqsMessageAttribute> = {};
    let isComplete = true;
    for (const [name, attribute] of Object.entries(all)) {
      if (isWanted(name, names)) attributes[name] = attribute;
      else isComplete = false;
    }
    if (!hasKeys(attributes)) return;
    message.MessageAttributes = attributes;
    // The digest covers what is returned, not what was sent: a client checks it against what it sees.
    message.MD5OfMessageAttributes = isComplete ? (this.md5OfAttributes as string) : md5OfAttributes(attributes);
  }
}

function isWanted(name: string, wanted: readonly string[]): boolean {
  return wanted.some((filter) => {
    if (filter === "All" || filter === ".*" || filter === name) return true;
    return filter.endsWith(".*") && name.startsWith(filter.slice(0, -2));
  });
}

function hasKeys(object: object | undefined | null): boolean {
  return object !== undefined && object !== null && Object.keys(object).length > 0;
}
