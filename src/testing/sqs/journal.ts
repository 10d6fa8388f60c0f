// What happened to each message, in the order in which it happened: the witness of a simulation.

/** One thing that happened to a message. */
export type JournalEvent =
  | { readonly kind: "sent" }
  /** It was sent once more to a FIFO queue, within five minutes, and only acknowledged. */
  | { readonly kind: "deduplicated" }
  | {
      readonly kind: "received";
      readonly receiptHandle: string;
      readonly receiveCount: number;
      readonly visibleAgainAtMs: number;
      /** Who has it now: the access key of the request, where there is one. */
      readonly accessKeyId?: string | undefined;
      /**
       * What made it come again, when it should not have; or that the receive was asked to be repeated
       * (`ReceiveRequestAttemptId`), in which case its handle and its receive count stay the same.
       */
      readonly duplicateOf?: "inFlight" | "deleted" | "sameReceive" | "sameAttempt";
    }
  | {
      readonly kind: "visibilityChanged";
      readonly receiptHandle: string;
      readonly visibleAgainAtMs: number;
      /** False when the handle was old, so that nothing changed. */
      readonly isEffective: boolean;
    }
  | {
      readonly kind: "deleted";
      readonly receiptHandle: string;
      /** False when it was deleted before, or the handle was old, so that nothing changed. */
      readonly isEffective: boolean;
    }
  | { readonly kind: "redriven"; readonly toQueueName: string }
  | { readonly kind: "moved"; readonly toQueueName: string }
  | { readonly kind: "expired" }
  | { readonly kind: "purged" };

/** A `JournalEvent`, with the message and the time at which it happened, in milliseconds of the clock. */
export type JournalEntry = JournalEvent & {
  readonly atMs: number;
  readonly messageId: string;
  readonly queueName: string;
};

/** Where a simulated service tells what happens. */
export interface JournalRecorder {
  record(entry: JournalEntry): void;
}

/** The record of a simulated service. It is kept only if it was asked for, since it grows with every request. */
export class Journal {
  readonly #entries: JournalEntry[] = [];
  readonly #entriesByMessage = new Map<string, JournalEntry[]>();

  /** Everything that happened, oldest first. */
  get entries(): readonly JournalEntry[] {
    return this.#entries;
  }

  /** The ids of all messages that anything happened to. */
  get messageIds(): IterableIterator<string> {
    return this.#entriesByMessage.keys();
  }

  /** What happened to one message, oldest first. */
  of(messageId: string): readonly JournalEntry[] {
    return this.#entriesByMessage.get(messageId) ?? [];
  }

  /** @internal */
  record(entry: JournalEntry): void {
    this.#entries.push(entry);
    const entries = this.#entriesByMessage.get(entry.messageId);
    if (entries === undefined) this.#entriesByMessage.set(entry.messageId, [entry]);
    else entries.push(entry);
  }
}
