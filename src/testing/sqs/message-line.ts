// In which order a queue hands out its messages. What that depends on is the queue's type: see standard-line.ts and fifo-line.ts.

import { drawInteger, type RandomSource } from "../random.js";
import type { LinkedList, Linked } from "./linked-list.js";
import type { MessageState, StoredMessage } from "./stored-message.js";

/** Which messages come next. A standard queue has one line, a FIFO queue one for each message group. */
export interface MessageLine {
  /** Whether there is a message to hand out. On a FIFO queue visible ones may have to wait for those before them. */
  readonly hasNext: boolean;
  /** Hears of every message that has come to another state than it was in. */
  noteMove(message: StoredMessage, from: MessageState): void;
  /** Begins a receive. */
  pick(): MessagePicks;
}

/** The messages for one receive, one after the other. */
export interface MessagePicks {
  /** The next one. Whoever asks for another must have moved this one out of sight first. */
  next(): StoredMessage | undefined;
}

/** How far from the head somebody may be who overtakes. */
const FARTHEST_OVERTAKING = 20;

/** The first of a list, or with this chance one that overtakes it. */
export function pickNearHead<Item extends Linked<Item>>(
  list: LinkedList<Item>,
  overtakingChance: number,
  random: RandomSource,
): Item | undefined {
  let item = list.first;
  if (item === undefined || overtakingChance <= 0 || random() >= overtakingChance) return item;
  for (let steps = drawInteger(random, 1, FARTHEST_OVERTAKING); steps > 0 && item.next; steps -= 1) item = item.next;
  return item;
}
