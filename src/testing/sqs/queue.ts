// One queue of the simulated service: its messages, its settings, and who waits for a message.

import type { Clock, Timer } from "../../internal/clock.js";
import type { RandomSource } from "../random.js";
import type { SqsMessage } from "./api.js";
import { Deliveries } from "./deliveries.js";
import { invalidValue } from "./errors.js";
import type { FaultDice, FaultSettings } from "./faults.js";
import type { Journal, JournalEvent } from "./journal.js";
import { LONGEST_VISIBILITY_SECONDS } from "./limits.js";
import { StandardLine } from "./message-line.js";
import { MessageStore, type QueueCounts } from "./message-store.js";
import type { QueueSettings } from "./queue-settings.js";
import { decodeReceiptHandle } from "./receipt-handle.js";
import type { Statistics } from "./statistics.js";
import type { StoredMessage } from "./stored-message.js";
import { WaitingPoll, WaitingPolls, type ReceiveRequest } from "./waiting-polls.js";

/** What a queue needs of the service that it is part of. */
export interface QueueSurroundings {
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly faults: FaultSettings;
  readonly dice: FaultDice;
  readonly journal: Journal | undefined;
  readonly statistics: Statistics;
  readonly mostInFlight: number;
  readonly toEpochMs: (clockMs: number) => number;
  findQueueByArn(arn: string): Queue | undefined;
}

/** Who a queue is. */
export interface QueueIdentity {
  readonly name: string;
  readonly arn: string;
  /** Part of its receipt handles; differs from that of an earlier queue of the same name. */
  readonly key: string;
}

const LONGEST_VISIBILITY_MS = LONGEST_VISIBILITY_SECONDS * 1000;

/**
 * Time-outs are looked at when somebody looks at the queue; a timer is set only while a long poll waits. So a
 * simulated service that nobody polls keeps no timer, whatever it holds.
 */
export class Queue {
  readonly identity: QueueIdentity;
  readonly settings: QueueSettings;
  readonly tags: Map<string, string> = new Map();
  readonly createdAt: number;
  changedAt: number;
  purgedAt: number = -Infinity;

  readonly #surroundings: QueueSurroundings;
  readonly #store: MessageStore;
  readonly #deliveries: Deliveries;
  readonly #polls = new WaitingPolls();
  #alarm: Timer | undefined;
  #alarmAt = Infinity;

  constructor(identity: QueueIdentity, settings: QueueSettings, surroundings: QueueSurroundings) {
    this.identity = identity;
    this.settings = settings;
    this.#surroundings = surroundings;
    const store = new MessageStore(new StandardLine(surroundings.random, () => surroundings.faults.reordering));
    this.#store = store;
    this.#deliveries = new Deliveries({ identity, settings, store, surroundings });
    this.createdAt = surroundings.clock.now();
    this.changedAt = this.createdAt;
  }

  get counts(): QueueCounts {
    this.#catchUp();
    return this.#store.counts;
  }

  get waitingPolls(): number {
    return this.#polls.size;
  }

  get hasRoomInFlight(): boolean {
    return this.#store.inFlight < this.#surroundings.mostInFlight;
  }

  /** Takes in new messages, and only then wakes polls, so that one poll can get a whole batch. */
  add(messages: readonly { readonly message: StoredMessage; readonly delayMs: number }[]): void {
    const now = this.#catchUp();
    for (const { message, delayMs } of messages) {
      this.#store.hide(message, "delayed", { now, visibleAt: now + delayMs });
      this.#surroundings.statistics.messagesSent += 1;
      this.#record(message, { kind: "sent" });
    }
    this.#servePolls();
  }

  /** Takes over a message of another queue. */
  adopt(message: StoredMessage): void {
    const now = this.#catchUp();
    this.#store.hide(message, "delayed", { now, visibleAt: now });
    this.#servePolls();
  }

  /** What can be received right now. */
  receive(request: ReceiveRequest): SqsMessage[] {
    this.#catchUp();
    return this.#deliveries.take(request);
  }

  /** Puts a long poll in line. It is answered with messages, or with none when its time is up. */
  wait(request: ReceiveRequest, waitMs: number, answer: (messages: SqsMessage[]) => void): WaitingPoll {
    const poll = new WaitingPoll(request, answer);
    this.#polls.add(poll, this.#surroundings.clock.now() + waitMs);
    this.#setAlarm();
    return poll;
  }

  /** Takes a long poll out of the line, without an answer. */
  leave(poll: WaitingPoll): void {
    this.#polls.remove(poll);
    this.#setAlarm();
  }

  delete(receiptHandle: string): void {
    const now = this.#catchUp();
    const { message, isCurrent } = this.#find(receiptHandle);
    const isEffective = message !== undefined && isCurrent;
    this.#surroundings.statistics[isEffective ? "messagesDeleted" : "deletesWithoutEffect"] += 1;
    this.#recordById(now, receiptHandle, { kind: "deleted", receiptHandle, isEffective });
    if (!isEffective) return;
    this.#store.remove(message);
    message.wasDeleted = true;
    this.#servePolls();
  }

  changeVisibility(receiptHandle: string, visibilitySeconds: number): void {
    const now = this.#catchUp();
    const { message, isCurrent } = this.#find(receiptHandle);
    if (message === undefined) {
      throw invalidValue(
        receiptHandle,
        "ReceiptHandle",
        "Message does not exist or is not available for visibility timeout change.",
      );
    }
    const visibleAgainAtMs = now + visibilitySeconds * 1000;
    const isEffective = isCurrent && message.state === "inFlight";
    if (isEffective && visibleAgainAtMs - message.lastReceivedAt > LONGEST_VISIBILITY_MS) {
      throw invalidValue(
        visibilitySeconds,
        "VisibilityTimeout",
        `Total VisibilityTimeout for the message is beyond the limit [${LONGEST_VISIBILITY_SECONDS} seconds]`,
      );
    }
    this.#record(message, { kind: "visibilityChanged", receiptHandle, visibleAgainAtMs, isEffective });
    if (isEffective) this.#store.hide(message, "inFlight", { now, visibleAt: visibleAgainAtMs });
    this.#servePolls();
  }

  /** Deletes all messages. */
  purge(): void {
    const now = this.#catchUp();
    this.purgedAt = now;
    for (const message of this.#store.all()) {
      this.#store.remove(message);
      this.#record(message, { kind: "purged" });
    }
  }

  /** Takes out every visible message, to be put into other queues. */
  takeAllVisible(): StoredMessage[] {
    this.#catchUp();
    const messages: StoredMessage[] = [];
    for (let next = this.#store.nextVisible(); next !== undefined; next = this.#store.nextVisible()) {
      this.#store.remove(next);
      messages.push(next);
    }
    return messages;
  }

  /** Ends all waiting polls; called when the queue is deleted or the service ends. */
  close(): void {
    this.#polls.endAll();
    this.#setAlarm();
  }

  /** Lets everything happen that fell due since the last look, and says what time it is. */
  #catchUp(): number {
    const now = this.#surroundings.clock.now();
    this.#store.showDue(now);
    const sentBefore = now - this.settings.retentionMs;
    for (let old = this.#store.takeSentBy(sentBefore); old; old = this.#store.takeSentBy(sentBefore)) {
      this.#record(old, { kind: "expired" });
    }
    return now;
  }

  #find(receiptHandle: string): { readonly message: StoredMessage | undefined; readonly isCurrent: boolean } {
    const { messageId, receiptNumber } = decodeReceiptHandle(this.identity.key, receiptHandle);
    const message = this.#store.find(messageId);
    const isCurrent = message !== undefined && receiptNumber >= message.oldestValidReceipt;
    return { message, isCurrent: isCurrent || this.#surroundings.faults.oldReceiptHandlesWork };
  }

  /** Hands visible messages to the polls that wait, the one that waited longest first. */
  #servePolls(): void {
    while (this.#store.visible > 0 && this.hasRoomInFlight) {
      const poll = this.#polls.first;
      if (poll === undefined) break;
      const messages = this.#deliveries.take(poll.request);
      if (messages.length === 0) continue;
      this.#polls.remove(poll);
      poll.answer(messages);
    }
    this.#setAlarm();
  }

  /** Sets a timer for the next thing that a waiting poll must hear of; takes it back when no poll waits. */
  #setAlarm(): void {
    const deadline = this.#polls.nextDeadline;
    const dueAt = deadline === undefined ? Infinity : Math.min(deadline, this.#store.nextDueAt ?? Infinity);
    // An alarm that comes too early only looks again; most are not worth moving.
    if (dueAt !== Infinity && dueAt >= this.#alarmAt) return;
    this.#alarm?.cancel();
    this.#alarm = undefined;
    this.#alarmAt = dueAt;
    if (dueAt === Infinity) return;
    const { clock } = this.#surroundings;
    this.#alarm = clock.setTimer(() => this.#wake(), dueAt - clock.now());
  }

  #wake(): void {
    this.#alarm = undefined;
    this.#alarmAt = Infinity;
    const now = this.#catchUp();
    this.#servePolls();
    this.#polls.endDue(now);
    this.#setAlarm();
  }

  #record(message: StoredMessage, event: JournalEvent): void {
    const { journal, clock } = this.#surroundings;
    journal?.record({ ...event, atMs: clock.now(), messageId: message.id, queueName: this.identity.name });
  }

  #recordById(atMs: number, receiptHandle: string, event: JournalEvent): void {
    const { journal } = this.#surroundings;
    if (journal === undefined) return;
    const { messageId } = decodeReceiptHandle(this.identity.key, receiptHandle);
    journal.record({ ...event, atMs, messageId, queueName: this.identity.name });
  }
}
