// What the service reckons, read from its journal as it grows: whose lease lasts until when, what is deleted.
import type { Journal, JournalEntry } from "millrace/testing";

/** One message, as the service sees it. */
export interface ServiceMessage {
  readonly id: string;
  readonly leases: Map<string, number>;
  newestHandle: string | undefined;
  newestReceiveAtMs: number;
  /** When others can receive it; -Infinity at first. */
  visibleAgainAtMs: number;
  receives: number;
  /** Whether it is in the queue no more: deleted, or moved to the dead letters. */
  isGone: boolean;
  isRedriven: boolean;
}

export class ServiceView {
  readonly messages: Map<string, ServiceMessage> = new Map();
  readonly #journal: Journal;
  readonly #queueName: string;
  #cursor = 0;

  constructor(journal: Journal, queueName: string) {
    this.#journal = journal;
    this.#queueName = queueName;
  }

  /** Reads on. To be called before anything is looked up. */
  catchUp(): void {
    const { entries } = this.#journal;
    for (; this.#cursor < entries.length; this.#cursor += 1) {
      const entry = entries[this.#cursor] as JournalEntry;
      if (entry.queueName === this.#queueName) this.#take(entry);
    }
  }

  /** The message that a receipt handle belongs to. */
  byHandle(handle: string): ServiceMessage {
    return this.messages.get(handle.split("/")[1] as string) as ServiceMessage;
  }

  #take(entry: JournalEntry): void {
    if (entry.kind === "sent") {
      this.messages.set(entry.messageId, createServiceMessage(entry.messageId));
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
        break;
      case "visibilityChanged":
        if (!entry.isEffective) break;
        message.visibleAgainAtMs = entry.visibleAgainAtMs;
        message.leases.set(entry.receiptHandle, entry.visibleAgainAtMs);
        break;
      case "deleted":
        if (entry.isEffective) message.isGone = true;
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

function createServiceMessage(id: string): ServiceMessage {
  return {
    id,
    leases: new Map(),
    newestHandle: undefined,
    newestReceiveAtMs: -Infinity,
    visibleAgainAtMs: -Infinity,
    receives: 0,
    isGone: false,
    isRedriven: false,
  };
}
