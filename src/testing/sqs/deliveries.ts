// Handing out messages: which, with which receipt handle, and once more by fault.

import { drawInteger } from "../random.js";
import type { SqsMessage } from "./api.js";
import type { MessageStore } from "./message-store.js";
import type { QueueIdentity, QueueSurroundings } from "./queue.js";
import type { QueueSettings } from "./queue-settings.js";
import { encodeReceiptHandle } from "./receipt-handle.js";
import { RecentMessages } from "./recent-messages.js";
import type { StoredMessage } from "./stored-message.js";
import type { ReceiveRequest } from "./waiting-polls.js";

/** What makes a message come again that should not. */
type DuplicateOf = "inFlight" | "deleted" | "sameReceive";

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
    while (taken.length < room) {
      const message = store.nextVisible();
      if (message === undefined) break;
      if (this.#redrive(message)) continue;
      taken.push(this.#deliver(message, request));
      if (taken.length < room && dice.happens(faults.duplicatesInOneReceive)) {
        taken.push(this.#deliver(message, request, "sameReceive"));
      }
    }
    if (faults.duplicates > 0) this.#addDuplicates(request, taken, room);
    if (request.visibilityMs <= 0) store.showDue(clock.now());
    return taken;
  }

  #addDuplicates(request: ReceiveRequest, taken: SqsMessage[], room: number): void {
    const { store, settings, surroundings } = this.#queue;
    const { faults, dice } = surroundings;
    const mostReceives = settings.redrivePolicy?.maxReceiveCount ?? Infinity;
    while (taken.length < room && dice.happens(faults.duplicates)) {
      const message = this.#recent.pick();
      if (message === undefined || message.receiveCount >= mostReceives) return;
      const isOurs = store.has(message);
      if (isOurs && message.state === "inFlight") taken.push(this.#deliver(message, request, "inFlight"));
      else if (!isOurs && message.wasDeleted) taken.push(this.#deliver(message, request, "deleted"));
    }
  }

  #deliver(message: StoredMessage, request: ReceiveRequest, duplicateOf?: DuplicateOf): SqsMessage {
    const { identity, store, surroundings } = this.#queue;
    const { clock, statistics, faults, journal, toEpochMs } = surroundings;
    const now = clock.now();
    const visibleAgainAtMs = now + request.visibilityMs;
    message.noteReceive(now, duplicateOf !== undefined);
    // After a delete that a part of the service missed, the message is back until it is deleted again.
    message.wasDeleted = false;
    store.putInFlight(message, visibleAgainAtMs);
    if (faults.duplicates > 0) this.#recent.add(message);
    statistics.messagesReceived += 1;
    const receiptHandle = encodeReceiptHandle(identity.key, message.id, message.latestReceipt);
    const place = { atMs: now, messageId: message.id, queueName: identity.name };
    const event = { kind: "received" as const, receiptHandle, receiveCount: message.receiveCount, visibleAgainAtMs };
    journal?.record({ ...event, ...place, ...(duplicateOf !== undefined && { duplicateOf }) });
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
    surroundings.statistics.messagesRedriven += 1;
    const place = { atMs: surroundings.clock.now(), messageId: message.id, queueName: identity.name };
    surroundings.journal?.record({ kind: "redriven", toQueueName: target.identity.name, ...place });
    target.adopt(message);
    return true;
  }
}
