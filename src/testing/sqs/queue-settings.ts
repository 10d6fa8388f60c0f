// The attributes of a queue: their defaults, what they may be, and the numbers that the queue works with.

import { invalidAttributeName, invalidAttributeValue, invalidValue } from "./errors.js";
import { LARGEST_MESSAGE_BYTES, LONGEST_DELAY_SECONDS, LONGEST_VISIBILITY_SECONDS } from "./limits.js";
import type { SqsQueueAttributes } from "./queue-api.js";

/** Where messages go that were received too often. */
export interface RedrivePolicy {
  readonly deadLetterTargetArn: string;
  readonly maxReceiveCount: number;
}

interface NumberRule {
  readonly fallback: number;
  readonly least: number;
  readonly most: number;
}

const NUMBERS: Readonly<Record<string, NumberRule>> = {
  DelaySeconds: { fallback: 0, least: 0, most: LONGEST_DELAY_SECONDS },
  MaximumMessageSize: { fallback: LARGEST_MESSAGE_BYTES, least: 1024, most: LARGEST_MESSAGE_BYTES },
  MessageRetentionPeriod: { fallback: 345_600, least: 60, most: 1_209_600 },
  ReceiveMessageWaitTimeSeconds: { fallback: 0, least: 0, most: 20 },
  VisibilityTimeout: { fallback: 30, least: 0, most: LONGEST_VISIBILITY_SECONDS },
};

/** What only FIFO queues have: the values that each attribute can have, the default first. */
const FIFO_CHOICES: Readonly<Record<string, readonly [fallback: string, ...others: string[]]>> = {
  FifoQueue: ["true"],
  ContentBasedDeduplication: ["false", "true"],
  DeduplicationScope: ["queue", "messageGroup"],
  FifoThroughputLimit: ["perQueue", "perMessageGroupId"],
};

const OTHERS = new Set([
  "Policy",
  "RedrivePolicy",
  "RedriveAllowPolicy",
  "KmsMasterKeyId",
  "KmsDataKeyReusePeriodSeconds",
  "SqsManagedSseEnabled",
]);

/** Says whether the queue of an ARN is FIFO; undefined when there is none. */
export type FindQueueType = (arn: string) => "fifo" | "standard" | undefined;

/** The settings of one queue. */
export class QueueSettings {
  readonly isFifo: boolean;
  redrivePolicy: RedrivePolicy | undefined;
  readonly #attributes = new Map<string, string>();
  readonly #findQueueType: FindQueueType;

  /** Settings of a queue with these attributes; what they do not say is as AWS has it. */
  constructor(attributes: SqsQueueAttributes, isFifo: boolean, findQueueType: FindQueueType) {
    this.isFifo = isFifo;
    this.#findQueueType = findQueueType;
    for (const [name, { fallback }] of Object.entries(NUMBERS)) this.#attributes.set(name, String(fallback));
    this.#attributes.set("SqsManagedSseEnabled", "true");
    if (isFifo) for (const [name, [fallback]] of Object.entries(FIFO_CHOICES)) this.#attributes.set(name, fallback);
    this.change(attributes);
  }

  get delayMs(): number {
    return this.#milliseconds("DelaySeconds");
  }
  get waitMs(): number {
    return this.#milliseconds("ReceiveMessageWaitTimeSeconds");
  }
  get visibilityMs(): number {
    return this.#milliseconds("VisibilityTimeout");
  }
  get retentionMs(): number {
    return this.#milliseconds("MessageRetentionPeriod");
  }
  get largestMessageBytes(): number {
    return Number(this.#attributes.get("MaximumMessageSize"));
  }
  get isContentDeduplicated(): boolean {
    return this.#attributes.get("ContentBasedDeduplication") === "true";
  }
  get deduplicationScope(): "queue" | "messageGroup" {
    return this.#attributes.get("DeduplicationScope") === "messageGroup" ? "messageGroup" : "queue";
  }

  /** Sets the attributes, or none of them when one is wrong. An empty value removes a policy. */
  change(attributes: SqsQueueAttributes): void {
    const given = Object.entries(attributes).filter((entry): entry is [string, string] => entry[1] !== undefined);
    for (const [name, value] of given) checkAttribute(name, value, this.isFifo);
    this.#checkThroughputLimit(attributes);
    const redrive = attributes["RedrivePolicy"];
    if (redrive !== undefined) this.redrivePolicy = this.#parseRedrivePolicy(redrive);
    for (const [name, value] of given) {
      if (value === "") this.#attributes.delete(name);
      else this.#attributes.set(name, value);
    }
  }

  /** The name of the first attribute that differs from these. */
  firstDifference(attributes: SqsQueueAttributes): string | undefined {
    return Object.keys(attributes).find((name) => attributes[name] !== this.#attributes.get(name));
  }

  entries(): Iterable<[string, string]> {
    return this.#attributes.entries();
  }

  /** A limit for each group is to be had only where ids are told apart in each group. */
  #checkThroughputLimit(attributes: SqsQueueAttributes): void {
    const settingOf = (name: string): string | undefined => attributes[name] ?? this.#attributes.get(name);
    if (settingOf("FifoThroughputLimit") !== "perMessageGroupId") return;
    if (settingOf("DeduplicationScope") !== "messageGroup") throw invalidAttributeValue("FifoThroughputLimit");
  }

  #milliseconds(name: string): number {
    return Number(this.#attributes.get(name)) * 1000;
  }

  #parseRedrivePolicy(text: string): RedrivePolicy | undefined {
    if (text === "") return undefined;
    const invalid = (reason: string): Error => invalidValue(text, "RedrivePolicy", reason);
    const { deadLetterTargetArn, maxReceiveCount } = parseObject(text, invalid);
    if (typeof deadLetterTargetArn !== "string") {
      throw invalid("Redrive policy does not contain mandatory attribute: deadLetterTargetArn.");
    }
    if (maxReceiveCount === undefined) {
      throw invalid("Redrive policy does not contain mandatory attribute: maxReceiveCount.");
    }
    if (!deadLetterTargetArn.startsWith("arn:")) throw invalid("Invalid value for deadLetterTargetArn.");
    const count = Number(maxReceiveCount);
    if (!Number.isInteger(count) || count < 1 || count > 1000) {
      throw invalid(
        `Invalid value for maxReceiveCount: ${JSON.stringify(maxReceiveCount)}, valid values are from 1 to 1000 both inclusive.`,
      );
    }
    const type = this.#findQueueType(deadLetterTargetArn);
    if (type === undefined) throw invalid("Dead letter target does not exist.");
    if (type !== (this.isFifo ? "fifo" : "standard")) {
      throw invalid("Dead-letter queue must be same type of queue as the source.");
    }
    return { deadLetterTargetArn, maxReceiveCount: count };
  }
}

function checkAttribute(name: string, value: string, isFifo: boolean): void {
  const rule = NUMBERS[name];
  if (rule !== undefined) {
    const number = Number(value);
    const isValid = value.trim() !== "" && Number.isInteger(number) && number >= rule.least && number <= rule.most;
    if (!isValid) throw invalidAttributeValue(name);
    return;
  }
  const choices = isFifo ? FIFO_CHOICES[name] : undefined;
  if (choices === undefined && !OTHERS.has(name)) throw invalidAttributeName(name);
  if (choices !== undefined && !choices.includes(value)) throw invalidAttributeValue(name);
}

function parseObject(text: string, invalid: (reason: string) => Error): Record<string, unknown> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    parsed = undefined;
  }
  if (typeof parsed !== "object" || parsed === null) throw invalid("Redrive policy is not a valid JSON map.");
  return parsed as Record<string, unknown>;
}
