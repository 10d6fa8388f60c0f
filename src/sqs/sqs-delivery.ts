// A message of a queue while it is here: its newest receipt handle, its lease, and how far its settlement has come.
import type { Scheduled } from "../internal/deadline-queue.js";
import type { Outcome } from "../runner/outcome.js";
import type { Delivery, SettleFacts } from "../runner/runner.js";
import type { Message } from "./message.js";
import { measureBytes } from "./message-size.js";

/** What a delivery hands its calls on to. */
export interface DeliveryKeeper {
  settle(delivery: SqsDelivery, outcome: Outcome, facts: SettleFacts): "later";
  extend(delivery: SqsDelivery, seconds: number): Promise<void>;
  hasLapsed(delivery: SqsDelivery): boolean;
  ended(delivery: SqsDelivery): void;
}

/** What messages that came together have in common. */
export interface Arrival {
  readonly receivedAt: Date;
  /** Past this the service hides them no longer. */
  readonly latestDeadline: number;
}

/**
 * When a lease ends, on the clock, that began then. In whole milliseconds, for memory: V8 keeps a number with a fraction in an
 * object of its own.
 */
export function endOfLease(beganAt: number, seconds: number): number {
  return Math.floor(beganAt + seconds * 1_000);
}

/** One receive of a message: what proves it, and until when it is ours. */
export interface Receipt {
  readonly handle: string;
  /** When the lease ends, on the clock; see `endOfLease`. */
  readonly deadline: number;
  readonly arrival: Arrival;
}

/**
 * - `here`: it waits or runs.
 * - `deleting`, `returning`: its outcome is on the way to the service; a dead letter may turn out to be returned.
 * - `abandoned`: it was settled without its handler, which still runs.
 * - `superseded`: it was given back and came again before the service had answered: another delivery carries it.
 */
export type DeliveryPhase = "here" | "deleting" | "returning" | "abandoned" | "superseded";

/** What a delivery is made of. */
export interface SqsDeliveryParts {
  readonly id: string;
  readonly message: Message;
  readonly lane: string | undefined;
  readonly receipt: Receipt;
}

/** One message of a queue, with its lease. The lease scheduler finds it by its own fields. */
export class SqsDelivery implements Delivery<Message>, Scheduled {
  readonly id: string;
  readonly message: Message;
  readonly attempt: number;
  /** Its message group, where the order within groups is to be kept. */
  readonly lane: string | undefined;
  readonly #keeper: DeliveryKeeper;
  #arrival: Arrival;
  phase: DeliveryPhase = "here";
  /** Whether the lease has lapsed: others may have the message. */
  isLost = false;
  /** Whether a request that makes it visible again is out. */
  isReturning = false;
  /** Whether an extension is on its way and wanted. */
  isExtending = false;
  /** Whether a request that extends it is out. */
  isExtensionOut = false;
  /** Whether its delete goes before others, in place of an extension. */
  isHastened = false;
  /** Resolves when the extension that is on its way was answered, or is not wanted any more. */
  extension: Promise<void> | undefined;
  /** The newest handle: SQS gives a new one with each receive, and only the newest is sure to work. */
  receiptHandle: string;
  /** The handle with which its delete was last asked for. */
  deletedWith: string | undefined;
  /** When the lease ends, on the clock. */
  deadline: number;
  dueAt = 0;
  queueIndex = -1;

  constructor(parts: SqsDeliveryParts, keeper: DeliveryKeeper) {
    this.id = parts.id;
    this.message = parts.message;
    this.attempt = toAttempt(parts.message.Attributes?.["ApproximateReceiveCount"]);
    this.lane = parts.lane;
    this.receiptHandle = parts.receipt.handle;
    this.deadline = parts.receipt.deadline;
    this.#arrival = parts.receipt.arrival;
    this.#keeper = keeper;
  }

  get receivedAt(): Date {
    return this.#arrival.receivedAt;
  }

  /** Past this the service hides it no longer. */
  get latestDeadline(): number {
    return this.#arrival.latestDeadline;
  }

  get groupId(): string | undefined {
    const groupId: unknown = this.message.Attributes?.["MessageGroupId"];
    return typeof groupId === "string" ? groupId : undefined;
  }

  get sizeBytes(): number {
    const { Body = "", MessageAttributes = {} } = this.message;
    return measureBytes({ MessageBody: Body, MessageAttributes });
  }

  /** Whether it is settled, and yet to come again: its group must not go on without it. */
  get willComeAgain(): boolean {
    return this.phase === "abandoned" || this.phase === "returning";
  }

  begin(): boolean {
    return !this.#keeper.hasLapsed(this);
  }

  /** The message came again: from now on the new receipt counts. */
  renewReceipt(receipt: Receipt): void {
    this.receiptHandle = receipt.handle;
    this.deadline = receipt.deadline;
    this.#arrival = { ...receipt.arrival, receivedAt: this.receivedAt };
    this.isLost = false;
    this.isExtending = false;
    this.isHastened = false;
  }

  settle(outcome: Outcome, facts: SettleFacts): "later" {
    return this.#keeper.settle(this, outcome, facts);
  }

  extend(seconds: number): Promise<void> {
    return this.#keeper.extend(this, seconds);
  }

  ended(): void {
    this.#keeper.ended(this);
  }
}

function toAttempt(receiveCount: unknown): number {
  const count = Number(receiveCount);
  return Number.isSafeInteger(count) && count >= 1 ? count : 1;
}
