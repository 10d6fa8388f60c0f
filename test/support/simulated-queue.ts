// A queue of the simulated service on a virtual clock, and consumers of it, for tests that live outside of real time.
import {
  Consumer,
  type Handler,
  type Message,
  type MillraceError,
  type SqsConsumerOptions,
  type SqsPort,
} from "millrace";
import { type FaultSettings, seededRandom, SimulatedSqs, VirtualClock } from "millrace/testing";

/** What a simulated queue is made with. */
export interface SimulatedQueueOptions {
  readonly faults?: Partial<FaultSettings>;
  readonly attributes?: Readonly<Record<string, string>>;
  /** How many messages are in it from the start; their bodies are "0", "1" and so on. */
  readonly messages?: number;
  /** With it, the queue has a dead-letter queue. */
  readonly maxReceiveCount?: number;
  /** Whether it is a FIFO queue; its messages are sent with `sendTo`. */
  readonly isFifo?: boolean;
  readonly journal?: boolean;
  readonly seed?: number;
}

/** A message of a FIFO queue that is told from others by more than its body. */
export interface FifoMessage {
  readonly body: string;
  readonly deduplicationId: string;
}

/** One queue, its service, and the time they live in. */
export class SimulatedQueue {
  readonly clock: VirtualClock;
  readonly sqs: SimulatedSqs;
  readonly url: string;
  readonly deadLetterUrl: string;
  #sent = 0;

  private constructor(parts: { clock: VirtualClock; sqs: SimulatedSqs; url: string; deadLetterUrl: string }) {
    this.clock = parts.clock;
    this.sqs = parts.sqs;
    this.url = parts.url;
    this.deadLetterUrl = parts.deadLetterUrl;
  }

  static async create(options: SimulatedQueueOptions = {}): Promise<SimulatedQueue> {
    const clock = new VirtualClock();
    const sqs = new SimulatedSqs({ clock, seed: options.seed ?? 1, journal: options.journal ?? false });
    const suffix = options.isFifo === true ? ".fifo" : "";
    const fifo = options.isFifo === true ? { FifoQueue: "true" } : {};
    const deadLetters = await sqs.createQueue({ QueueName: `jobs-dead${suffix}`, Attributes: fifo });
    const { QueueUrl } = await sqs.createQueue({
      QueueName: `jobs${suffix}`,
      Attributes: {
        ...fifo,
        ...options.attributes,
        ...(options.maxReceiveCount && redrive(options.maxReceiveCount, suffix)),
      },
    });
    const queue = new SimulatedQueue({ clock, sqs, url: QueueUrl, deadLetterUrl: deadLetters.QueueUrl });
    await queue.send(options.messages ?? 0);
    Object.assign(sqs.faults, options.faults);
    return queue;
  }

  /** Sends messages, whatever faults are switched on. Takes no time. */
  async send(count: number, attributes: { readonly MessageGroupId?: string } = {}): Promise<void> {
    const faults = { ...this.sqs.faults };
    this.sqs.clearFaults();
    for (let left = count; left > 0; left -= 10) {
      const Entries = Array.from({ length: Math.min(left, 10) }, (_, index) => {
        this.#sent += 1;
        return { Id: String(index), MessageBody: String(this.#sent - 1), ...attributes };
      });
      await this.sqs.sendMessageBatch({ QueueUrl: this.url, Entries });
    }
    Object.assign(this.sqs.faults, faults);
  }

  /** Sends messages to a FIFO queue, such as "a1": the first of group a. Whatever faults are switched on; takes no time. */
  async sendTo(...messages: ReadonlyArray<string | FifoMessage>): Promise<void> {
    const faults = { ...this.sqs.faults };
    this.sqs.clearFaults();
    for (let from = 0; from < messages.length; from += 10) {
      const Entries = messages.slice(from, from + 10).map((message, index) => {
        const { body, deduplicationId } =
          typeof message === "string" ? { body: message, deduplicationId: message } : message;
        return {
          Id: String(index),
          MessageBody: body,
          MessageGroupId: body.replace(/\d+$/u, ""),
          MessageDeduplicationId: deduplicationId,
        };
      });
      await this.sqs.sendMessageBatch({ QueueUrl: this.url, Entries });
    }
    Object.assign(this.sqs.faults, faults);
  }

  /** A handler's work that takes so long. */
  work(durationMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.clock.setTimer(resolve, durationMs);
    });
  }

  /** A consumer of the queue. Its errors are collected, its jitter is the same in every run. */
  consume(handler: Handler<Message>, options: Partial<SqsConsumerOptions> = {}): TestConsumer {
    const errors: MillraceError[] = [];
    const consumer = new Consumer(handler, {
      queueUrl: this.url,
      client: this.sqs,
      clock: this.clock,
      random: seededRandom(7),
      ...options,
    });
    consumer.on("error", (error) => errors.push(error));
    return Object.assign(consumer, { reported: errors });
  }

  /** The service as a port of which some calls are replaced. */
  portWith(replaced: Partial<SqsPort>): SqsPort {
    const { sqs } = this;
    return {
      receiveMessage: (input, options) => sqs.receiveMessage(input, options),
      deleteMessageBatch: (input) => sqs.deleteMessageBatch(input),
      changeMessageVisibilityBatch: (input) => sqs.changeMessageVisibilityBatch(input),
      sendMessageBatch: (input) => sqs.sendMessageBatch(input),
      ...replaced,
    };
  }

  get counts(): { readonly visible: number; readonly inFlight: number; readonly delayed: number } {
    return this.sqs.counts(this.url);
  }

  /** How many messages are in the queue, wherever. */
  get size(): number {
    const { visible, inFlight, delayed } = this.counts;
    return visible + inFlight + delayed;
  }

  get receives(): number {
    return this.sqs.statistics.requestsByOperation.ReceiveMessage ?? 0;
  }

  get deletes(): number {
    return this.sqs.statistics.requestsByOperation.DeleteMessageBatch ?? 0;
  }

  get visibilityChanges(): number {
    return this.sqs.statistics.requestsByOperation.ChangeMessageVisibilityBatch ?? 0;
  }
}

/** A consumer and what it reported as errors. */
export type TestConsumer = Consumer & { readonly reported: MillraceError[] };

/** Counts how many handlers run, and the most that ever did at once. */
export class Gauge {
  now = 0;
  most = 0;
  started = 0;

  /** Counts for as long as the work goes on. */
  async during<Value>(work: () => Promise<Value>): Promise<Value> {
    this.now += 1;
    this.started += 1;
    this.most = Math.max(this.most, this.now);
    try {
      return await work();
    } finally {
      this.now -= 1;
    }
  }
}

function redrive(maxReceiveCount: number, suffix: string): Record<string, string> {
  const deadLetterTargetArn = `arn:aws:sqs:us-east-1:000000000000:jobs-dead${suffix}`;
  return { RedrivePolicy: JSON.stringify({ deadLetterTargetArn, maxReceiveCount }) };
}
