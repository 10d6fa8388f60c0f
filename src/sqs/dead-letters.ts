// Where a queue's dead letters go, and what goes there.
import { MillraceError } from "../errors.js";
import { abortable, withTimeout } from "../internal/abortable.js";
import type { Clock, Timer } from "../internal/clock.js";
import type { Message, MessageAttribute } from "./message.js";
import { LARGEST_MESSAGE_BYTES, measureBytes } from "./message-size.js";
import type { SendEntry, SqsPort } from "./port.js";
import { createTimeoutError } from "./service-errors.js";

/** The attribute that carries the reason. */
const DEAD_LETTER_REASON_ATTRIBUTE = "DeadLetterReason";
/** A message has at most ten attributes (SQS developer guide, "Message attributes"). */
const MAX_ATTRIBUTES = 10;
/** A reason longer than this is cut. */
const MAX_REASON_LENGTH = 1_024;
/** What SQS refuses in a text (SendMessage, API reference). Errors hold it: the colours of a terminal, say. */
const REFUSED_CHARACTERS = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu;

/** Where a queue's dead-letter queue is looked for. */
export interface DeadLetterQueueOptions {
  readonly port: SqsPort;
  readonly clock: Clock;
  readonly queueUrl: string;
  readonly deadLetterQueueUrl: string | undefined;
  readonly requestTimeoutMs: number;
}

/** Finds the dead-letter queue of a queue, once. */
export class DeadLetterQueue {
  readonly #options: DeadLetterQueueOptions;
  readonly #timers = new Set<Timer>();
  readonly #closing = new AbortController();
  #url: Promise<string> | undefined;

  constructor(options: DeadLetterQueueOptions) {
    this.#options = options;
    if (options.deadLetterQueueUrl !== undefined) this.#url = Promise.resolve(options.deadLetterQueueUrl);
  }

  /** @throws MillraceError `DEAD_LETTER_QUEUE_UNKNOWN` when the queue has none, or may not be asked. */
  async url(): Promise<string> {
    this.#url ??= this.#lookUp();
    try {
      return await this.#url;
    } catch (cause) {
      this.#url = undefined; // The next dead letter asks again: a redrive policy may have been added.
      throw new MillraceError(
        "DEAD_LETTER_QUEUE_UNKNOWN",
        "The queue's dead-letter queue could not be found. Give the queue a redrive policy and allow " +
          "sqs:GetQueueAttributes and sqs:GetQueueUrl, or give the option deadLetterQueueUrl.",
        { cause },
      );
    }
  }

  /** Gives up requests that have not answered. */
  close(): void {
    this.#closing.abort(new MillraceError("STOPPED", "The consumer has stopped before the service answered."));
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
  }

  async #lookUp(): Promise<string> {
    const { port, queueUrl } = this.#options;
    const asking = port.getQueueAttributes?.({ QueueUrl: queueUrl, AttributeNames: ["RedrivePolicy"] });
    const { Attributes } = (await this.#inTime("GetQueueAttributes", asking)) ?? {};
    const policy = JSON.parse(Attributes?.["RedrivePolicy"] ?? "{}") as { deadLetterTargetArn?: string };
    // arn:aws:sqs:REGION:ACCOUNT:NAME
    const [, , , , account, name] = policy.deadLetterTargetArn?.split(":") ?? [];
    if (account === undefined || name === undefined) throw new Error("the queue has no redrive policy");
    const finding = port.getQueueUrl?.({ QueueName: name, QueueOwnerAWSAccountId: account });
    const answer = await this.#inTime("GetQueueUrl", finding);
    if (answer?.QueueUrl === undefined) throw new Error(`the queue ${name} was not found`);
    return answer.QueueUrl;
  }

  async #inTime<Answer>(operation: string, answering: Promise<Answer> | undefined): Promise<Answer | undefined> {
    if (answering === undefined) return undefined; // A port need not have these calls.
    const { clock, requestTimeoutMs: timeoutMs } = this.#options;
    const createError = (): Error => createTimeoutError(operation, timeoutMs);
    const inTime = withTimeout(answering, { clock, timeoutMs, timers: this.#timers, createError });
    return abortable(inTime, this.#closing.signal);
  }
}

/**
 * The message as it is sent on: its body, its attributes, its group, and the reason, unless it is too large with it. On a FIFO
 * queue it is told from others by its id, so that it is there once even if it was sent twice.
 */
export function createDeadLetterEntry(message: Message, reason: string, isFifo: boolean): Omit<SendEntry, "Id"> {
  const attributes = message.MessageAttributes ?? {};
  const plain = createEntry(message, attributes, isFifo);
  if (Object.keys(attributes).length >= MAX_ATTRIBUTES || reason === "") return plain;
  const StringValue = reason.slice(0, MAX_REASON_LENGTH).replace(REFUSED_CHARACTERS, "\u{FFFD}");
  const explanation = { [DEAD_LETTER_REASON_ATTRIBUTE]: { DataType: "String", StringValue } };
  const explained = createEntry(message, { ...attributes, ...explanation }, isFifo);
  return measureBytes(explained) > LARGEST_MESSAGE_BYTES ? plain : explained;
}

function createEntry(
  message: Message,
  attributes: Record<string, MessageAttribute>,
  isFifo: boolean,
): Omit<SendEntry, "Id"> {
  const groupId = message.Attributes?.["MessageGroupId"];
  return {
    MessageBody: message.Body ?? "",
    ...(Object.keys(attributes).length > 0 && { MessageAttributes: attributes }),
    ...(groupId !== undefined && { MessageGroupId: groupId }),
    ...(isFifo && message.MessageId !== undefined && { MessageDeduplicationId: message.MessageId }),
  };
}
