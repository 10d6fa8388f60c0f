// Who has which message, as the service sees it: from its journal, which names the access key of each receive. Every process
// has an access key of its own.
import type { JournalEntry } from "millrace/testing";

/** A message that was made visible again before its time. */
export interface Return {
  readonly owner: string;
  readonly messageId: string;
  readonly atMs: number;
  /** When somebody had it next. */
  receivedAtMs: number | undefined;
}

export class Witness {
  /** Messages that were sent. */
  sent = 0;
  /** By message: who has deleted it. */
  readonly deletedBy: Map<string, string> = new Map();
  readonly returns: Return[] = [];
  /** By owner and message: when it was received, on this process's clock. */
  readonly #inHand = new Map<string, Map<string, number>>();
  readonly #ownerOfHandle = new Map<string, string>();
  readonly #ownerOfMessage = new Map<string, string>();
  readonly #openReturns = new Map<string, Return>();

  /** To be given to the service as its journal. */
  readonly record = (entry: JournalEntry): void => {
    const { messageId, atMs } = entry;
    if (entry.kind === "sent") {
      this.sent += 1;
    } else if (entry.kind === "received") {
      this.#received(messageId, entry.accessKeyId ?? "", atMs);
      this.#ownerOfHandle.set(entry.receiptHandle, entry.accessKeyId ?? "");
    } else if (entry.kind === "deleted" && entry.isEffective) {
      this.deletedBy.set(messageId, this.#ownerOfHandle.get(entry.receiptHandle) ?? "");
      this.#leave(messageId);
    } else if (entry.kind === "visibilityChanged" && entry.isEffective && entry.visibleAgainAtMs <= atMs) {
      this.#returned(messageId, atMs);
    }
  };

  /** What a process has received and neither deleted nor returned, and nobody else has received since; and when it was. */
  inHandOf(owner: string): ReadonlyMap<string, number> {
    return new Map(this.#inHand.get(owner));
  }

  #received(messageId: string, owner: string, atMs: number): void {
    this.#leave(messageId);
    const inHand = this.#inHand.get(owner) ?? new Map<string, number>();
    inHand.set(messageId, performance.now());
    this.#inHand.set(owner, inHand);
    this.#ownerOfMessage.set(messageId, owner);
    const returned = this.#openReturns.get(messageId);
    if (returned !== undefined) returned.receivedAtMs = atMs;
    this.#openReturns.delete(messageId);
  }

  #returned(messageId: string, atMs: number): void {
    const owner = this.#ownerOfMessage.get(messageId);
    if (owner === undefined) return;
    const returned: Return = { owner, messageId, atMs, receivedAtMs: undefined };
    this.returns.push(returned);
    this.#openReturns.set(messageId, returned);
    this.#leave(messageId);
  }

  #leave(messageId: string): void {
    const owner = this.#ownerOfMessage.get(messageId);
    if (owner !== undefined) this.#inHand.get(owner)?.delete(messageId);
    this.#ownerOfMessage.delete(messageId);
  }
}
