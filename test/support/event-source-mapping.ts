// What stands between a queue and a function: it receives batches, calls the function, and deletes what is done. As the
// Lambda developer guide has it ("Using Lambda with Amazon SQS"), with ReportBatchItemFailures.
import type { SqsBatchResponse } from "millrace/lambda";
import { createSqsEvent, type SimulatedSqs, type SqsMessage, type SqsTestEvent } from "millrace/testing";

/** Calls the function; a rejection is a call that has failed. */
export type InvokeFunction = (event: SqsTestEvent) => Promise<SqsBatchResponse>;

export class EventSourceMapping {
  readonly #sqs: SimulatedSqs;
  readonly #queueUrl: string;
  readonly #batchSize: number;

  constructor(parts: { readonly sqs: SimulatedSqs; readonly queueUrl: string; readonly batchSize: number }) {
    this.#sqs = parts.sqs;
    this.#queueUrl = parts.queueUrl;
    this.#batchSize = parts.batchSize;
  }

  get queueArn(): string {
    return `arn:aws:sqs:us-east-1:000000000000:${this.#queueUrl.split("/").at(-1)}`;
  }

  /** One batch. Answers how many messages it had. */
  async poll(invoke: InvokeFunction): Promise<number> {
    const messages = await this.#receive();
    if (messages.length === 0) return 0;
    const response = await invoke(this.#createEvent(messages)).catch(() => undefined);
    if (response !== undefined) await this.#deleteDone(messages, response);
    return messages.length;
  }

  async #receive(): Promise<SqsMessage[]> {
    const received: SqsMessage[] = [];
    while (received.length < this.#batchSize) {
      const { Messages = [] } = await this.#sqs.receiveMessage({
        QueueUrl: this.#queueUrl,
        MaxNumberOfMessages: Math.min(10, this.#batchSize - received.length),
        MessageSystemAttributeNames: ["All"],
      });
      if (Messages.length === 0) break;
      received.push(...Messages);
    }
    return received;
  }

  #createEvent(messages: readonly SqsMessage[]): SqsTestEvent {
    const { queueArn } = this;
    const records = messages.map(({ MessageId, ReceiptHandle, Body, Attributes = {} }) => {
      return {
        messageId: MessageId,
        receiptHandle: ReceiptHandle,
        body: Body,
        attributes: Attributes,
      };
    });
    return createSqsEvent(records, { queueArn });
  }

  async #deleteDone(messages: readonly SqsMessage[], { batchItemFailures }: SqsBatchResponse): Promise<void> {
    const failed = new Set(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
    for (const { MessageId, ReceiptHandle } of messages) {
      if (!failed.has(MessageId)) await this.#sqs.deleteMessage({ QueueUrl: this.#queueUrl, ReceiptHandle });
    }
  }
}
