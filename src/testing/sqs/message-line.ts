// The visible messages of a queue, in the order in which they will be handed out.

import { drawInteger, type RandomSource } from "../random.js";
import { LinkedList } from "./linked-list.js";
import type { StoredMessage } from "./stored-message.js";

/**
 * Which visible message comes next. A standard queue has one line; a FIFO queue would have one for each message group,
 * behind the same four members.
 */
export interface MessageLine {
  readonly size: number;
  add(message: StoredMessage): void;
  remove(message: StoredMessage): void;
  /** The message to hand out next. It stays in the line until it is removed. */
  next(): StoredMessage | undefined;
}

/** How far from the head a message may be that overtakes. */
const FARTHEST_OVERTAKING = 20;

/** The line of a standard queue: in the order of arrival, but for those that overtake ("best-effort ordering"). */
export class StandardLine implements MessageLine {
  readonly #messages = new LinkedList<StoredMessage>();
  readonly #random: RandomSource;
  readonly #overtakingChance: () => number;

  constructor(random: RandomSource, overtakingChance: () => number) {
    this.#random = random;
    this.#overtakingChance = overtakingChance;
  }

  get size(): number {
    return this.#messages.size;
  }

  add(message: StoredMessage): void {
    this.#messages.append(message);
  }

  remove(message: StoredMessage): void {
    this.#messages.remove(message);
  }

  next(): StoredMessage | undefined {
    let message = this.#messages.first;
    if (message === undefined) return undefined;
    const chance = this.#overtakingChance();
    if (chance > 0 && this.#random() < chance) {
      for (let steps = drawInteger(this.#random, 1, FARTHEST_OVERTAKING); steps > 0 && message.next; steps -= 1) {
        message = message.next;
      }
    }
    return message;
  }
}
