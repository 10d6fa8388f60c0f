// One queue of the simulated service: its messages, its settings, and who waits for a message.

import type { Clock, Timer } from "../../internal/clock.js";
import type { RandomSource } from "../random.js";
import type { SqsMessage } from "./api.js";
import { Deduplication } from "./deduplication.js";
import { Deliveries } from "./deliveries.js";
import type { FaultDice, FaultSettings } from "./faults.js";
import { FifoLine } from "./fifo-line.js";
import type { JournalEvent, JournalRecorder } from "./journal.js";
import { MessageStore, type QueueCounts } from "./message-store.js";
import type { QueueSettings } from "./queue-settings.js";
import { Settlements } from "./settlements.js";
import { StandardLine } from "./standard-line.js";
import type { Statistics } from "./statistics.js";
import type { StoredMessage } from "./stored-message.js";
import { WaitingPoll, WaitingPolls, type ReceiveRequest } from "./waiting-polls.js";

/** What a queue needs of the service that it is part of. */
export interface QueueSurroundings {
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly faults: FaultSettings;
  readonly dice: FaultDice;
  readonly journal: JournalRecorder | undefined;
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

/** The 20 digits of a sequence number: a beginning that all have, and the count of sends. */
const SEQUENCE_PREFIX = "18850";

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
  readonly #settlements: Settlements;
  readonly #deduplication = new Deduplication();
  #sequence = 0;
  readonly #polls = new WaitingPolls();
  #alarm: Timer | undefined;
  #alarmAt = Infinity;

  constructor(identity: QueueIdentity, settings: QueueSettings, surroundings: QueueSurroundings) {
    this.identity = identity;
    this.settings = settings;
    this.#surroundings = surroundings;
    const Line = settings.isFifo ? FifoLine : StandardLine;
    const store = new MessageStore(new Line(surroundings.random, () => surroundings.faults.reordering));
    this.#store = store;
    this.#deliveries = new Deliveries({ identity, settings, store, surroundings });
    this.#settlements = new Settlements({ identity, settings, store, surroundings });
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

  /**
   * Gives a message its place in the sequence of a FIFO queue, before it is added.
   *
   * @returns The message itself; or the one that was sent before with the same deduplication id, and is to be
   *   acknowledged in its stead.
   */
  admit(message: StoredMessage): StoredMessage {
    if (!this.settings.isFifo) return message;
    const { clock, statistics } = this.#surroundings;
    const original = this.#deduplication.findOriginal(message, this.settings.deduplicationScope, clock.now());
    if (original !== undefined) {
      statistics.messagesDeduplicated += 1;
      this.#record(original, { kind: "deduplicated" });
      return original;
    }
    this.#sequence += 1;
    message.sequenceNumber = SEQUENCE_PREFIX + String(this.#sequence).padStart(15, "0");
    return message;
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

  /** What can be received right now, or what a receive with the same attempt id brought. */
  receive(request: ReceiveRequest): SqsMessage[] {
    this.#catchUp();
    const repeated = this.#deliveries.repeat(request);
    if (repeated === undefined) return this.#deliveries.take(request);
    // It may become visible again sooner than before.
    this.#servePolls();
    return repeated;
  }

  /** Makes it impossible to repeat a receive that was throttled. */
  noteThrottled(attemptId: string): void {
    this.#deliveries.noteThrottled(attemptId);
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
    this.#settlements.delete(receiptHandle, this.#catchUp());
    this.#servePolls();
  }

  changeVisibility(receiptHandle: string, visibilitySeconds: number): void {
    this.#settlements.changeVisibility(receiptHandle, visibilitySeconds, this.#catchUp());
    this.#servePolls();
  }

  /**
   * Notes that settings were changed. On a FIFO queue, unlike on a standard one, another delay holds for the messages
   * that are in the queue already (SQS developer guide, "Amazon SQS delay queues").
   */
  noteChange(): void {
    const now = this.#catchUp();
    this.changedAt = now;
    if (!this.settings.isFifo) return;
    for (const message of this.#store.all()) {
      if (message.state !== "delayed") continue;
      this.#store.hide(message, "delayed", { now, visibleAt: message.sentAt + this.settings.delayMs });
    }
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
    this.#deduplication.clear();
  }

  /** Takes out every visible message, to be put into other queues. */
  takeAllVisible(): StoredMessage[] {
    this.#catchUp();
    const messages: StoredMessage[] = [];
    const picks = this.#store.pick();
    for (let next = picks.next(); next !== undefined; next = picks.next()) {
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

  /** Hands visible messages to the polls that wait, the one that waited longest first. */
  #servePolls(): void {
    while (this.#store.hasNext && this.hasRoomInFlight) {
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
}
