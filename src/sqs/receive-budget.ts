// How many receives several queues may have out together, beyond the one that each always may have.

/** A long poll of a queue that has run empty is not to keep what another queue could use. */
const LONGEST_WAIT_SECONDS = 1;

/**
 * The receives that queues share. The first of each queue is not counted: it waits for messages, and an empty queue is not to
 * wait for a busy one.
 */
export class ReceiveBudget {
  readonly #limit: number;
  #used = 0;
  readonly #waiting = new Set<() => void>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** How long a receive out of the budget may wait for messages. */
  get longestWaitSeconds(): number {
    return this.#limit === Infinity ? Infinity : LONGEST_WAIT_SECONDS;
  }

  get hasFree(): boolean {
    return this.#used < this.#limit;
  }

  take(): void {
    this.#used += 1;
  }

  giveBack(): void {
    this.#used -= 1;
    if (this.#waiting.size === 0) return;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const listener of waiting) listener();
  }

  /** Has `listener` called once, when one has become free. Others may have been quicker. */
  whenFree(listener: () => void): void {
    this.#waiting.add(listener);
  }

  /** It does not wait any more. */
  forget(listener: () => void): void {
    this.#waiting.delete(listener);
  }
}
