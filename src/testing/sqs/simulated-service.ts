// The service behind SimulatedSqs: what becomes of a request from its arrival to its answer, faults included.

import type { Clock } from "../../internal/clock.js";
import type { RandomSource } from "../random.js";
import type { ReceiveMessageInput, SqsCallOptions, SqsInput, SqsOperation, SqsOutput } from "./api.js";
import { ConnectionResetError, internalFailure, notSimulated, requestAborted, requestThrottled } from "./errors.js";
import { FaultDice, type Fault, type FaultSettings } from "./faults.js";
import { Journal, type JournalEntry, type JournalRecorder } from "./journal.js";
import * as messages from "./message-operations.js";
import type { ArrivedRequest } from "./message-operations.js";
import { resolveSimulatedSqsOptions } from "./options.js";
import { pause, untilAborted } from "./pause.js";
import type { SqsMessageMoveTask } from "./queue-api.js";
import * as queues from "./queue-operations.js";
import { QueueRegistry, type ServiceAddress } from "./queue-registry.js";
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
   * Whether to keep a journal, which grows with every request; or a function that is called with each entry instead, so
   * that a long run keeps nothing.
   *
   * @defaultValue false
   */
  readonly journal?: boolean | ((entry: JournalEntry) => void);
}

type Work = (input: never, request: ArrivedRequest) => unknown;

interface UnworkedRequest {
  readonly operation: SqsOperation;
  readonly input: object;
  readonly abortSignal: AbortSignal | undefined;
}

export class SimulatedService {
  readonly faults: FaultSettings;
  readonly statistics: Statistics = newStatistics();
  readonly journal: Journal | undefined;
  readonly registry: QueueRegistry;
  readonly address: ServiceAddress;

  readonly #clock: Clock;
  readonly #dice: FaultDice;
  readonly #moveTasks: SqsMessageMoveTask[] = [];
  readonly #messageIdPrefix: string;
  readonly #work: Readonly<Record<SqsOperation, Work>>;
  #messageCount = 0;

  constructor(options: SimulatedSqsOptions = {}) {
    const resolved = resolveSimulatedSqsOptions(options);
    const { clock, random, region, accountId, endpoint, startDate, mostInFlight, journal } = resolved;
    const epochOffsetMs = startDate.getTime() - clock.now();
    this.#clock = clock;
    this.faults = resolved.faults;
    this.journal = journal === true ? new Journal() : undefined;
    this.#dice = new FaultDice(this.faults, random);
    this.address = { region, accountId, endpoint };
    this.#messageIdPrefix = `${randomHex(random)}-0000-4000-8000-`;
    this.registry = new QueueRegistry(this.address, {
      clock,
      random,
      mostInFlight,
      faults: this.faults,
      dice: this.#dice,
      journal: this.journal ?? listenerOf(resolved),
      statistics: this.statistics,
      toEpochMs: (clockMs) => Math.floor(clockMs + epochOffsetMs),
    });
    this.#work = this.#table();
  }

  /** Does the work of a request, with what goes wrong before and after it. */
  async perform<Operation extends SqsOperation>(
    operation: Operation,
    input: SqsInput<Operation>,
    options: SqsCallOptions = {},
  ): Promise<SqsOutput<Operation>> {
    const work = this.#work[operation];
    if (work === undefined) throw notSimulated(`The operation ${String(operation)}`);
    const abortSignal = options.abortSignal ?? undefined;
    if (abortSignal?.aborted === true) throw requestAborted();
    const { accessKeyId } = options;
    const fault = this.#dice.forRequest({ operation, attempt: this.#count(operation), input, accessKeyId });
    const { beforeMs, afterMs } = this.#dice.latency();
    if (beforeMs > 0) await pause(this.#clock, beforeMs, abortSignal);
    // Nothing is awaited that need not be: without faults a request reaches its queue in the same tick.
    if (fault.kind !== "none") await this.#failBeforeWork(fault, { operation, input, abortSignal });
    const output = await work(input as never, this.#arrived(fault, { abortSignal, accessKeyId }));
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

  async #failBeforeWork(fault: Fault, { operation, input, abortSignal }: UnworkedRequest): Promise<void> {
    this.statistics.faultyRequests += 1;
    if (fault.kind === "throttle") {
      if (operation === "ReceiveMessage") messages.noteThrottled(input as ReceiveMessageInput, this.registry);
      throw requestThrottled();
    }
    if (fault.kind === "serverError") throw internalFailure(fault.httpStatusCode ?? 500);
    if (fault.kind === "reset") throw new ConnectionResetError();
    if (fault.kind === "error") throw fault.error;
    if (fault.kind === "hang") await untilAborted(abortSignal);
  }

  #arrived(fault: Fault, { abortSignal, accessKeyId }: SqsCallOptions): ArrivedRequest {
    return { registry: this.registry, fault, abortSignal, accessKeyId, nextMessageId: this.#nextMessageId };
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
}

function randomHex(random: RandomSource): string {
  return Math.floor(random() * 0x1_0000_0000)
    .toString(16)
    .padStart(8, "0");
}

function listenerOf({ journal }: SimulatedSqsOptions): JournalRecorder | undefined {
  return typeof journal === "function" ? { record: journal } : undefined;
}
