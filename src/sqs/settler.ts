// Everything that is told to the service about messages: deletes, visibility changes, extensions and dead letters, each
// collected into batches by a harvester of its own.
import PQueue from "p-queue";
import { type MillraceError, ServiceError } from "../errors.js";
import { type EntryResult, Harvester } from "../harvester/harvester.js";
import type { Clock } from "../internal/clock.js";
import type { Extension } from "./lease-keeper.js";
import type { BatchFailure, BatchOutput, SendEntry, SqsPort } from "./port.js";
import { toServiceError } from "./service-errors.js";
import type { SqsDelivery } from "./sqs-delivery.js";

/** SQS takes ten entries a batch, and 1 MiB for all of them together. */
const MAX_BATCH_SIZE = 10;
const MAX_BATCH_BYTES = 1_048_576;

/** Which go first when many requests wait: what ends a message before what keeps it. */
const PRIORITY = { settle: 1, extend: 0 } as const;

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

/** What a settler works with. */
export interface SettlerOptions {
  readonly port: SqsPort;
  readonly queueUrl: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly maxAgeMs: number;
  readonly maxRequests: number;
  readonly report: (error: MillraceError) => void;
  /** The service has confirmed a delete, or with an error will not. */
  readonly onDeleted: (delivery: SqsDelivery, error: unknown) => void;
  /** An extension was answered: from `sentAt` on the message is hidden for so many seconds, or `error` says why not. */
  readonly onExtended: (extension: Extension, sentAt: number, error: unknown) => void;
  readonly onExtensionsSent: (count: number) => void;
}

interface TimedExtension extends Extension {
  /** The handle it was asked for with; another receive makes it void. */
  readonly receiptHandle: string;
  sentAt: number;
}

/** Tells the service what becomes of messages. */
export class Settler {
  readonly #options: SettlerOptions;
  readonly #deletes: Harvester<SqsDelivery>;
  readonly #returns: Harvester<Return>;
  readonly #extensions: Harvester<TimedExtension>;
  readonly #deadLetters: Harvester<DeadLetterItem>;

  constructor(options: SettlerOptions) {
    this.#options = options;
    const { clock, random, maxAgeMs } = options;
    const queue = new PQueue({ concurrency: options.maxRequests });
    const common = { clock, random, maxAgeMs, queue, maxBatchSize: MAX_BATCH_SIZE, priority: PRIORITY.settle };
    this.#deletes = new Harvester({
      ...common,
      send: (deliveries) => this.#sendDeletes(deliveries),
      retryUntil: (delivery) => delivery.deadline,
      onSettled: options.onDeleted,
    });
    this.#returns = new Harvester({
      ...common,
      send: (returns) => this.#sendReturns(returns),
      retryUntil: ({ delivery }) => delivery.deadline,
    });
    this.#extensions = new Harvester({
      ...common,
      priority: PRIORITY.extend,
      send: (extensions) => this.#sendExtensions(extensions),
      retryUntil: ({ delivery, receiptHandle }) =>
        delivery.receiptHandle === receiptHandle && delivery.isExtending ? delivery.deadline : -Infinity,
      onSettled: (extension, error) => options.onExtended(extension, extension.sentAt, error),
    });
    this.#deadLetters = new Harvester({
      ...common,
      maxBatchBytes: MAX_BATCH_BYTES,
      bytesOf: ({ bytes }) => bytes,
      send: (items) => this.#sendDeadLetters(items),
      retryUntil: ({ delivery }) => delivery.deadline,
    });
  }

  /** Outcomes that the service has not confirmed. */
  get pending(): number {
    return this.#deletes.pending + this.#returns.pending + this.#deadLetters.pending;
  }

  /** Deletes the message; `onDeleted` tells when that is confirmed. */
  delete(delivery: SqsDelivery): void {
    this.#deletes.put(delivery);
  }

  /** Makes the message visible again after so many seconds. */
  return(delivery: SqsDelivery, seconds: number): Promise<void> {
    return this.#returns.add({ delivery, seconds });
  }

  extend({ delivery, seconds }: Extension): Promise<void> {
    return this.#extensions.add({ delivery, seconds, receiptHandle: delivery.receiptHandle, sentAt: 0 });
  }

  sendDeadLetter(item: DeadLetterItem): Promise<void> {
    return this.#deadLetters.add(item);
  }

  flushExtensions(): void {
    this.#extensions.flush();
  }

  flush(): void {
    for (const harvester of [this.#deadLetters, this.#deletes, this.#returns]) harvester.flush();
  }

  /** Flushes everything; dead letters first, as each is followed by its delete. */
  async close(signal: AbortSignal): Promise<void> {
    await this.#deadLetters.close(signal);
    await Promise.all([this.#deletes.close(signal), this.#returns.close(signal)]);
    await this.#extensions.close(signal);
  }

  async #sendDeletes(deliveries: readonly SqsDelivery[]): Promise<readonly EntryResult[]> {
    const sent = deliveries.map(({ receiptHandle, isLost }) => ({ receiptHandle, isLost }));
    const results = await this.#call("DeleteMessageBatch", deliveries.length, () =>
      this.#options.port.deleteMessageBatch({
        QueueUrl: this.#options.queueUrl,
        Entries: deliveries.map(({ receiptHandle }, index) => ({ Id: String(index), ReceiptHandle: receiptHandle })),
      }),
    );
    return results.map((result, index) => {
      // A standard queue confirms a delete by an old handle and may delete nothing.
      if (deliveries[index]?.receiptHandle !== sent[index]?.receiptHandle)
        return { status: "failed", error: undefined };
      if (sent[index]?.isLost === true) return { status: "refused", error: undefined };
      return result;
    });
  }

  #sendReturns(returns: readonly Return[]): Promise<readonly EntryResult[]> {
    return this.#changeVisibility(returns);
  }

  async #sendExtensions(extensions: readonly TimedExtension[]): Promise<readonly EntryResult[]> {
    const sentAt = this.#options.clock.now();
    for (const extension of extensions) extension.sentAt = sentAt;
    const results = await this.#changeVisibility(extensions);
    this.#options.onExtensionsSent(results.filter(({ status }) => status === "done").length);
    return results;
  }

  #changeVisibility(changes: readonly Extension[]): Promise<readonly EntryResult[]> {
    return this.#call("ChangeMessageVisibilityBatch", changes.length, () =>
      this.#options.port.changeMessageVisibilityBatch({
        QueueUrl: this.#options.queueUrl,
        Entries: changes.map(({ delivery, seconds }, index) => ({
          Id: String(index),
          ReceiptHandle: delivery.receiptHandle,
          VisibilityTimeout: seconds,
        })),
      }),
    );
  }

  #sendDeadLetters(items: readonly DeadLetterItem[]): Promise<readonly EntryResult[]> {
    return this.#call("SendMessageBatch", items.length, () =>
      this.#options.port.sendMessageBatch({
        QueueUrl: items[0]?.queueUrl ?? "",
        Entries: items.map(({ entry }, index) => ({ Id: String(index), ...entry })),
      }),
    );
  }

  /** Makes a batch call and gives each entry its own result. Entries are known by their position: ids must differ. */
  async #call(operation: string, count: number, call: () => Promise<BatchOutput>): Promise<EntryResult[]> {
    let output: BatchOutput;
    try {
      output = await call();
    } catch (cause) {
      const error = toServiceError(cause, operation);
      this.#options.report(error);
      throw error;
    }
    // What is in neither list has not been confirmed.
    const results: EntryResult[] = Array.from({ length: count }, () => ({ status: "failed", error: undefined }));
    for (const { Id } of output.Successful ?? []) setResult(results, Id, { status: "done" });
    for (const failure of output.Failed ?? []) setResult(results, failure.Id, toEntryResult(failure, operation));
    return results;
  }
}

function setResult(results: EntryResult[], id: string | undefined, result: EntryResult): void {
  const index = Number(id);
  if (index in results) results[index] = result;
}

function toEntryResult({ Code, Message, SenderFault }: BatchFailure, operation: string): EntryResult {
  const text = `${operation} has refused an entry: ${Code ?? "no code"}${Message === undefined ? "" : `, ${Message}`}`;
  const error = new ServiceError("REQUEST_FAILED", text, {
    errorClass: "request",
    operation,
  });
  return { status: SenderFault === true ? "refused" : "failed", error };
}
