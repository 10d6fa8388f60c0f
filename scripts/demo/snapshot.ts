// What there is to see at one moment, taken from the consumer and from the server.
import type { Consumer } from "../../src/index.js";
import { countConsumerRequests, countMessages, type Queues } from "./queues.js";

/** What there is to see at one moment. */
export interface Snapshot {
  readonly elapsedMs: number;
  readonly total: number;
  /** Messages that have left the queue, by the server's count. */
  readonly gone: number;
  /** Of those, a second, over the last seconds. */
  readonly rate: number;
  readonly running: number;
  readonly waiting: number;
  readonly workers: number;
  readonly receivesInFlight: number;
  readonly unconfirmed: number;
  readonly acknowledged: number;
  readonly retried: number;
  readonly dead: number;
  readonly requestsPerMessage: number;
}

/** Over how long the rate is measured. */
const RATE_WINDOW_MS = 2_000;

/** Takes snapshots. */
export class Observer {
  readonly #consumer: Consumer;
  readonly #queues: Queues;
  readonly #total: number;
  readonly #sendsBefore: number;
  readonly #startedAt = performance.now();
  readonly #recent: Array<{ readonly atMs: number; readonly gone: number }> = [{ atMs: 0, gone: 0 }];

  constructor(consumer: Consumer, queues: Queues) {
    this.#consumer = consumer;
    this.#queues = queues;
    this.#total = countMessages(queues.sqs, queues.queueUrl);
    this.#sendsBefore = queues.sqs.requestCount("SendMessageBatch");
  }

  get isQueueEmpty(): boolean {
    return countMessages(this.#queues.sqs, this.#queues.queueUrl) === 0;
  }

  take(): Snapshot {
    const { sqs, queueUrl, deadLetterQueueUrl } = this.#queues;
    const { counters, settlementsPending, ...now } = this.#consumer.stats();
    const elapsedMs = performance.now() - this.#startedAt;
    const gone = this.#total - countMessages(sqs, queueUrl);
    return {
      ...now,
      elapsedMs,
      total: this.#total,
      gone,
      rate: this.#measureRate(elapsedMs, gone),
      unconfirmed: settlementsPending,
      acknowledged: counters.settled.ack,
      retried: counters.settled.retry,
      dead: countMessages(sqs, deadLetterQueueUrl),
      requestsPerMessage: countConsumerRequests(sqs, this.#sendsBefore) / Math.max(1, gone),
    };
  }

  #measureRate(atMs: number, gone: number): number {
    const recent = this.#recent;
    recent.push({ atMs, gone });
    while (recent.length > 2 && (recent[0]?.atMs ?? 0) < atMs - RATE_WINDOW_MS) recent.shift();
    const first = recent[0] ?? { atMs, gone };
    return ((gone - first.gone) * 1_000) / Math.max(1, atMs - first.atMs);
  }
}
