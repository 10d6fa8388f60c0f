// Tells the queue what batchItemFailures cannot: delays, releases and dead letters, where there is a client for it.
import PQueue from "p-queue";
import { MillraceError } from "../errors.js";
import type { Clock } from "../internal/clock.js";
import type { Ack, DeadLetter, Drop, Outcome } from "../runner/outcome.js";
import type { SettleFacts } from "../runner/runner.js";
import { createDeadLetterEntry, DeadLetterQueue } from "../sqs/dead-letters.js";
import { measureBytes } from "../sqs/message-size.js";
import type { SqsPort } from "../sqs/port.js";
import { Settler } from "../sqs/settler.js";
import type { SqsDelivery } from "../sqs/sqs-delivery.js";

/** How long a request may take. The deadline of the event ends it sooner. */
const REQUEST_TIMEOUT_MS = 10_000;
/** How long an outcome waits for a batch of ten to fill, unless the next of its group waits for it, or nothing runs. */
const MAX_AGE_MS = 250;
/** As many as an SDK client has sockets when nobody has set it up. */
const MAX_REQUESTS = 50;
/**
 * SQS hides a message for at most 12 hours after its receive (ChangeMessageVisibility, API reference). Lambda may have
 * received it 5 minutes ago, the longest batch window; some seconds more for the way of the requests.
 */
const LONGEST_DELAY_MS = (12 * 60 - 5) * 60_000 - 10_000;

/** What a teller works with. */
export interface QueueTellerOptions {
  readonly port: SqsPort | undefined;
  readonly clock: Clock;
  /** Called when the queue is to be told something. It may throw. */
  readonly queueUrl: () => string;
  readonly isFifo: boolean;
  readonly deadLetterQueueUrl: string | undefined;
  readonly report: (error: unknown) => void;
  /** Called when a delay was asked for and there is no client. */
  readonly onClientMissing: () => void;
  /** The dead-letter queue was found. */
  readonly onDeadLetterQueue: (url: string) => void;
}

/** What one event has to say to its queue. */
export class QueueTeller {
  readonly #options: QueueTellerOptions;
  readonly #closing = new AbortController();
  #settler: Settler | undefined;
  #deadLetterQueue: DeadLetterQueue | undefined;
  #isLast = false;
  #isAboutToFlush = false;

  constructor(options: QueueTellerOptions) {
    this.#options = options;
  }

  /** Until when a message of this event can be hidden, on the clock. */
  get latestDeadline(): number {
    return this.#options.clock.now() + LONGEST_DELAY_MS;
  }

  /** Resolves when the queue knows, or when there is nothing that it could be told. */
  async tell(delivery: SqsDelivery, outcome: Exclude<Outcome, Ack | Drop>, { error }: SettleFacts): Promise<void> {
    const { port } = this.#options;
    if (outcome.kind === "deadLetter") {
      await this.#sendDeadLetter(port, delivery, outcome);
      return;
    }
    const seconds = outcome.kind === "retry" ? Math.ceil(outcome.afterSeconds) : 0;
    if (port !== undefined) await this.#settlerFor(port).return(delivery, seconds);
    // A delay of the retry policy is only wished for: the queue has a delay of its own.
    else if (seconds > 0 && error === undefined) this.#options.onClientMissing();
  }

  /** Every outcome is decided: sends what there is, now and from now on without waiting for more. */
  flush(): void {
    this.#isLast = true;
    this.#flushSoon();
  }

  /** Gives up what has not been confirmed. */
  close(): void {
    const reason = new MillraceError("INVOCATION_DEADLINE", "The event was answered before the queue had confirmed.");
    this.#closing.abort(reason);
    this.#deadLetterQueue?.close();
    void this.#settler?.close(this.#closing.signal);
  }

  async #sendDeadLetter(port: SqsPort | undefined, delivery: SqsDelivery, { reason }: DeadLetter): Promise<void> {
    try {
      if (port === undefined) throw createClientError("Sending a dead letter");
      this.#deadLetterQueue ??= this.#createDeadLetterQueue(port);
      const queueUrl = await this.#deadLetterQueue.url();
      this.#options.onDeadLetterQueue(queueUrl);
      const entry = createDeadLetterEntry(delivery.message, reason, this.#options.isFifo);
      const sent = this.#settlerFor(port).sendDeadLetter({ delivery, queueUrl, entry, bytes: measureBytes(entry) });
      if (this.#isLast) this.#flushSoon();
      await sent;
    } catch (cause) {
      if (cause instanceof MillraceError && cause.code === "DEAD_LETTER_QUEUE_UNKNOWN") throw cause;
      throw new MillraceError("DEAD_LETTER_FAILED", "A message could not be sent to the dead-letter queue.", { cause });
    }
  }

  #createDeadLetterQueue(port: SqsPort): DeadLetterQueue {
    const queueUrl = this.#options.queueUrl();
    return new DeadLetterQueue({ ...this.#options, port, queueUrl, requestTimeoutMs: REQUEST_TIMEOUT_MS });
  }

  /** A microtask later, so that what is settled together goes together. */
  #flushSoon(): void {
    if (this.#isAboutToFlush) return;
    this.#isAboutToFlush = true;
    queueMicrotask(() => {
      this.#isAboutToFlush = false;
      this.#settler?.flush();
    });
  }

  #settlerFor(port: SqsPort): Settler {
    this.#settler ??= new Settler({
      port,
      queueUrl: this.#options.queueUrl(),
      clock: this.#options.clock,
      random: Math.random,
      maxAgeMs: this.#options.isFifo ? 0 : MAX_AGE_MS,
      requests: new PQueue({ concurrency: MAX_REQUESTS }),
      timeoutMs: REQUEST_TIMEOUT_MS,
      renewAttemptMs: REQUEST_TIMEOUT_MS,
      report: this.#options.report,
      // Lambda deletes what is done, and nothing needs to be extended.
      onDeleted: () => undefined,
      onExtended: () => undefined,
      onExtensionsSent: () => undefined,
    });
    return this.#settler;
  }
}

/** What something takes that Lambda's answer cannot say. */
export function createClientError(what: string): MillraceError {
  return new MillraceError("CLIENT_MISSING", `${what} takes the option client, as Lambda's answer cannot say it.`);
}
