// What a history can show to be broken.

/** The promises, and what it means to break each. */
export const PROMISES = {
  deletedUnsaid: "1: a message is deleted only after its handler said so",
  falselyConfirmed: "1: what is said to be settled is what the service has done",
  lost: "1: every message received is settled, or visible again by its deadline",
  forgotten: "1: a message that was received is waiting, running, being settled, or visible again",
  miscounted: "1: every message that came is settled once, and counted once",
  concurrency: "2: never more than `concurrency` handlers (or permits) at once",
  twiceAtOnce: "2: never two handlers of one message at once in one consumer",
  overasked: "2: never a message asked for for which there is no place",
  bytes: "2: never more bytes here, or asked for, than `maxInFlightBytes`",
  batch: "2: never a batch of more than its size, or two of one key at once",
  idleSlot: "3: no slot is idle while a message is waiting here",
  outOfOrder: "4: within a group one at a time, and in order",
  lapsedStart: "5: no handler starts on a lapsed lease",
  leaseLost: "5: without faults no lease is lost",
  untold: "5: a handler whose lease has lapsed is told",
  pastTwelveHours: "5: no lease is asked for that passes twelve hours",
  leftAfterStop: "6: after stop() nothing is left: no handler, timer or request",
  unacknowledgedAfterStop: "6: after stop() every finished message is acknowledged",
  hiddenAfterStop: "6: after stop() every message that was not started is visible again",
  stopResult: "6: the result of stop() is the truth",
  pollAborted: "6: a long poll is given the time that it was promised",
  lateStop: "6: stop() ends in its time",
  crash: "7: nothing of the user's breaks the loop, and nothing is thrown where nobody catches it",
  startRefused: "7: start() rejects only with what it says",
  outage: "8: the requests during an outage back off",
  requests: "9: the requests for a message are bounded",
  paused: "while it is paused, nothing is asked for and nothing starts",
  rate: "no more messages than `rate` lets through",
  tenants: "no more handlers of one tenant than its limit, and no more than its rate",
  attempt: "the attempt that a handler is told is the service's",
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
