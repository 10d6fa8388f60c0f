// Long polls that wait for a message: first come, first served, each until its time is up.

import { DeadlineQueue, type Scheduled } from "../../internal/deadline-queue.js";
import type { SqsMessage } from "./api.js";
import { LinkedList, type Linked } from "./linked-list.js";
import type { WantedAttributes } from "./stored-message.js";

/** What a receive asks of a queue. */
export interface ReceiveRequest {
  readonly maxMessages: number;
  readonly visibilityMs: number;
  readonly wanted: WantedAttributes;
  /** FIFO queues only: by which the receive can be repeated. */
  readonly attemptId: string | undefined;
  /** The access key of whoever asks. */
  readonly accessKeyId: string | undefined;
}

/** One long poll in the line. */
export class WaitingPoll implements Scheduled, Linked<WaitingPoll> {
  readonly request: ReceiveRequest;
  readonly answer: (messages: SqsMessage[]) => void;
  dueAt = 0;
  queueIndex = -1;
  previous: WaitingPoll | undefined;
  next: WaitingPoll | undefined;

  constructor(request: ReceiveRequest, answer: (messages: SqsMessage[]) => void) {
    this.request = request;
    this.answer = answer;
  }
}

export class WaitingPolls {
  readonly #line = new LinkedList<WaitingPoll>();
  readonly #deadlines = new DeadlineQueue<WaitingPoll>();

  get size(): number {
    return this.#line.size;
  }

  /** The poll that has waited longest. */
  get first(): WaitingPoll | undefined {
    return this.#line.first;
  }

  /** When the next wait ends, in milliseconds of the clock. */
  get nextDeadline(): number | undefined {
    return this.#deadlines.peek()?.dueAt;
  }

  add(poll: WaitingPoll, deadline: number): void {
    this.#line.append(poll);
    this.#deadlines.add(poll, deadline);
  }

  /** Takes a poll out; does nothing when it has left the line already. */
  remove(poll: WaitingPoll): void {
    if (poll.queueIndex === -1) return;
    this.#deadlines.remove(poll);
    this.#line.remove(poll);
  }

  /** Ends every wait that is due, with nothing. */
  endDue(time: number): void {
    for (let poll = this.#deadlines.takeDue(time); poll !== undefined; poll = this.#deadlines.takeDue(time)) {
      this.#line.remove(poll);
      poll.answer([]);
    }
  }

  /** Ends every wait at once. */
  endAll(): void {
    this.endDue(Infinity);
  }
}
