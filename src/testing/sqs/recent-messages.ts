// The messages received lately: those that a standard queue might deliver once more.

import type { RandomSource } from "../random.js";
import type { StoredMessage } from "./stored-message.js";

const MOST_REMEMBERED = 64;

/** A ring that forgets the oldest, so that a long simulation keeps no message alive. */
export class RecentMessages {
  readonly #messages: StoredMessage[] = [];
  readonly #random: RandomSource;
  #oldestIndex = 0;

  constructor(random: RandomSource) {
    this.#random = random;
  }

  add(message: StoredMessage): void {
    if (this.#messages.length < MOST_REMEMBERED) {
      this.#messages.push(message);
      return;
    }
    this.#messages[this.#oldestIndex] = message;
    this.#oldestIndex = (this.#oldestIndex + 1) % MOST_REMEMBERED;
  }

  /** Any one of them. */
  pick(): StoredMessage | undefined {
    return this.#messages[Math.floor(this.#random() * this.#messages.length)];
  }
}
