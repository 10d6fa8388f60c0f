// One queue of the simulated service: where each of its messages is, and who waits for one.
//
//                 DelaySeconds          receive                  delete
//   send ──▶ delayed ──▶ visible ───────────────────▶ in flight ──────▶ gone
//                           ▲  │ received too often      │
//                           │  ▼                         │ time-out, or visibility set to 0
//                           │ dead-letter queue          │
//                           └────────────────────────────┘

import type { Clock, Timer } from "../../internal/clock.js";
import { DeadlineQueue } from "../../internal/deadline-queue.js";
import { drawInteger, type RandomSource } from "../random.js";
import type { SqsMessage } from "./api.js";
import { invalidValue } from "./errors.js";
import type { FaultDice, FaultSettings } from "./faults.js";
import type { Journal, JournalEvent } from "./journal.js";
import { LONGEST_VISIBILITY_SECONDS } from "./limits.js";
import { StandardLine, type MessageLine } from "./message-line.js";
import type { QueueSettings } from "./queue-settings.js";
import { decodeReceiptHandle, encodeReceiptHandle } from "./receipt-handle.js";
import { RecentMessages } from "./recent-messages.js";
import type { Statistics } from "./statistics.js";
import type { MessageState, StoredMessage } from "./stored-message.js";
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

/** How many messages of a queue are where. */
export interface QueueCounts {
  readonly visible: number;
  readonly inFlight: number;
  readonly delayed: number;
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
  readonly #messages = new Map<string, StoredMessage>();
  readonly #line: MessageLine;
  /** Delayed messages and those in flight, by the time at which they become visible. */
  readonly #hidden = new DeadlineQueue<StoredMessage>();
  /** All messages, by the time at which they were sent. */
  readonly #retention = new DeadlineQueue<StoredMessage["retention"]>();
  readonly #polls = new WaitingPolls();
  readonly #recent: RecentMessages;
  readonly #counts = { delayed: 0, visible: 0, inFlight: 0, gone: 0 };
  #alarm: Timer | undefined;
  #alarmAt = Infinity;

  constructor(identity: QueueIdentity, settings: QueueSettings, surroundings: QueueSurroundings) {
    this.identity = identity;
    this.settings = settings;
    this.#surroundings = surroundings;
    this.#line = new StandardLine(surroundings.random, () => surroundings.faults.reordering);
    this.#recent = new RecentMessages(surroundings.random);
    this.createdAt = surroundings.clock.now();
    this.changedAt = this.createdAt;
  }

  get counts(): QueueCounts {
    this.#catchUp();
    const { visible, inFlight, delayed } = this.#counts;
    return { visible, inFlight, delayed };
  }

  get waitingPolls(): number {
    return this.#polls.size;
  }

  get hasRoomInFlight(): boolean {
    return this.#counts.inFlight < this.#surroundings.mostInFlight;
  }

  /** Takes in new messages, and only then wakes polls, so that one poll can get a whole batch. */
  add(messages: readonly { readonly message: StoredMessage; readonly delayMs: number }[]): void {
    const now = this.#catchUp();
    for (const { message, delayMs } of messages) {
      this.#messages.set(message.id, message);
      this.#retention.add(message.retention, message.sentAt);
      if (delayMs > 0) this.#enter(message, "delayed", now + delayMs);
      else this.#enter(message, "visible");
      this.#surroundings.statistics.messagesSent += 1;
      this.#record(message, { kind: "sent" });
    }
    this.#servePolls();
  }

  /** Takes over a message of another queue. */
  adopt(message: StoredMessage): void {
    this.#catchUp();
    this.#messages.set(message.id, message);
    this.#retention.add(message.retention, message.sentAt);
    this.#enter(message, "visible");
    this.#servePolls();
  }

  /** What can be received right now. */
  receive(request: ReceiveRequest): SqsMessage[] {
    this.#catchUp();
    return this.#take(request);
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
    this.#remove(message);
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
    if (isEffective) this.#hide(message, visibleAgainAtMs);
    this.#servePolls();
  }

  /** Deletes all messages. */
  purge(): void {
    const now = this.#catchUp();
    this.purgedAt = now;
    for (const message of this.#messages.values()) {
      this.#remove(message);
      this.#record(message, { kind: "purged" });
    }
  }

  /** Takes out every visible message, to be put into other queues. */
  takeAllVisible(): StoredMessage[] {
    this.#catchUp();
    const messages: StoredMessage[] = [];
    for (let message = this.#line.next(); message !== undefined; message = this.#line.next()) {
      this.#remove(message);
      messages.push(message);
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
    for (const message of this.#takeDue(now)) this.#enter(message, "visible");
    const sentBefore = now - this.settings.retentionMs;
    for (let place = this.#retention.takeDue(sentBefore); place; place = this.#retention.takeDue(sentBefore)) {
      this.#remove(place.message);
      this.#record(place.message, { kind: "expired" });
    }
    return now;
  }

  /** Hidden messages whose time has come: by that time, then in the order in which they were sent. */
  #takeDue(now: number): StoredMessage[] {
    const due: StoredMessage[] = [];
    for (let next = this.#hidden.takeDue(now); next !== undefined; next = this.#hidden.takeDue(now)) {
      this.#counts[next.state] -= 1;
      next.state = "gone";
      due.push(next);
    }
    return due.sort((a, b) => a.dueAt - b.dueAt || (a.id < b.id ? -1 : 1));
  }

  #take(request: ReceiveRequest): SqsMessage[] {
    const { faults, dice, mostInFlight } = this.#surroundings;
    let room = Math.min(request.maxMessages, mostInFlight - this.#counts.inFlight);
    if (room > 1 && dice.happens(faults.shortReceives)) room = drawInteger(this.#surroundings.random, 1, room - 1);
    const taken: SqsMessage[] = [];
    while (taken.length < room) {
      const message = this.#line.next();
      if (message === undefined) break;
      if (this.#redrive(message)) continue;
      taken.push(this.#deliver(message, request));
      if (taken.length < room && dice.happens(faults.duplicatesInOneReceive)) {
        taken.push(this.#deliver(message, request, "sameReceive"));
      }
    }
    if (faults.duplicates > 0) this.#addDuplicates(request, taken, room);
    if (request.visibilityMs <= 0) this.#catchUp();
    return taken;
  }

  #addDuplicates(request: ReceiveRequest, taken: SqsMessage[], room: number): void {
    const { faults, dice } = this.#surroundings;
    while (taken.length < room && dice.happens(faults.duplicates)) {
      const message = this.#recent.pick();
      const mostReceives = this.settings.redrivePolicy?.maxReceiveCount ?? Infinity;
      if (message === undefined || message.receiveCount >= mostReceives) return;
      const isOurs = this.#messages.get(message.id) === message;
      if (isOurs && message.state === "inFlight") taken.push(this.#deliver(message, request, "inFlight"));
      else if (!isOurs && message.wasDeleted) taken.push(this.#deliverDeleted(message, request));
    }
  }

  /** A part of the service missed the delete: the message is back, and stays until it is deleted again. */
  #deliverDeleted(message: StoredMessage, request: ReceiveRequest): SqsMessage {
    message.wasDeleted = false;
    this.#messages.set(message.id, message);
    this.#retention.add(message.retention, message.sentAt);
    return this.#deliver(message, request, "deleted");
  }

  #deliver(
    message: StoredMessage,
    request: ReceiveRequest,
    duplicateOf?: "inFlight" | "deleted" | "sameReceive",
  ): SqsMessage {
    const { clock, statistics, faults, toEpochMs } = this.#surroundings;
    const now = clock.now();
    if (message.receiveCount === 0) message.firstReceivedAt = now;
    message.receiveCount += 1;
    message.lastReceivedAt = now;
    message.latestReceipt += 1;
    if (duplicateOf === undefined) message.oldestValidReceipt = message.latestReceipt;
    this.#enter(message, "inFlight", now + request.visibilityMs);
    if (faults.duplicates > 0) this.#recent.add(message);
    statistics.messagesReceived += 1;
    const receiptHandle = encodeReceiptHandle(this.identity.key, message.id, message.latestReceipt);
    this.#record(message, {
      kind: "received",
      receiptHandle,
      receiveCount: message.receiveCount,
      visibleAgainAtMs: message.dueAt,
      ...(duplicateOf !== undefined && { duplicateOf }),
    });
    return message.present(receiptHandle, request.wanted, toEpochMs);
  }

  /** Moves a message that was received too often to the dead-letter queue, as SQS does at the next receive. */
  #redrive(message: StoredMessage): boolean {
    const policy = this.settings.redrivePolicy;
    if (policy === undefined || message.receiveCount < policy.maxReceiveCount) return false;
    const target = this.#surroundings.findQueueByArn(policy.deadLetterTargetArn);
    if (target === undefined || target === this) return false;
    this.#remove(message);
    message.deadLetterSourceArn = this.identity.arn;
    this.#surroundings.statistics.messagesRedriven += 1;
    this.#record(message, { kind: "redriven", toQueueName: target.identity.name });
    target.adopt(message);
    return true;
  }

  #find(receiptHandle: string): { readonly message: StoredMessage | undefined; readonly isCurrent: boolean } {
    const { messageId, receiptNumber } = decodeReceiptHandle(this.identity.key, receiptHandle);
    const message = this.#messages.get(messageId);
    const isCurrent = message !== undefined && receiptNumber >= message.oldestValidReceipt;
    return { message, isCurrent: isCurrent || this.#surroundings.faults.oldReceiptHandlesWork };
  }

  #hide(message: StoredMessage, untilMs: number): void {
    if (untilMs > this.#surroundings.clock.now()) this.#enter(message, "inFlight", untilMs);
    else this.#enter(message, "visible");
  }

  #enter(message: StoredMessage, state: Exclude<MessageState, "gone">, visibleAt = 0): void {
    this.#leaveState(message);
    message.state = state;
    this.#counts[state] += 1;
    if (state === "visible") this.#line.add(message);
    else this.#hidden.add(message, visibleAt);
  }

  #leaveState(message: StoredMessage): void {
    const { state } = message;
    if (state === "gone") return;
    this.#counts[state] -= 1;
    if (state === "visible") this.#line.remove(message);
    else this.#hidden.remove(message);
  }

  #remove(message: StoredMessage): void {
    this.#leaveState(message);
    message.state = "gone";
    this.#retention.remove(message.retention);
    this.#messages.delete(message.id);
  }

  /** Hands visible messages to the polls that wait, the one that waited longest first. */
  #servePolls(): void {
    while (this.#line.size > 0 && this.hasRoomInFlight) {
      const poll = this.#polls.first;
      if (poll === undefined) break;
      const messages = this.#take(poll.request);
      if (messages.length === 0) continue;
      this.#polls.remove(poll);
      poll.answer(messages);
    }
    this.#setAlarm();
  }

  /** Sets a timer for the next thing that a waiting poll must hear of; takes it back when no poll waits. */
  #setAlarm(): void {
    const deadline = this.#polls.nextDeadline;
    const dueAt = deadline === undefined ? Infinity : Math.min(deadline, this.#hidden.peek()?.dueAt ?? Infinity);
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
