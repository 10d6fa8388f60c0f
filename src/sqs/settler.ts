// Everything that is told to the service about messages: deletes, visibility changes, extensions and dead letters, each
// collected into batches by a harvester of its own.
import type PQueue from "p-queue";
import { isInstance, type MillraceError, ServiceError, type ServiceErrorClass } from "../errors.js";
import { type EntryResult, Harvester, type HarvesterOptions } from "../harvester/harvester.js";
import { withTimeout } from "../internal/abortable.js";
import type { Clock, Timer } from "../internal/clock.js";
import { Registry } from "../internal/registry.js";
import { ask, type BatchCall, createLapsedResult, readResults } from "./batch-call.js";
import { Gathering } from "./gathering.js";
import type { Extension } from "./lease-keeper.js";
import type { SendEntry, SqsPort } from "./port.js";
import { createTimeoutError, toServiceError } from "./service-errors.js";
import type { SqsDelivery } from "./sqs-delivery.js";

/** SQS takes ten entries a batch, and 1 MiB for all of them together. */
const MAX_BATCH_SIZE = 10;
const MAX_BATCH_BYTES = 1_048_576;

/** Which go first when many requests wait: what keeps a lease, as it has a deadline. It also keeps what waits to be settled. */
const PRIORITY = { extend: 1, settle: 0 } as const;

/** Failures that trying again soon does not help against. */
const REFUSALS: ReadonlySet<ServiceErrorClass> = new Set(["fatal", "request"]);

/** A visibility change that ends our hold on a message. */
interface Return {
  readonly delivery: SqsDelivery;
  readonly seconds: number;
}

/** A message to be sent to the dead-letter queue. */
export interface DeadLetterItem {
  readonly delivery: SqsDelivery;
  readonly queueUrl: string;
  readonly entry: Omit<SendEntry, "Id">;
  readonly bytes: number;
}

/** An extension on its way. */
export interface TimedExtension extends Extension {
  /** The handle it was asked for with; another receive makes it void. */
  readonly receiptHandle: string;
  /** When it was last sent, on the clock. */
  sentAt: number;
}

/** What a settler works with. */
export interface SettlerOptions {
  readonly port: SqsPort;
  readonly queueUrl: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly maxAgeMs: number;
  /** Bounds how many requests are out; settlers may share one. */
  readonly requests: PQueue;
  /** How long a request may take. */
  readonly timeoutMs: number;
  /** How long an extension may take, and rest until it is tried again: there must be time for another attempt. */
  readonly renewAttemptMs: number;
  readonly report: (error: MillraceError) => void;
  /** The service has confirmed a delete, or with an error will not. */
  readonly onDeleted: (delivery: SqsDelivery, error: unknown) => void;
  /** An extension was answered: it holds from `sentAt` on, or `error` says why not. */
  readonly onExtended: (extension: TimedExtension, error: unknown) => void;
  readonly onExtensionsSent: (count: number) => void;
}

/** Tells the service what becomes of messages. */
export class Settler {
  readonly #options: SettlerOptions;
  readonly #timers = new Registry<Timer, Timer>();
  readonly #gathering: Gathering;
  readonly #deletes: Harvester<SqsDelivery>;
  readonly #returns: Harvester<Return>;
  readonly #extensions: Harvester<TimedExtension>;
  readonly #deadLetters: Harvester<DeadLetterItem>;
  /** Aborts when there is no more time to tell anything. */
  #closing: AbortSignal | undefined;
  #isClosed = false;

  constructor(options: SettlerOptions) {
    this.#options = options;
    const { clock, random, maxAgeMs } = options;
    const common = {
      clock,
      random,
      maxAgeMs,
      queue: options.requests,
      maxBatchSize: MAX_BATCH_SIZE,
      priority: PRIORITY.settle,
      concernsAll: (error: unknown) => !isTimeout(error),
    };
    this.#gathering = new Gathering(clock, maxAgeMs);
    this.#deletes = this.#createDeletes(common);
    this.#returns = new Harvester({
      ...common,
      send: (returns) => this.#sendReturns(returns),
      retryUntil: ({ delivery }) => (delivery.phase === "superseded" ? -Infinity : delivery.deadline),
    });
    this.#extensions = new Harvester({
      ...common,
      priority: PRIORITY.extend,
      maxRestMs: options.renewAttemptMs,
      send: (extensions) => this.#sendExtensions(extensions),
      retryUntil: ({ delivery, receiptHandle }) =>
        delivery.receiptHandle === receiptHandle && delivery.isExtending ? delivery.deadline : -Infinity,
      onSettled: options.onExtended,
    });
    this.#deadLetters = new Harvester({
      ...common,
      maxBatchBytes: MAX_BATCH_BYTES,
      bytesOf: ({ bytes }) => bytes,
      send: (items) => this.#sendDeadLetters(items),
      retryUntil: ({ delivery }) => delivery.deadline,
    });
  }

  /** Deletes the message; `onDeleted` tells when that is confirmed. */
  delete(delivery: SqsDelivery): void {
    this.#deletes.put(delivery);
  }

  /** Makes the message visible again after so many seconds, or as many as the service still allows. */
  return(delivery: SqsDelivery, seconds: number): Promise<void> {
    return this.#returns.add({ delivery, seconds });
  }

  extend({ delivery, seconds }: Extension): Promise<void> {
    return this.#extensions.add({ delivery, seconds, receiptHandle: delivery.receiptHandle, sentAt: 0 });
  }

  sendDeadLetter(item: DeadLetterItem): Promise<void> {
    return this.#deadLetters.add(item);
  }

  /**
   * Has the deletes of these messages go before all others, like extensions, and answers for which of them that was
   * possible: their deletes wait for a turn.
   */
  hastenDeletes(deliveries: ReadonlySet<SqsDelivery>): ReadonlySet<SqsDelivery> {
    return this.#deletes.hasten(deliveries, PRIORITY.extend);
  }

  flushExtensions(): void {
    this.#extensions.flush();
  }

  /** The service answers receives again, after a time in which it did not. */
  serviceIsBack(): void {
    for (const harvester of [this.#extensions, this.#deadLetters, this.#deletes, this.#returns])
      harvester.sourceIsBack();
  }

  flush(): void {
    for (const harvester of [this.#deadLetters, this.#deletes, this.#returns]) harvester.flush();
  }

  /** Flushes everything; dead letters first, as each is followed by its delete. */
  async close(signal: AbortSignal): Promise<void> {
    this.#closing = signal;
    await this.#deadLetters.close(signal);
    await Promise.all([this.#deletes.close(signal), this.#returns.close(signal)]);
    await this.#extensions.close(signal);
    // Requests that have not answered are given up: other settlers may wait for their turns.
    this.#isClosed = true;
    for (const timer of this.#timers.values()) timer.cancel();
  }

  #createDeletes(common: Omit<HarvesterOptions<SqsDelivery>, "send" | "retryUntil">): Harvester<SqsDelivery> {
    const gathering = this.#gathering;
    return new Harvester({
      ...common,
      get maxAgeMs() {
        return gathering.ageMs;
      },
      send: (deliveries) => this.#sendDeletes(deliveries),
      retryUntil: (delivery) => delivery.deadline,
      onSettled: (delivery, error) => {
        const isVoid = this.#isVoid(delivery, error);
        if (isVoid && this.#closing?.aborted !== true) this.delete(delivery);
        else this.#options.onDeleted(delivery, error);
      },
    });
  }

  /** An old handle: a standard queue confirms it and may have deleted nothing, a FIFO queue refuses it. */
  #isVoid({ deletedWith, receiptHandle, deadline }: SqsDelivery, error: unknown): boolean {
    if (deletedWith === undefined || deletedWith === receiptHandle) return false;
    return error === undefined || deadline > this.#options.clock.now();
  }

  #sendDeletes(deliveries: readonly SqsDelivery[]): Promise<readonly EntryResult[]> {
    for (const delivery of deliveries) delivery.deletedWith = delivery.receiptHandle;
    const sentAt = this.#options.clock.now();
    // A process that stood still may come to this before it comes to its timers.
    const lapsed = deliveries.filter(({ isLost, deadline }) => isLost || sentAt >= deadline);
    return this.#call({
      operation: "DeleteMessageBatch",
      onThrottled: () => this.#gathering.throttled(sentAt),
      send: () =>
        this.#options.port.deleteMessageBatch({
          QueueUrl: this.#options.queueUrl,
          Entries: deliveries.map(({ receiptHandle }, index) => ({ Id: String(index), ReceiptHandle: receiptHandle })),
        }),
      count: deliveries.length,
      secrets: () => deliveries.map(({ receiptHandle }) => receiptHandle),
      hasLapsed: lapsed.length === 0 ? undefined : (index) => lapsed.includes(deliveries[index] as SqsDelivery),
    });
  }

  async #sendReturns(returns: readonly Return[]): Promise<readonly EntryResult[]> {
    for (const { delivery } of returns) delivery.isReturning = true;
    let results: readonly EntryResult[] = [];
    try {
      const now = this.#options.clock.now();
      const changes = returns.map(({ delivery, seconds }) => {
        const allowed = Math.floor((delivery.latestDeadline - now) / 1_000);
        return { delivery, seconds: Math.max(0, Math.min(seconds, allowed)) };
      });
      results = await this.#changeVisibility(changes, { timeoutMs: this.#options.timeoutMs });
      return results;
    } finally {
      // One that has worked stays marked until it is forgotten, some turns from now.
      for (const [index, { delivery }] of returns.entries()) delivery.isReturning = results[index]?.status === "done";
    }
  }

  async #sendExtensions(extensions: readonly TimedExtension[]): Promise<readonly EntryResult[]> {
    const { clock, timeoutMs, renewAttemptMs } = this.#options;
    const sentAt = clock.now();
    for (const extension of extensions) {
      extension.sentAt = sentAt;
      extension.delivery.isExtensionOut = true;
    }
    try {
      const results = await this.#changeVisibility(extensions, {
        timeoutMs: Math.min(timeoutMs, renewAttemptMs),
        // It would hide a message that was given back while this one rested.
        isWanted: ({ delivery: { isExtending, phase } }) => isExtending || phase === "here",
      });
      this.#options.onExtensionsSent(results.filter(({ status }) => status === "done").length);
      return results;
    } finally {
      for (const { delivery } of extensions) delivery.isExtensionOut = false;
    }
  }

  /** Nothing is asked for past its lease: others may have the message, and the service may heed an old handle. */
  async #changeVisibility(
    changes: readonly Extension[],
    { timeoutMs, isWanted = () => true }: VisibilityChange,
  ): Promise<readonly EntryResult[]> {
    const now = this.#options.clock.now();
    const wanted = changes.filter((change) => now < change.delivery.deadline && isWanted(change));
    const results = wanted.length === 0 ? [] : await this.#sendChanges(wanted, timeoutMs);
    const byChange = new Map(wanted.map((change, index) => [change, results[index]]));
    return changes.map((change) => byChange.get(change) ?? createLapsedResult());
  }

  #sendChanges(changes: readonly Extension[], timeoutMs: number): Promise<readonly EntryResult[]> {
    return this.#call({
      operation: "ChangeMessageVisibilityBatch",
      timeoutMs,
      send: () =>
        this.#options.port.changeMessageVisibilityBatch({
          QueueUrl: this.#options.queueUrl,
          Entries: changes.map(({ delivery, seconds }, index) => ({
            Id: String(index),
            ReceiptHandle: delivery.receiptHandle,
            VisibilityTimeout: seconds,
          })),
        }),
      count: changes.length,
      secrets: () => changes.map(({ delivery }) => delivery.receiptHandle),
    });
  }

  async #sendDeadLetters(items: readonly DeadLetterItem[]): Promise<readonly EntryResult[]> {
    try {
      return await this.#call({
        operation: "SendMessageBatch",
        send: () =>
          this.#options.port.sendMessageBatch({
            QueueUrl: items[0]?.queueUrl ?? "",
            Entries: items.map(({ entry }, index) => ({ Id: String(index), ...entry })),
          }),
        count: items.length,
        secrets: () => items.map(({ entry }) => entry.MessageBody),
      });
    } catch (error) {
      // Messages that are refused are given back. Asking again would keep them from everybody while their leases last.
      const isRefused = error instanceof ServiceError && REFUSALS.has(error.errorClass);
      if (isRefused) return items.map(() => ({ status: "refused", error }));
      throw error;
    }
  }

  /** Makes a batch call and gives each entry its own result. */
  #call(call: BatchCall): Promise<readonly EntryResult[]> {
    const { clock } = this.#options;
    const { operation, timeoutMs = this.#options.timeoutMs } = call;
    const createError = (): Error => createTimeoutError(operation, timeoutMs);
    return withTimeout(ask(call), { clock, timeoutMs, timers: this.#timers, createError })
      .then((output) => readResults(output, call))
      .catch((cause: unknown) => {
        if (this.#isClosed) throw cause;
        const error = toServiceError(cause, operation, call.secrets());
        if (error.errorClass === "throttled") call.onThrottled?.();
        this.#options.report(error);
        throw error;
      });
  }
}

/** How visibility is changed. */
interface VisibilityChange {
  readonly timeoutMs: number;
  /** Whether it is still to be asked for; not past its lease, in any case. */
  readonly isWanted?: (change: Extension) => boolean;
}

/** A request that was not answered says nothing of others: they may have other sockets. */
function isTimeout(error: unknown): boolean {
  return isInstance(error, ServiceError) && error.code === "REQUEST_TIMEOUT";
}
