// Receives of a FIFO queue that can be repeated: whoever lost the answer asks again with the same
// ReceiveRequestAttemptId, and gets the same messages with the same receipt handles, although they are in flight.
// Source: ReceiveRequestAttemptId in the API reference of ReceiveMessage.

import { DeadlineQueue, type Scheduled } from "../../internal/deadline-queue.js";
import { invalidValue } from "./errors.js";
import type { StoredMessage } from "./stored-message.js";

const REPEATABLE_MS = 300_000;

/** One receive that named an attempt id. */
export class ReceiveAttempt implements Scheduled {
  readonly id: string;
  readonly messages: StoredMessage[] = [];
  /** False as soon as one of its messages was deleted or had its visibility changed, or when it was throttled. */
  isRepeatable = true;
  dueAt = 0;
  queueIndex = -1;

  constructor(id: string) {
    this.id = id;
  }

  /** Whether all its messages are still those of this receive, hidden from others. */
  get isInFlight(): boolean {
    return this.messages.every((message) => message.attempt === this && message.state === "inFlight");
  }
}

/** Remembers receives for five minutes. */
export class ReceiveAttempts {
  readonly #attempts = new Map<string, ReceiveAttempt>();
  readonly #byEnd = new DeadlineQueue<ReceiveAttempt>();

  /**
   * The receive that this id repeats; undefined when there is none, or when the visibility of its messages has ended.
   *
   * @throws SqsServiceError `InvalidParameterValue` when it can be repeated no more.
   */
  find(id: string, now: number): ReceiveAttempt | undefined {
    this.#forgetOld(now);
    const attempt = this.#attempts.get(id);
    if (attempt === undefined) return undefined;
    if (!attempt.isRepeatable) {
      throw invalidValue(
        id,
        "ReceiveRequestAttemptId",
        "The receiveRequestAttemptId is not valid anymore since the receive call is not retryable.",
      );
    }
    if (attempt.isInFlight) return attempt;
    this.#forget(attempt);
    return undefined;
  }

  /** Remembers a receive that brought these messages; one that brought none is no reason to bring none again. */
  add(id: string, messages: readonly StoredMessage[], now: number): void {
    if (messages.length === 0) return;
    const attempt = this.#start(id, now);
    for (const message of messages) {
      attempt.messages.push(message);
      message.attempt = attempt;
    }
  }

  /** A request that was throttled cannot be repeated with its id (awslabs/amazon-sqs-java-messaging-lib issue 213). */
  addThrottled(id: string, now: number): void {
    this.#start(id, now).isRepeatable = false;
  }

  #start(id: string, now: number): ReceiveAttempt {
    this.#forgetOld(now);
    const earlier = this.#attempts.get(id);
    if (earlier !== undefined) this.#forget(earlier);
    const attempt = new ReceiveAttempt(id);
    this.#attempts.set(id, attempt);
    this.#byEnd.add(attempt, now + REPEATABLE_MS);
    return attempt;
  }

  #forgetOld(now: number): void {
    for (let old = this.#byEnd.takeDue(now); old !== undefined; old = this.#byEnd.takeDue(now)) this.#forget(old);
  }

  #forget(attempt: ReceiveAttempt): void {
    this.#byEnd.remove(attempt);
    this.#attempts.delete(attempt.id);
  }
}
