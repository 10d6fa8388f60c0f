// The order of a FIFO queue: one line for each message group, which a message in flight locks.
//
//   group a   [a1 in flight] [a2] [a3]           locked: a2 and a3 wait until a1 is deleted or visible again
//   group b   [b1] [b2] [b3 in flight] [b4]      b1 and b2 came back; b4 has to wait for b3
//   group c   [c1] [c2]                          free
//
// What a group has to hand out is what stands before its first message in flight. Messages in flight keep their place,
// so those that come back are in order without being sorted.
//
// Sources: "FIFO queue delivery logic" in the SQS developer guide; for group b, and for the order in which groups come,
// LocalStack's tests against AWS (test_fifo_message_group_visibility_after_terminate_visibility_timeout, and others).

import type { RandomSource } from "../random.js";
import { LinkedList, type Linked } from "./linked-list.js";
import { pickNearHead, type MessageLine, type MessagePicks } from "./message-line.js";
import type { MessageState, StoredMessage } from "./stored-message.js";

/** The messages of one group that have been visible, oldest first, those in flight included. */
class MessageGroup implements Linked<MessageGroup> {
  readonly id: string;
  readonly messages = new LinkedList<StoredMessage>();
  /** Whether it is among the groups that have something to hand out. */
  isFree = false;
  previous: MessageGroup | undefined;
  next: MessageGroup | undefined;

  constructor(id: string) {
    this.id = id;
  }
}

export class FifoLine implements MessageLine {
  readonly #groups = new Map<string, MessageGroup>();
  /** The groups that have something to hand out, in the order in which they came to have it. */
  readonly #freeGroups = new LinkedList<MessageGroup>();
  readonly #random: RandomSource;
  readonly #overtakingChance: () => number;

  /** @param overtakingChance - How probable it is for a group to be overtaken by another; inside of one nothing is. */
  constructor(random: RandomSource, overtakingChance: () => number) {
    this.#random = random;
    this.#overtakingChance = overtakingChance;
  }

  get hasNext(): boolean {
    return this.#freeGroups.size > 0;
  }

  noteMove(message: StoredMessage, from: MessageState): void {
    const group = this.#groupOf(message);
    if (!isInLine(from) && isInLine(message.state)) group.messages.append(message);
    if (isInLine(from) && !isInLine(message.state)) group.messages.remove(message);
    this.#noteChange(group);
  }

  /** As many of one group as possible, then of the next. */
  pick(): MessagePicks {
    let following: StoredMessage | undefined;
    return {
      next: () => {
        const message =
          following?.state === "visible"
            ? following
            : pickNearHead(this.#freeGroups, this.#overtakingChance(), this.#random)?.messages.first;
        following = message?.next;
        return message;
      },
    };
  }

  #groupOf({ groupId = "" }: StoredMessage): MessageGroup {
    let group = this.#groups.get(groupId);
    if (group === undefined) {
      group = new MessageGroup(groupId);
      this.#groups.set(groupId, group);
    }
    return group;
  }

  #noteChange(group: MessageGroup): void {
    const isFree = group.messages.first?.state === "visible";
    if (isFree !== group.isFree) {
      group.isFree = isFree;
      if (isFree) this.#freeGroups.append(group);
      else this.#freeGroups.remove(group);
    }
    if (group.messages.size === 0) this.#groups.delete(group.id);
  }
}

function isInLine(state: MessageState): boolean {
  return state === "visible" || state === "inFlight";
}
