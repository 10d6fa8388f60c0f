// Handing out messages: which, with which receipt handle, and once more by fault.

import { drawInteger } from "../random.js";
import type { SqsMessage } from "./api.js";
import type { MessageStore } from "./message-store.js";
import type { QueueIdentity, QueueSurroundings } from "./queue.js";
import type { QueueSettings } from "./queue-settings.js";
import { encodeReceiptHandle } from "./receipt-handle.js";
import { ReceiveAttempts } from "./receive-attempts.js";
import { RecentMessages } from "./recent-messages.js";
import type { StoredMessage } from "./stored-message.js";
import type { ReceiveRequest } from "./waiting-polls.js";

/** What makes a message come again that should not. */
type DuplicateOf = "inFlight" | "deleted" | "sameReceive" | "sameAttempt";

/** What a queue lends to those who hand out its messages. */
export interface QueueParts {
  readonly identity: QueueIdentity;
  readonly settings: QueueSettings;
  readonly store: MessageStore;
  readonly surroundings: QueueSurroundings;
}

export class Deliveries {
  readonly #queue: QueueParts;
  readonly #recent: RecentMessages;
  readonly #attempts = new ReceiveAttempts();

  constructor(queue: QueueParts) {
    this.#queue = queue;
    this.#recent = new RecentMessages(queue.surroundings.random);
  }

  /** Takes what is visible, up to the number asked for and the room in flight. */
  take(request: ReceiveRequest): SqsMessage[] {
    const { store, surroundings } = this.#queue;
    const { faults, dice, clock, mostInFlight, random } = surroundings;
    let room = Math.min(request.maxMessages, mostInFlight - store.inFlight);
    if (room > 1 && dice.happens(faults.shortReceives)) room = drawInteger(random, 1, room - 1);
    const taken: SqsMessage[] = [];
    const messages: StoredMessage[] = [];
    const picks = store.pick();
    while (taken.length < room) {
      const message = picks.next();
      if (message === undefined) break;
      if (this.#redrive(message)) continue;
      messages.push(message);
      taken.push(this.#deliver(message, request));
      if (taken.length < room && this.#happens(faults.duplicatesInOneReceive)) {
        taken.push(this.#deliver(message, request, "sameReceive"));
      }
    }
    this.#addDuplicates(request, taken, room);
    if (request.attemptId !== undefined) this.#attempts.add(request.attemptId, messages, clock.now());
    if (request.visibilityMs <= 0) store.showDue(clock.now());
    return taken;
  }

  /**
   * The messages of an earlier receive with the same attempt id, hidden anew; undefined when there is none to repeat.
   *
   * @throws SqsServiceError `InvalidParameterValue` when it can be repeated no more.
   */
  repeat(request: ReceiveRequest): SqsMessage[] | undefined {
    if (request.attemptId === undefined) return undefined;
    const attempt = this.#attempts.find(request.attemptId, this.#queue.surroundings.clock.now());
    const messages = attempt?.messages.map((message) => this.#handOut(message, request, "sameAttempt"));
    if (request.visibilityMs <= 0) this.#queue.store.showDue(this.#queue.surroundings.clock.now());
    return messages;
  }

  /** Makes it impossible to repeat a receive that was throttled. */
  noteThrottled(attemptId: string): void {
    this.#attempts.addThrottled(attemptId, this.#queue.surroundings.clock.now());
  }

  /** Whether a fault of delivery happens that a FIFO queue does not show. */
  #happens(chance: number): boolean {
    return !this.#queue.settings.isFifo && this.#queue.surroundings.dice.happens(chance);
  }

  #addDuplicates(request: ReceiveRequest, taken: SqsMessage[], room: number): void {
    const { store, settings, surroundings } = this.#queue;
    const { faults } = surroundings;
    const mostReceives = settings.redrivePolicy?.maxReceiveCount ?? Infinity;
    while (taken.length < room && this.#happens(faults.duplicates)) {
      const message = this.#recent.pick();
      if (message === undefined || message.receiveCount >= mostReceives) return;
      const isOurs = store.has(message);
      if (isOurs && message.state === "inFlight") taken.push(this.#deliver(message, request, "inFlight"));
      else if (!isOurs && message.wasDeleted) taken.push(this.#deliver(message, request, "deleted"));
    }
  }

  #deliver(message: StoredMessage, request: ReceiveRequest, duplicateOf?: DuplicateOf): SqsMessage {
    message.noteReceive(this.#queue.surroundings.clock.now(), duplicateOf !== undefined);
    // After a delete that a part of the service missed, the message is back until it is deleted again.
    message.wasDeleted = false;
    if (this.#queue.surroundings.faults.duplicates > 0) this.#recent.add(message);
    return this.#handOut(message, request, duplicateOf);
  }

  /** Puts a message in flight, and shows it with its latest receipt handle. */
  #handOut(message: StoredMessage, request: ReceiveRequest, duplicateOf?: DuplicateOf): SqsMessage {
    const { identity, store, surroundings } = this.#queue;
    const { clock, statistics, journal, toEpochMs } = surroundings;
    const now = clock.now();
    const visibleAgainAtMs = now + request.visibilityMs;
    store.putInFlight(message, visibleAgainAtMs);
    statistics.messagesReceived += 1;
    const receiptHandle = encodeReceiptHandle(identity.key, message.id, message.latestReceipt);
    const place = { atMs: now, messageId: message.id, queueName: identity.name };
    const event = { kind: "received" as const, receiptHandle, receiveCount: message.receiveCount, visibleAgainAtMs };
    const { accessKeyId } = request;
    journal?.record({
      ...event,
      ...place,
      ...(duplicateOf !== undefined && { duplicateOf }),
      ...(accessKeyId !== undefined && { accessKeyId }),
    });
    return message.present(receiptHandle, request.wanted, toEpochMs);
  }

  /** Moves a message that was received too often to the dead-letter queue, as SQS does at the next receive. */
  #redrive(message: StoredMessage): boolean {
    const { identity, settings, store, surroundings } = this.#queue;
    const policy = settings.redrivePolicy;
    if (policy === undefined || message.receiveCount < policy.maxReceiveCount) return false;
    const target = surroundings.findQueueByArn(policy.deadLetterTargetArn);
    if (target === undefined || target.identity === identity) return false;
    store.remove(message);
    message.deadLetterSourceArn = identity.arn;
    if (settings.isFifo) message.renew(surroundings.clock.now());
    surroundings.statistics.messagesRedriven += 1;
    const place = { atMs: surroundings.clock.now(), messageId: message.id, queueName: identity.name };
    surroundings.journal?.record({ kind: "redriven", toQueueName: target.identity.name, ...place });
    target.adopt(message);
    return true;
  }
}
