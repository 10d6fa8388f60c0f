// The service of a history: its queues, what is sent to them, and what goes wrong with it.
import {
  type FaultSettings,
  SimulatedSqs,
  SqsServiceError,
  type SqsOperation,
  type RandomSource,
  type VirtualClock,
} from "millrace/testing";
import type { FaultPeriod, History, QueuePlan } from "./history.js";
import { ServiceView } from "./service-view.js";

/** What consumers ask of the service: faults concern these, and not the sender of the messages. */
const OPERATIONS: readonly SqsOperation[] = [
  "ReceiveMessage",
  "DeleteMessageBatch",
  "ChangeMessageVisibilityBatch",
  "SendMessageBatch",
  "GetQueueAttributes",
  "GetQueueUrl",
];

export class ServiceSide {
  readonly sqs: SimulatedSqs;
  readonly view: ServiceView;
  readonly queueUrls: string[] = [];
  readonly deadLetterUrls: string[] = [];
  readonly #history: History;
  /** Which of the planned messages each is. */
  readonly #planned = new Map<string, number>();

  constructor(history: History, clock: VirtualClock, random: RandomSource) {
    this.#history = history;
    this.sqs = new SimulatedSqs({ clock, random, journal: true });
    const { journal } = this.sqs;
    if (journal === undefined) throw new Error("The service keeps no journal");
    this.view = new ServiceView(journal, history.queues.map(nameOf));
  }

  async createQueues(): Promise<void> {
    for (const [index, plan] of this.#history.queues.entries()) {
      const fifo = plan.isFifo ? { FifoQueue: "true" } : {};
      const deadLetters = `dead-${nameOf(plan, index)}`;
      const { QueueUrl: deadLetterUrl } = await this.sqs.createQueue({ QueueName: deadLetters, Attributes: fifo });
      const redrive =
        plan.maxReceiveCount === undefined ? {} : { RedrivePolicy: redriveTo(deadLetters, plan.maxReceiveCount) };
      const { QueueUrl } = await this.sqs.createQueue({
        QueueName: nameOf(plan, index),
        Attributes: { ...fifo, ...redrive },
      });
      this.deadLetterUrls.push(deadLetterUrl);
      this.queueUrls.push(QueueUrl);
    }
  }

  /** Sends a planned message, which takes no time. */
  send(index: number): void {
    const message = this.#history.messages[index];
    if (message === undefined) return;
    const { faults } = this.sqs;
    const { latencyMs } = faults;
    const known = this.view.messages.size;
    faults.latencyMs = 0;
    void this.sqs.sendMessage({
      QueueUrl: this.queueUrls[message.queue],
      MessageBody: String(index),
      MessageGroupId: String(message.group),
      ...(this.#history.queues[message.queue]?.isFifo === true && { MessageDeduplicationId: String(index) }),
      ...(message.paddingBytes > 0 && {
        MessageAttributes: { padding: { DataType: "String", StringValue: "x".repeat(message.paddingBytes) } },
      }),
    });
    faults.latencyMs = latencyMs;
    this.view.catchUp();
    for (const id of [...this.view.messages.keys()].slice(known)) this.#planned.set(id, index);
  }

  /** The number of the planned message. */
  plannedOf(messageId: string): number {
    return this.#planned.get(messageId) as number;
  }

  /** How many messages have been sent. */
  get sent(): number {
    return this.#planned.size;
  }

  get isEmpty(): boolean {
    return this.queueUrls.every((url) => {
      const { visible, inFlight, delayed } = this.sqs.counts(url);
      return visible + inFlight + delayed === 0;
    });
  }

  get deadLetters(): number {
    return this.deadLetterUrls.reduce((sum, url) => {
      const { visible, inFlight, delayed } = this.sqs.counts(url);
      return sum + visible + inFlight + delayed;
    }, 0);
  }

  endFaults(): void {
    const { latencyMs, abortedPollsSwallowMessages } = this.#history;
    this.sqs.clearFaults();
    this.#setFaults({ latencyMs, abortedPollsSwallowMessages, operations: OPERATIONS });
  }

  beginFaults({ faults, isDenied }: FaultPeriod): void {
    this.#setFaults(faults);
    if (isDenied) this.#setFaults({ script: deny });
  }

  #setFaults(faults: Partial<FaultSettings>): void {
    Object.assign(this.sqs.faults, faults);
  }
}

function nameOf({ isFifo }: QueuePlan, index: number): string {
  return `jobs-${index}${isFifo ? ".fifo" : ""}`;
}

function redriveTo(queueName: string, maxReceiveCount: number): string {
  return JSON.stringify({ deadLetterTargetArn: `arn:aws:sqs:us-east-1:000000000000:${queueName}`, maxReceiveCount });
}

const DENIED = new SqsServiceError("AccessDeniedException", "Not allowed.", { httpStatusCode: 403 });

function deny({ operation }: { operation: SqsOperation }): { kind: "error"; error: Error } | undefined {
  return OPERATIONS.includes(operation) ? { kind: "error", error: DENIED } : undefined;
}
