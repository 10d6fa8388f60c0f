// What a consumer says of a message that it received: delete it, or hide it for longer or shorter.

import type { QueueParts } from "./deliveries.js";
import { ExpiredHandleError, invalidValue } from "./errors.js";
import type { JournalEvent } from "./journal.js";
import { LONGEST_VISIBILITY_SECONDS } from "./limits.js";
import { decodeReceiptHandle } from "./receipt-handle.js";
import type { StoredMessage } from "./stored-message.js";

const LONGEST_VISIBILITY_MS = LONGEST_VISIBILITY_SECONDS * 1000;

interface Found {
  readonly messageId: string;
  readonly message: StoredMessage | undefined;
  /** Whether the handle is of the receive that counts. */
  readonly isCurrent: boolean;
}

export class Settlements {
  readonly #queue: QueueParts;

  constructor(queue: QueueParts) {
    this.#queue = queue;
  }

  /**
   * Deletes a message. Deleting it twice succeeds. An old handle, whose receive counts no more, succeeds without effect
   * on a standard queue.
   *
   * @throws SqsServiceError `ReceiptHandleIsInvalid`; on a FIFO queue `InvalidParameterValue` for a handle that has
   *   expired: the message was received again, or is visible.
   */
  delete(receiptHandle: string, now: number): void {
    const { store, surroundings } = this.#queue;
    const found = this.#find(receiptHandle);
    const { messageId, message } = found;
    const hasExpired = message !== undefined && !isHeld(found);
    if (this.#queue.settings.isFifo && hasExpired) throw new ExpiredHandleError(receiptHandle);
    const isEffective = message !== undefined && found.isCurrent;
    surroundings.statistics[isEffective ? "messagesDeleted" : "deletesWithoutEffect"] += 1;
    this.#record(messageId, now, { kind: "deleted", receiptHandle, isEffective });
    if (!isEffective) return;
    noteChange(message);
    store.remove(message);
    message.wasDeleted = true;
  }

  /**
   * Changes when a message becomes visible.
   *
   * @throws SqsServiceError `ReceiptHandleIsInvalid`; `InvalidParameterValue` when it is deleted, would be hidden for
   *   more than 12 h, or on a FIFO queue when the handle has expired.
   */
  changeVisibility(receiptHandle: string, visibilitySeconds: number, now: number): void {
    const found = this.#find(receiptHandle);
    const { messageId, message } = found;
    // What a FIFO queue says of an old handle is not documented; that it says so of every old handle is an assumption.
    const isRefused = this.#queue.settings.isFifo && !isHeld(found);
    if (message === undefined || isRefused) {
      throw invalidValue(
        receiptHandle,
        "ReceiptHandle",
        "Message does not exist or is not available for visibility timeout change.",
      );
    }
    const visibleAgainAtMs = now + visibilitySeconds * 1000;
    const isEffective = isHeld(found);
    if (isEffective && visibleAgainAtMs - message.lastReceivedAt > LONGEST_VISIBILITY_MS) {
      throw invalidValue(
        visibilitySeconds,
        "VisibilityTimeout",
        `Total VisibilityTimeout for the message is beyond the limit [${LONGEST_VISIBILITY_SECONDS} seconds]`,
      );
    }
    this.#record(messageId, now, { kind: "visibilityChanged", receiptHandle, visibleAgainAtMs, isEffective });
    if (!isEffective) return;
    noteChange(message);
    this.#queue.store.hide(message, "inFlight", { now, visibleAt: visibleAgainAtMs });
  }

  #find(receiptHandle: string): Found {
    const { identity, store, settings, surroundings } = this.#queue;
    const { messageId, receiptNumber } = decodeReceiptHandle(identity.key, receiptHandle);
    const message = store.find(messageId);
    const isCurrent = message !== undefined && receiptNumber >= message.oldestValidReceipt;
    const doOldOnesWork = surroundings.faults.oldReceiptHandlesWork && !settings.isFifo;
    return { messageId, message, isCurrent: isCurrent || doOldOnesWork };
  }

  #record(messageId: string, atMs: number, event: JournalEvent): void {
    const { identity, surroundings } = this.#queue;
    surroundings.journal?.record({ ...event, atMs, messageId, queueName: identity.name });
  }
}

/** Whether the message is in flight, and the handle that of the receive that counts. */
function isHeld({ message, isCurrent }: Found): boolean {
  return isCurrent && message?.state === "inFlight";
}

/** Once a message is deleted or its visibility changed, the receive that brought it cannot be repeated. */
function noteChange(message: StoredMessage): void {
  if (message.attempt !== undefined) message.attempt.isRepeatable = false;
}
