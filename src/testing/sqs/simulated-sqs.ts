// A whole SQS in memory, with the methods of the SDK's `SQS` client.

import type { SqsCallOptions, SqsInput, SqsOperation, SqsOutput } from "./api.js";
import { noFaults, type FaultSettings } from "./faults.js";
import type { Journal } from "./journal.js";
import type { QueueCounts } from "./message-store.js";
import { SimulatedService, type SimulatedSqsOptions } from "./simulated-service.js";
import type { Statistics } from "./statistics.js";

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
  readonly #service: SimulatedService;

  constructor(options: SimulatedSqsOptions = {}) {
    this.#service = new SimulatedService(options);
  }

  /** The faults, to be read and changed at any time: `sqs.faults.throttling = 0.2`. */
  get faults(): FaultSettings {
    return this.#service.faults;
  }

  /** What was counted. */
  get statistics(): Statistics {
    return this.#service.statistics;
  }

  /** What happened to each message; undefined unless the option `journal` is true. */
  get journal(): Journal | undefined {
    return this.#service.journal;
  }

  /** The beginning of queue URLs. */
  get endpoint(): string {
    return this.#service.address.endpoint;
  }

  /** Makes all queue URLs begin otherwise from now on; those given out before are still understood. */
  set endpoint(endpoint: string) {
    this.#service.address.endpoint = endpoint;
  }

  /** Switches all faults off. */
  clearFaults(): void {
    Object.assign(this.faults, noFaults());
  }

  /**
   * How many messages of a queue are where, right now. Messages of a FIFO queue that wait behind others of their group
   * count as visible, as AWS counts them.
   *
   * @throws SqsServiceError `QueueDoesNotExist`
   */
  counts(queueUrl: string): QueueCounts {
    return this.#service.registry.byUrl(queueUrl).counts;
  }

  /**
   * How many long polls wait for a message of this queue, the aborted ones included that still swallow messages.
   *
   * @throws SqsServiceError `QueueDoesNotExist`
   */
  waitingPolls(queueUrl: string): number {
    return this.#service.registry.byUrl(queueUrl).waitingPolls;
  }

  /** How many requests there were: of one operation, or of all. */
  requestCount(operation?: SqsOperation): number {
    if (operation === undefined) return this.statistics.requests;
    return this.statistics.requestsByOperation[operation] ?? 0;
  }

  /** Answers all waiting polls with nothing, so that no timer is left. */
  close(): void {
    for (const queue of this.#service.registry.all()) queue.close();
  }

  /**
   * Performs an operation by its name. The methods below do the same, one for each operation.
   *
   * @throws SqsServiceError what the service would answer
   */
  perform<Operation extends SqsOperation>(
    operation: Operation,
    input: SqsInput<Operation>,
    options: SqsCallOptions = {},
  ): Promise<SqsOutput<Operation>> {
    return this.#service.perform(operation, input, options);
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
