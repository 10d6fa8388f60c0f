// Which messages were sent to a FIFO queue lately: what is sent once more is accepted, and not delivered again.
// Source: "Using the Amazon SQS message deduplication ID" in the SQS developer guide.

import { DeadlineQueue, type Scheduled } from "../../internal/deadline-queue.js";
import type { StoredMessage } from "./stored-message.js";

const INTERVAL_MS = 300_000;

class RecentSend implements Scheduled {
  readonly key: string;
  readonly message: StoredMessage;
  dueAt = 0;
  queueIndex = -1;

  constructor(key: string, message: StoredMessage) {
    this.key = key;
    this.message = message;
  }
}

/** Remembers sends for five minutes, whatever becomes of the messages meanwhile. */
export class Deduplication {
  readonly #sends = new Map<string, RecentSend>();
  readonly #byEnd = new DeadlineQueue<RecentSend>();

  /**
   * The message that this one repeats; undefined when it repeats none, and then it is remembered itself.
   *
   * @param scope - Among what ids must differ: all messages of the queue, or those of one group.
   */
  findOriginal(message: StoredMessage, scope: "queue" | "messageGroup", now: number): StoredMessage | undefined {
    for (let old = this.#byEnd.takeDue(now); old !== undefined; old = this.#byEnd.takeDue(now)) {
      this.#sends.delete(old.key);
    }
    const { deduplicationId = "", groupId = "" } = message;
    // No id contains a space, so two keys are equal only if their parts are.
    const key = scope === "queue" ? deduplicationId : `${groupId} ${deduplicationId}`;
    const original = this.#sends.get(key);
    if (original !== undefined) return original.message;
    const send = new RecentSend(key, message);
    this.#sends.set(key, send);
    this.#byEnd.add(send, now + INTERVAL_MS);
    return undefined;
  }

  /** Forgets everything, as a purge does. */
  clear(): void {
    this.#sends.clear();
    while (this.#byEnd.takeDue(Infinity) !== undefined);
  }
}
