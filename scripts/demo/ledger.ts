// What the handlers themselves have seen, by message id: half of the proof. The server's journal is the other half.

/** How a handler came to its end, when it did not fail. */
export type Finish = "done" | "dead";

/** What the handlers wrote down. */
export class Ledger {
  readonly #running = new Set<string>();
  readonly #finishes = new Map<string, Finish[]>();
  /** How many times a handler was called for a message while it was running for it already. */
  overlaps = 0;
  /** The most handlers that ran at once. */
  mostRunning = 0;

  started(messageId: string): void {
    if (this.#running.has(messageId)) this.overlaps += 1;
    this.#running.add(messageId);
    this.mostRunning = Math.max(this.mostRunning, this.#running.size);
  }

  finished(messageId: string, finish: Finish): void {
    this.#finishes.set(messageId, [...this.finishesOf(messageId), finish]);
  }

  ended(messageId: string): void {
    this.#running.delete(messageId);
  }

  /** How often, and how, the handler came to its end for a message: once, if all is well. */
  finishesOf(messageId: string): readonly Finish[] {
    return this.#finishes.get(messageId) ?? [];
  }
}
