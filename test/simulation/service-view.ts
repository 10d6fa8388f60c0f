// What the service reckons, read from its journal as it grows: whose lease lasts until when, what is deleted.
import type { Journal, JournalEntry } from "millrace/testing";

/** One message, as the service sees it. */
export interface ServiceMessage {
  readonly id: string;
  readonly queueName: string;
  /** Its number among all messages that were sent. */
  readonly position: number;
  readonly leases: Map<string, number>;
  newestHandle: string | undefined;
  newestReceiveAtMs: number;
  /** When others can receive it; -Infinity at first. */
  visibleAgainAtMs: number;
  /** When its visibility was last changed by somebody. */
  changedAtMs: number;
  /** The receive count that came with each handle. */
  readonly attempts: Map<string, number>;
  receives: number;
  /** How often it was deleted. */
  deletes: number;
  /** Whether it is in the queue no more: deleted, or moved to the dead letters. */
  isGone: boolean;
  isRedriven: boolean;
}

export class ServiceView {
  readonly messages: Map<string, ServiceMessage> = new Map();
  readonly #journal: Journal;
  readonly #queueNames: ReadonlySet<string>;
  #cursor = 0;

  constructor(journal: Journal, queueNames: readonly string[]) {
    this.#journal = journal;
    this.#queueNames = new Set(queueNames);
  }

  /** Reads on. To be called before anything is looked up. */
  catchUp(): void {
    const { entries } = this.#journal;
    for (; this.#cursor < entries.length; this.#cursor += 1) {
      const entry = entries[this.#cursor] as JournalEntry;
      if (this.#queueNames.has(entry.queueName)) this.#take(entry);
    }
  }

  /** The message that a receipt handle belongs to. */
  byHandle(handle: string): ServiceMessage {
    return this.messages.get(handle.split("/")[1] as string) as ServiceMessage;
  }

  #take(entry: JournalEntry): void {
    if (entry.kind === "sent") {
      this.messages.set(entry.messageId, createServiceMessage(entry, this.messages.size));
      return;
    }
    const message = this.messages.get(entry.messageId) as ServiceMessage;
    switch (entry.kind) {
      case "received":
        message.receives += 1;
        message.isGone = false; // A duplicate of a deleted message is back until it is deleted again.
        message.newestHandle = entry.receiptHandle;
        message.newestReceiveAtMs = entry.atMs;
        message.visibleAgainAtMs = entry.visibleAgainAtMs;
        message.leases.set(entry.receiptHandle, entry.visibleAgainAtMs);
        message.attempts.set(entry.receiptHandle, entry.receiveCount);
        break;
      case "visibilityChanged":
        if (!entry.isEffective) break;
        message.visibleAgainAtMs = entry.visibleAgainAtMs;
        message.changedAtMs = entry.atMs;
        message.leases.set(entry.receiptHandle, entry.visibleAgainAtMs);
        break;
      case "deleted":
        if (!entry.isEffective) break;
        message.isGone = true;
        message.deletes += 1;
        break;
      case "deduplicated": // What was sent a second time is not there.
        break;
      case "redriven":
        message.isGone = true;
        message.isRedriven = true;
        break;
      case "moved":
      case "expired":
      case "purged":
        message.isGone = true;
    }
  }
}

function createServiceMessage({ messageId, queueName }: JournalEntry, position: number): ServiceMessage {
  return {
    id: messageId,
    queueName,
    position,
    leases: new Map(),
    newestHandle: undefined,
    newestReceiveAtMs: -Infinity,
    visibleAgainAtMs: -Infinity,
    changedAtMs: -Infinity,
    attempts: new Map(),
    receives: 0,
    deletes: 0,
    isGone: false,
    isRedriven: false,
  };
}
