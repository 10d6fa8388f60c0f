// What became of each message, in a few bytes: the service's half of the proof, held against that of the handlers.
import type { JournalEntry } from "../../src/testing/index.js";

/** What must be nothing, and what may happen where messages are delivered at least once. */
export interface SoakAccount {
  readonly sent: number;
  readonly deleted: number;
  /** Moved by the queue's redrive policy. */
  readonly redriven: number;
  /** Neither deleted, nor redriven. */
  readonly lost: number;
  /** Deleted before a handler had come to its end for them. */
  readonly deletedUnhandled: number;
  /** Finished more than once. */
  readonly handledTwice: number;
}

/** What the handlers have done, by the number of the message. */
export interface Finishes {
  /** When a handler first came to its end, in milliseconds of `now`; 0 for never. */
  readonly firstAt: Float64Array;
  readonly times: Uint8Array;
}

/** A time that all processes of a machine share, in milliseconds. */
function now(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1_000 + nanoseconds / 1e6;
}

/** The simulated service numbers its messages, from 1. */
function numberOf(messageId: string): number {
  return Number(messageId.slice(-12));
}

/** Room for so many finishes. All of it is touched now, so that it does not look like a leak later. */
export function createFinishes(mostMessages: number): Finishes {
  return { firstAt: new Float64Array(mostMessages).fill(0), times: new Uint8Array(mostMessages).fill(0) };
}

/** Notes that a handler came to its end. */
export function noteFinish({ firstAt, times }: Finishes, messageId: string): void {
  const number = numberOf(messageId);
  if (number >= times.length) throw new RangeError(`message ${number} of at most ${times.length}`);
  if (firstAt[number] === 0) firstAt[number] = now();
  times[number] = Math.min(255, (times[number] ?? 0) + 1);
}

const SENT = 1;
const REDRIVEN = 2;

/** What the service did to the messages of one queue. */
export class ServiceLedger {
  readonly #queueName: string;
  readonly #flags: Uint8Array;
  readonly #deletedAt: Float64Array;

  constructor(queueName: string, mostMessages: number) {
    this.#queueName = queueName;
    this.#flags = new Uint8Array(mostMessages);
    this.#deletedAt = new Float64Array(mostMessages);
  }

  note(entry: JournalEntry): void {
    if (entry.queueName !== this.#queueName) return;
    const number = numberOf(entry.messageId);
    if (entry.kind === "sent") this.#flag(number, SENT);
    else if (entry.kind === "redriven") this.#flag(number, REDRIVEN);
    else if (entry.kind === "deleted" && entry.isEffective && this.#deletedAt[number] === 0) {
      this.#deletedAt[number] = now();
    }
  }

  /** Holds it against what the handlers have done. The queue must be empty. */
  account({ firstAt, times }: Finishes): SoakAccount {
    const account = { sent: 0, deleted: 0, redriven: 0, lost: 0, deletedUnhandled: 0, handledTwice: 0 };
    for (const [number, flags] of this.#flags.entries()) {
      if (flags === 0) continue;
      const deletedAt = this.#deletedAt[number] ?? 0;
      const finishedAt = firstAt[number] ?? 0;
      const isDeleted = deletedAt !== 0;
      const isRedriven = (flags & REDRIVEN) !== 0;
      account.sent += 1;
      account.deleted += Number(isDeleted);
      account.redriven += Number(isRedriven);
      account.lost += Number(!isDeleted && !isRedriven);
      account.deletedUnhandled += Number(isDeleted && (finishedAt === 0 || finishedAt > deletedAt));
      account.handledTwice += Number((times[number] ?? 0) > 1);
    }
    return account;
  }

  #flag(number: number, flag: number): void {
    if (number >= this.#flags.length) throw new RangeError(`message ${number} of at most ${this.#flags.length}`);
    this.#flags[number] = (this.#flags[number] ?? 0) | flag;
  }
}
