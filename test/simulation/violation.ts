// What a history can show to be broken.

/** The promises, and what it means to break each. */
export const PROMISES = {
  deletedUnsaid: "1: a message is deleted only after its handler said so",
  lost: "1: every message received is settled, or visible again by its deadline",
  forgotten: "1: a message that was received is waiting, running, being settled, or visible again",
  concurrency: "2: never more than `concurrency` handlers (or permits) at once",
  twiceAtOnce: "2: never two handlers of one message at once in one consumer",
  overasked: "2: never a message asked for for which there is no place",
  idleSlot: "3: no slot is idle while a message is waiting here",
  lapsedStart: "5: no handler starts on a lapsed lease",
  leaseLost: "5: without faults no lease is lost",
  leftAfterStop: "6: after stop() nothing is left: no handler, timer or request",
  unacknowledgedAfterStop: "6: after stop() every finished message is acknowledged",
  hiddenAfterStop: "6: after stop() every message that was not started is visible again",
  stopResult: "6: the result of stop() is the truth",
  crash: "7: nothing of the user's breaks the loop, and nothing is thrown where nobody catches it",
  startRefused: "7: start() rejects only with what it says",
  outage: "8: the requests during an outage back off",
  requests: "9: the requests for a message are bounded",
  stuck: "the queue is emptied in bounded time",
} as const;

export type PromiseName = keyof typeof PROMISES;

export interface Violation {
  readonly promise: PromiseName;
  readonly atMs: number;
  readonly text: string;
}

/** Takes in violations. A history ends with its first. */
export class Violations {
  readonly list: Violation[] = [];
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  get any(): boolean {
    return this.list.length > 0;
  }

  add(promise: PromiseName, text: string): void {
    this.list.push({ promise, atMs: this.#now(), text });
  }
}
