// Where each message of a queue is: hidden, visible, or gone.
//
//                 DelaySeconds          receive                  delete
//   send ──▶ delayed ──▶ visible ───────────────────▶ in flight ──────▶ gone
//                           ▲  │ received too often      │
//                           │  ▼                         │ time-out, or visibility set to 0
//                           │ dead-letter queue          │
//                           └────────────────────────────┘

import { DeadlineQueue } from "../../internal/deadline-queue.js";
import type { MessageLine, MessagePicks } from "./message-line.js";
import type { MessageState, StoredMessage } from "./stored-message.js";

/** How many messages of a queue are where. */
export interface QueueCounts {
  readonly visible: number;
  readonly inFlight: number;
  readonly delayed: number;
}

/** No step looks at more messages than it moves: a queue of a million is as fast as one of ten. */
export class MessageStore {
  readonly #messages = new Map<string, StoredMessage>();
  readonly #line: MessageLine;
  /** Delayed messages and those in flight, by the time at which they become visible. */
  readonly #hidden = new DeadlineQueue<StoredMessage>();
  /** All messages, by the time at which they were sent. */
  readonly #retention = new DeadlineQueue<StoredMessage["retention"]>();
  readonly #counts = { delayed: 0, visible: 0, inFlight: 0, gone: 0 };

  /** @param line - The order in which visible messages are handed out. */
  constructor(line: MessageLine) {
    this.#line = line;
  }

  get counts(): QueueCounts {
    const { visible, inFlight, delayed } = this.#counts;
    return { visible, inFlight, delayed };
  }

  get inFlight(): number {
    return this.#counts.inFlight;
  }

  /** When the next message becomes visible by itself, in milliseconds of the clock. */
  get nextDueAt(): number | undefined {
    return this.#hidden.peek()?.dueAt;
  }

  all(): IterableIterator<StoredMessage> {
    return this.#messages.values();
  }

  find(id: string): StoredMessage | undefined {
    return this.#messages.get(id);
  }

  has(message: StoredMessage): boolean {
    return this.#messages.get(message.id) === message;
  }

  /** Whether there is a message to hand out. */
  get hasNext(): boolean {
    return this.#line.hasNext;
  }

  /** The messages to hand out, for one receive. */
  pick(): MessagePicks {
    return this.#line.pick();
  }

  /** Puts a message in, or moves it; it is hidden until `visibleAt`, if that is after `now`. */
  hide(message: StoredMessage, state: "delayed" | "inFlight", times: { now: number; visibleAt: number }): void {
    if (times.visibleAt <= times.now) this.#move(message, "visible");
    else this.#move(message, state, times.visibleAt);
  }

  /** Puts a message in flight, even for no time at all: it becomes visible at the next `showDue`. */
  putInFlight(message: StoredMessage, visibleAt: number): void {
    this.#move(message, "inFlight", visibleAt);
  }

  remove(message: StoredMessage): void {
    this.#move(message, "gone");
    this.#retention.remove(message.retention);
    this.#messages.delete(message.id);
  }

  /** Makes visible what is due: by that time, then in the order in which it was sent. */
  showDue(now: number): void {
    const due: StoredMessage[] = [];
    for (let next = this.#hidden.takeDue(now); next !== undefined; next = this.#hidden.takeDue(now)) due.push(next);
    due.sort((a, b) => a.dueAt - b.dueAt || (a.id < b.id ? -1 : 1));
    for (const message of due) this.#move(message, "visible");
  }

  /** Takes out the oldest message, if it was sent by that time. */
  takeSentBy(time: number): StoredMessage | undefined {
    const message = this.#retention.takeDue(time)?.message;
    if (message !== undefined) this.remove(message);
    return message;
  }

  #move(message: StoredMessage, to: MessageState, visibleAt = 0): void {
    if (message.retention.queueIndex === -1) {
      this.#messages.set(message.id, message);
      this.#retention.add(message.retention, message.sentAt);
    }
    const from = message.state;
    message.state = to;
    this.#counts[from] -= 1;
    this.#counts[to] += 1;
    if (isHidden(to)) this.#hidden.add(message, visibleAt);
    else this.#hidden.remove(message);
    this.#line.noteMove(message, from);
  }
}

function isHidden(state: MessageState): boolean {
  return state === "delayed" || state === "inFlight";
}
