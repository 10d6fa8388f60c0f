// A whole SQS in memory, with the methods of the SDK's `SQS` client.

import { systemClock, type Clock } from "../../internal/clock.js";
import { seededRandom, type RandomSource } from "../random.js";
import type { SqsCallOptions, SqsInput, SqsOperation, SqsOutput } from "./api.js";
import { ConnectionResetError, internalFailure, notSimulated, requestAborted, requestThrottled } from "./errors.js";
import { FaultDice, noFaults, type Fault, type FaultSettings } from "./faults.js";
import { Journal } from "./journal.js";
import * as messages from "./message-operations.js";
import type { ArrivedRequest } from "./message-operations.js";
import { pause, untilAborted } from "./pause.js";
import type { SqsMessageMoveTask } from "./queue-api.js";
import * as queues from "./queue-operations.js";
import { QueueRegistry, type ServiceAddress } from "./queue-registry.js";
import type { QueueCounts } from "./message-store.js";
import { newStatistics, type Statistics } from "./statistics.js";

/** What a `SimulatedSqs` takes. */
export interface SimulatedSqsOptions {
  /**
   * The time that it goes by: a `VirtualClock`, say.
   *
   * @defaultValue the time of this process
   */
  readonly clock?: Clock;
  /**
   * Where the faults' luck starts: the same seed and the same requests give the same faults.
   *
   * @defaultValue 1
   */
  readonly seed?: number;
  /** A random source to use instead of `seed`. */
  readonly random?: RandomSource;
  /** @defaultValue "us-east-1" */
  readonly region?: string;
  /** @defaultValue "000000000000" */
  readonly accountId?: string;
  /**
   * The beginning of queue URLs.
   *
   * @defaultValue `https://sqs.REGION.amazonaws.com`
   */
  readonly endpoint?: string;
  /**
   * The date at the moment of construction, from which `SentTimestamp` and its like are counted.
   *
   * @defaultValue today; with a clock of your own the start of 2026, so that every run is the same
   */
  readonly startDate?: Date;
  /**
   * How many messages of a queue can be in flight.
   *
   * @defaultValue 120_000
   */
  readonly mostInFlight?: number;
  /** Faults to begin with; more can be switched on and off through `faults`. */
  readonly faults?: Partial<FaultSettings>;
  /**
   * Whether to keep a journal. It grows with every request.
   *
   * @defaultValue false
   */
  readonly journal?: boolean;
}

type Work = (input: never, request: ArrivedRequest) => unknown;

const OWN_START_DATE = new Date("2026-01-01T00:00:00Z");

/**
 * Amazon SQS, simulated: standard and FIFO queues with everything that a consumer can notice, on any clock, and with
 * faults that can be switched on.
 *
 * It has the methods of the SDK's aggregated client (`SQS`), with the same inputs, outputs and errors, so it can be
 * given to millrace as `client`. `SqsServer` serves it over HTTP to any SDK.
 *
 * @example
 * ```ts
 * const clock = new VirtualClock();
 * const sqs = new SimulatedSqs({ clock, seed: 7, faults: { duplicates: 0.1 } });
 * const { QueueUrl } = await sqs.createQueue({ QueueName: "orders" });
 * ```
 */
export class SimulatedSqs {
  /** The faults, to be read and changed at any time: `sqs.faults.throttling = 0.2`. */
  readonly faults: FaultSettings;
  /** What was counted. */
  readonly statistics: Statistics = newStatistics();
  /** What happened to each message; undefined unless the option `journal` was set. */
  readonly journal: Journal | undefined;

  readonly #clock: Clock;
  readonly #dice: FaultDice;
  readonly #registry: QueueRegistry;
  readonly #address: ServiceAddress;
  readonly #moveTasks: SqsMessageMoveTask[] = [];
  readonly #messageIdPrefix: string;
  readonly #work: Readonly<Record<SqsOperation, Work>>;
  #messageCount = 0;

  constructor(options: SimulatedSqsOptions = {}) {
    const { clock = systemClock, region = "us-east-1", accountId = "000000000000", mostInFlight = 120_000 } = options;
    const { endpoint = `https://sqs.${region}.amazonaws.com` } = options;
    const random = options.random ?? seededRandom(options.seed ?? 1);
    const startDate = options.startDate ?? (options.clock === undefined ? new Date() : OWN_START_DATE);
    const epochOffsetMs = startDate.getTime() - clock.now();
    this.#clock = clock;
    this.faults = { ...noFaults(), ...options.faults };
    this.journal = options.journal === true ? new Journal() : undefined;
    this.#dice = new FaultDice(this.faults, random);
    this.#address = { region, accountId, endpoint };
    this.#messageIdPrefix = `${randomHex(random)}-0000-4000-8000-`;
    this.#registry = new QueueRegistry(this.#address, {
      clock,
      random,
      mostInFlight,
      faults: this.faults,
      dice: this.#dice,
      journal: this.journal,
      statistics: this.statistics,
      toEpochMs: (clockMs) => Math.floor(clockMs + epochOffsetMs),
    });
    this.#work = this.#table();
  }

  /** The beginning of queue URLs. */
  get endpoint(): string {
    return this.#address.endpoint;
  }

  /** Makes all queue URLs begin otherwise from now on; those given out before are still understood. */
  set endpoint(endpoint: string) {
    this.#address.endpoint = endpoint;
  }

  /** Switches all faults off. */
  clearFaults(): void {
    Object.assign(this.faults, noFaults());
  }

  /**
   * How many messages of a queue are where, right now.
   *
   * @throws SqsServiceError `QueueDoesNotExist`
   */
  counts(queueUrl: string): QueueCounts {
    return this.#registry.byUrl(queueUrl).counts;
  }

  /**
   * How many long polls wait for a message of this queue, the aborted ones included that still swallow messages.
   *
   * @throws SqsServiceError `QueueDoesNotExist`
   */
  waitingPolls(queueUrl: string): number {
    return this.#registry.byUrl(queueUrl).waitingPolls;
  }

  /** How many requests there were: of one operation, or of all. */
  requestCount(operation?: SqsOperation): number {
    if (operation === undefined) return this.statistics.requests;
    return this.statistics.requestsByOperation[operation] ?? 0;
  }

  /** Answers all waiting polls with nothing, so that no timer is left. */
  close(): void {
    for (const queue of this.#registry.all()) queue.close();
  }

  /**
   * Performs an operation by its name. The methods below do the same, one for each operation.
   *
   * @throws SqsServiceError what the service would answer
   */
  async perform<Operation extends SqsOperation>(
    operation: Operation,
    input: SqsInput<Operation>,
    options: SqsCallOptions = {},
  ): Promise<SqsOutput<Operation>> {
    const work = this.#work[operation];
    if (work === undefined) throw notSimulated(`The operation ${String(operation)}`);
    const abortSignal = options.abortSignal ?? undefined;
    if (abortSignal?.aborted === true) throw requestAborted();
    const fault = this.#dice.forRequest({ operation, attempt: this.#count(operation), input });
    const { beforeMs, afterMs } = this.#dice.latency();
    if (beforeMs > 0) await pause(this.#clock, beforeMs, abortSignal);
    // Nothing is awaited that need not be: without faults a request reaches its queue in the same tick.
    if (fault.kind !== "none") await this.#failBeforeWork(fault, abortSignal);
    const output = await work(input as never, this.#arrived(fault, abortSignal));
    if (afterMs > 0) await pause(this.#clock, afterMs, abortSignal);
    if (fault.kind === "lostAnswer") throw new ConnectionResetError();
    return output as SqsOutput<Operation>;
  }

  #count(operation: SqsOperation): number {
    const { requestsByOperation } = this.statistics;
    const attempt = (requestsByOperation[operation] ?? 0) + 1;
    requestsByOperation[operation] = attempt;
    this.statistics.requests += 1;
    return attempt;
  }

  async #failBeforeWork(fault: Fault, abortSignal: AbortSignal | undefined): Promise<void> {
    this.statistics.faultyRequests += 1;
    if (fault.kind === "throttle") throw requestThrottled();
    if (fault.kind === "serverError") throw internalFailure(fault.httpStatusCode ?? 500);
    if (fault.kind === "reset") throw new ConnectionResetError();
    if (fault.kind === "error") throw fault.error;
    if (fault.kind === "hang") await untilAborted(abortSignal);
  }

  #arrived(fault: Fault, abortSignal: AbortSignal | undefined): ArrivedRequest {
    return { registry: this.#registry, fault, abortSignal, nextMessageId: this.#nextMessageId };
  }

  /** A UUID that ends in the number of the message: readable in a failing history. */
  readonly #nextMessageId = (): string => {
    this.#messageCount += 1;
    return this.#messageIdPrefix + String(this.#messageCount).padStart(12, "0");
  };

  #table(): Readonly<Record<SqsOperation, Work>> {
    return {
      ReceiveMessage: messages.receiveMessage,
      SendMessage: messages.sendMessage,
      SendMessageBatch: messages.sendMessageBatch,
      DeleteMessage: messages.deleteMessage,
      DeleteMessageBatch: messages.deleteMessageBatch,
      ChangeMessageVisibility: messages.changeMessageVisibility,
      ChangeMessageVisibilityBatch: messages.changeMessageVisibilityBatch,
      CreateQueue: queues.createQueue,
      DeleteQueue: queues.deleteQueue,
      PurgeQueue: queues.purgeQueue,
      GetQueueUrl: queues.getQueueUrl,
      ListQueues: queues.listQueues,
      GetQueueAttributes: queues.getQueueAttributes,
      SetQueueAttributes: queues.setQueueAttributes,
      TagQueue: queues.tagQueue,
      UntagQueue: queues.untagQueue,
      ListQueueTags: queues.listQueueTags,
      ListDeadLetterSourceQueues: queues.listDeadLetterSourceQueues,
      StartMessageMoveTask: (input: SqsInput<"StartMessageMoveTask">, request: ArrivedRequest) =>
        queues.startMessageMoveTask(input, request, this.#moveTasks),
      ListMessageMoveTasks: (input: SqsInput<"ListMessageMoveTasks">, request: ArrivedRequest) =>
        queues.listMessageMoveTasks(input, request, this.#moveTasks),
    };
  }

  /** Receives up to ten messages, waiting for the first one if it has to. */
  receiveMessage(input: SqsInput<"ReceiveMessage">, options?: SqsCallOptions): Promise<SqsOutput<"ReceiveMessage">> {
    return this.perform("ReceiveMessage", input, options);
  }

  /** Sends a message. */
  sendMessage(input: SqsInput<"SendMessage">, options?: SqsCallOptions): Promise<SqsOutput<"SendMessage">> {
    return this.perform("SendMessage", input, options);
  }

  /** Sends one to ten messages; each can fail by itself. */
  sendMessageBatch(
    input: SqsInput<"SendMessageBatch">,
    options?: SqsCallOptions,
  ): Promise<SqsOutput<"SendMessageBatch">> {
    return this.perform("SendMessageBatch", input, options);
  }

  /** Deletes a received message. */
  deleteMessage(input: SqsInput<"DeleteMessage">, options?: SqsCallOptions): Promise<SqsOutput<"DeleteMessage">> {
    return this.perform("DeleteMessage", input, options);
  }

  /** Deletes one to ten received messages; each can fail by itself. */
  deleteMessageBatch(
    input: SqsInput<"DeleteMessageBatch">,
    options?: SqsCallOptions,
  ): Promise<SqsOutput<"DeleteMessageBatch">> {
    return this.perform("DeleteMessageBatch", input, options);
  }

  /** Changes for how long a received message stays hidden from others. */
  changeMessageVisibility(
    input: SqsInput<"ChangeMessageVisibility">,
    options?: SqsCallOptions,
  ): Promise<SqsOutput<"ChangeMessageVisibility">> {
    return this.perform("ChangeMessageVisibility", input, options);
  }

  /** Changes for how long one to ten messages stay hidden; each can fail by itself. */
  changeMessageVisibilityBatch(
    input: SqsInput<"ChangeMessageVisibilityBatch">,
    options?: SqsCallOptions,
  ): Promise<SqsOutput<"ChangeMessageVisibilityBatch">> {
    return this.perform("ChangeMessageVisibilityBatch", input, options);
  }

  /** Creates a queue, or finds it if it has the same attributes. */
  createQueue(input: SqsInput<"CreateQueue">, options?: SqsCallOptions): Promise<SqsOutput<"CreateQueue">> {
    return this.perform("CreateQueue", input, options);
  }

  /** Deletes a queue with all its messages. */
  deleteQueue(input: SqsInput<"DeleteQueue">, options?: SqsCallOptions): Promise<SqsOutput<"DeleteQueue">> {
    return this.perform("DeleteQueue", input, options);
  }

  /** Deletes all messages of a queue; once a minute at most. */
  purgeQueue(input: SqsInput<"PurgeQueue">, options?: SqsCallOptions): Promise<SqsOutput<"PurgeQueue">> {
    return this.perform("PurgeQueue", input, options);
  }

  /** Finds a queue by its name. */
  getQueueUrl(input: SqsInput<"GetQueueUrl">, options?: SqsCallOptions): Promise<SqsOutput<"GetQueueUrl">> {
    return this.perform("GetQueueUrl", input, options);
  }

  /** Lists queues by the beginning of their names. */
  listQueues(input: SqsInput<"ListQueues"> = {}, options?: SqsCallOptions): Promise<SqsOutput<"ListQueues">> {
    return this.perform("ListQueues", input, options);
  }

  /** Reads a queue's attributes: its counts and its settings. */
  getQueueAttributes(
    input: SqsInput<"GetQueueAttributes">,
    options?: SqsCallOptions,
  ): Promise<SqsOutput<"GetQueueAttributes">> {
    return this.perform("GetQueueAttributes", input, options);
  }

  /** Changes a queue's settings. */
  setQueueAttributes(
    input: SqsInput<"SetQueueAttributes">,
    options?: SqsCallOptions,
  ): Promise<SqsOutput<"SetQueueAttributes">> {
    return this.perform("SetQueueAttributes", input, options);
  }

  /** Sets tags on a queue. */
  tagQueue(input: SqsInput<"TagQueue">, options?: SqsCallOptions): Promise<SqsOutput<"TagQueue">> {
    return this.perform("TagQueue", input, options);
  }

  /** Takes tags off a queue. */
  untagQueue(input: SqsInput<"UntagQueue">, options?: SqsCallOptions): Promise<SqsOutput<"UntagQueue">> {
    return this.perform("UntagQueue", input, options);
  }

  /** Lists a queue's tags. */
  listQueueTags(input: SqsInput<"ListQueueTags">, options?: SqsCallOptions): Promise<SqsOutput<"ListQueueTags">> {
    return this.perform("ListQueueTags", input, options);
  }

  /** Lists the queues that send their dead letters to this one. */
  listDeadLetterSourceQueues(
    input: SqsInput<"ListDeadLetterSourceQueues">,
    options?: SqsCallOptions,
  ): Promise<SqsOutput<"ListDeadLetterSourceQueues">> {
    return this.perform("ListDeadLetterSourceQueues", input, options);
  }

  /** Moves dead letters back to where they came from, all at once. */
  startMessageMoveTask(
    input: SqsInput<"StartMessageMoveTask">,
    options?: SqsCallOptions,
  ): Promise<SqsOutput<"StartMessageMoveTask">> {
    return this.perform("StartMessageMoveTask", input, options);
  }

  /** Lists what was moved out of a dead-letter queue. */
  listMessageMoveTasks(
    input: SqsInput<"ListMessageMoveTasks">,
    options?: SqsCallOptions,
  ): Promise<SqsOutput<"ListMessageMoveTasks">> {
    return this.perform("ListMessageMoveTasks", input, options);
  }
}

function randomHex(random: RandomSource): string {
  return Math.floor(random() * 0x1_0000_0000)
    .toString(16)
    .padStart(8, "0");
}
