// Many queues of one simulated service on a virtual clock, and groups that consume them.
import {
  ConsumerGroup,
  type ConsumerGroupOptions,
  type GroupHandler,
  type GroupQueue,
  type MillraceError,
  type SqsGroupQueue,
} from "millrace";
import { type FaultSettings, seededRandom, SimulatedSqs, VirtualClock } from "millrace/testing";

/** A group whose errors are collected, each with the queue's name. */
export type TestGroup = ConsumerGroup & {
  readonly reported: ReadonlyArray<readonly [string | undefined, MillraceError]>;
};

/** A service with as many queues as are wanted, and the time they live in. */
export class SimulatedQueues {
  readonly clock: VirtualClock = new VirtualClock();
  readonly sqs: SimulatedSqs;

  constructor() {
    this.sqs = new SimulatedSqs({ clock: this.clock, seed: 1 });
  }

  /** Creates a queue with so many messages, and answers its URL. Takes no time. */
  async create(name: string, messages = 0): Promise<string> {
    const { QueueUrl } = await this.#withoutFaults(() => {
      const Attributes = name.endsWith(".fifo") ? { FifoQueue: "true" } : {};
      return this.sqs.createQueue({ QueueName: name, Attributes });
    });
    await this.send(QueueUrl, messages);
    return QueueUrl;
  }

  /** Sends messages whose bodies are "0", "1" and so on. Takes no time. */
  async send(queueUrl: string, count: number): Promise<void> {
    await this.#withoutFaults(async () => {
      for (let first = 0; first < count; first += 10) {
        const Entries = Array.from({ length: Math.min(10, count - first) }, (_, index) => ({
          Id: String(index),
          MessageBody: String(first + index),
        }));
        await this.sqs.sendMessageBatch({ QueueUrl: queueUrl, Entries });
      }
    });
  }

  /** The URL of a queue. */
  url(name: string): string {
    return `${this.sqs.endpoint}/000000000000/${name}`;
  }

  /** How many messages are in a queue, wherever. */
  size(queueUrl: string): number {
    const { visible, inFlight, delayed } = this.sqs.counts(queueUrl);
    return visible + inFlight + delayed;
  }

  /** A handler's work that takes so long. */
  work(durationMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.clock.setTimer(resolve, durationMs);
    });
  }

  /** A group on this service. */
  consume(handler: GroupHandler, options: ConsumerGroupOptions = {}): TestGroup {
    const reported: Array<readonly [string | undefined, MillraceError]> = [];
    const { clock, sqs } = this;
    const group = new ConsumerGroup(handler, { client: sqs, clock, random: seededRandom(7), ...options });
    group.on("error", (error, queue) => reported.push([queue, error]));
    return Object.assign(group, { reported });
  }

  async #withoutFaults<Value>(action: () => Promise<Value>): Promise<Value> {
    const faults: FaultSettings = { ...this.sqs.faults };
    this.sqs.clearFaults();
    const value = await action();
    Object.assign(this.sqs.faults, faults);
    return value;
  }
}

/** A class of queues that are alike. */
export interface QueueClass extends Omit<SqsGroupQueue, "queueUrl" | "name"> {
  readonly name: string;
  /** How many messages each has at first. */
  readonly messages: number;
}

/** Creates so many queues of each class: `high-1`, `high-2` and so on. */
export async function createClasses(
  queues: SimulatedQueues,
  each: number,
  classes: readonly QueueClass[],
): Promise<GroupQueue[]> {
  const created: GroupQueue[] = [];
  for (const { name, messages, ...options } of classes) {
    for (let number = 1; number <= each; number += 1) {
      created.push({ ...options, queueUrl: await queues.create(`${name}-${number}`, messages) });
    }
  }
  return created;
}
