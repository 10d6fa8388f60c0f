// Where dead letters go, and what goes there.
import type { Message, SqsPort } from "millrace";
import { VirtualClock } from "millrace/testing";
import { describe, expect, test } from "vitest";
import { createDeadLetterEntry, DeadLetterQueue } from "../../../src/sqs/dead-letters.js";
import { measureBytes } from "../../../src/sqs/message-size.js";

const QUEUE_URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/orders";
const DEAD_URL = "https://sqs.eu-west-1.amazonaws.com/999999999999/orders-dead";
const POLICY = JSON.stringify({
  deadLetterTargetArn: "arn:aws:sqs:eu-west-1:999999999999:orders-dead",
  maxReceiveCount: 3,
});

/** A service that knows a queue's redrive policy, and notes what it is asked. */
class QueueDirectory {
  readonly clock = new VirtualClock();
  readonly asked: unknown[] = [];
  policy: string | undefined = POLICY;
  url: string | undefined = DEAD_URL;

  find(deadLetterQueueUrl?: string): DeadLetterQueue {
    const port: Partial<SqsPort> = {
      getQueueAttributes: (input) => {
        this.asked.push(input);
        return Promise.resolve({ Attributes: this.policy === undefined ? undefined : { RedrivePolicy: this.policy } });
      },
      getQueueUrl: (input) => {
        this.asked.push(input);
        return Promise.resolve({ QueueUrl: this.url });
      },
    };
    return this.findWith(port, deadLetterQueueUrl);
  }

  findWith(port: Partial<SqsPort>, deadLetterQueueUrl?: string): DeadLetterQueue {
    const options = { port: port as SqsPort, clock: this.clock, queueUrl: QUEUE_URL, requestTimeoutMs: 5_000 };
    return new DeadLetterQueue({ ...options, deadLetterQueueUrl });
  }
}

describe("the dead-letter queue", () => {
  test("is the one that was given, and nobody is asked", async () => {
    const directory = new QueueDirectory();
    expect(await directory.find(DEAD_URL).url()).toBe(DEAD_URL);
    expect(directory.asked).toEqual([]);
  });

  test("is the one that the redrive policy names, in whatever account, and is looked for once", async () => {
    const directory = new QueueDirectory();
    const queue = directory.find();
    expect(await Promise.all([queue.url(), queue.url()])).toEqual([DEAD_URL, DEAD_URL]);
    expect(await queue.url()).toBe(DEAD_URL);
    expect(directory.asked).toEqual([
      { QueueUrl: QUEUE_URL, AttributeNames: ["RedrivePolicy"] },
      { QueueName: "orders-dead", QueueOwnerAWSAccountId: "999999999999" },
    ]);
    expect(directory.clock.pendingTimers).toBe(0);
  });

  test.each<[string, Partial<QueueDirectory>]>([
    ["there is no policy", { policy: undefined }],
    ["the policy names none", { policy: "{}" }],
    ["the policy is not JSON", { policy: "none" }],
    ["the policy names no queue", { policy: '{"deadLetterTargetArn":"orders-dead"}' }],
    ["the queue it names is gone", { url: undefined }],
  ])("is not known when %s, and is looked for again the next time", async (_name, change) => {
    const directory = Object.assign(new QueueDirectory(), change);
    const queue = directory.find();
    await expect(queue.url()).rejects.toMatchObject({
      code: "DEAD_LETTER_QUEUE_UNKNOWN",
      cause: expect.any(Error) as unknown,
    });
    Object.assign(directory, { policy: POLICY, url: DEAD_URL });
    expect(await queue.url()).toBe(DEAD_URL);
  });

  test("is not known when the port cannot be asked, or does not answer in time", async () => {
    const directory = new QueueDirectory();
    await expect(directory.findWith({}).url()).rejects.toMatchObject({ code: "DEAD_LETTER_QUEUE_UNKNOWN" });
    const silent = directory.findWith({ getQueueAttributes: () => new Promise(() => undefined) });
    await expect(directory.clock.runUntil(silent.url())).rejects.toMatchObject({ code: "DEAD_LETTER_QUEUE_UNKNOWN" });
    expect(directory.clock.now()).toBe(5_000);
    expect(directory.clock.pendingTimers).toBe(0);
  });
});

describe("a dead letter", () => {
  const attribute = { DataType: "String", StringValue: "x" };

  test("has the body, the attributes and the group of its message, and the reason", () => {
    const message: Message = {
      Body: "body",
      MessageAttributes: { trace: attribute },
      Attributes: { MessageGroupId: "tenant-1", ApproximateReceiveCount: "3" },
    };
    expect(createDeadLetterEntry(message, "broken", false)).toEqual({
      MessageBody: "body",
      MessageAttributes: { trace: attribute, DeadLetterReason: { DataType: "String", StringValue: "broken" } },
      MessageGroupId: "tenant-1",
    });
    expect(message.MessageAttributes).toEqual({ trace: attribute });
  });

  test("of a FIFO queue is told from others by the id of its message", () => {
    const message: Message = { Body: "body", MessageId: "id-1", Attributes: { MessageGroupId: "a" } };
    expect(createDeadLetterEntry(message, "", true)).toEqual({
      MessageBody: "body",
      MessageGroupId: "a",
      MessageDeduplicationId: "id-1",
    });
  });

  test("has no attributes and no group where there are none", () => {
    expect(createDeadLetterEntry({ Body: "body" }, "", false)).toEqual({ MessageBody: "body" });
  });

  test("goes without its reason when its message has ten attributes already", () => {
    const MessageAttributes = Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`a${index}`, attribute]));
    expect(createDeadLetterEntry({ Body: "body", MessageAttributes }, "broken", false).MessageAttributes).toEqual(
      MessageAttributes,
    );
  });

  test("has a reason that is cut when it is long, with no half of a character left", () => {
    const reason = `${"x".repeat(1_023)}\u{1F600}${"y".repeat(5_000)}`;
    const { DeadLetterReason } = createDeadLetterEntry({ Body: "b" }, reason, false).MessageAttributes ?? {};
    expect(DeadLetterReason?.StringValue).toBe(`${"x".repeat(1_023)}\uFFFD`);
  });

  test("has a reason without the characters that SQS refuses", () => {
    const reason = "\u001B[31mred\u001B[39m\u0000\tand\n\r\uFFFF \uD800 \u{1F600} ünd";
    const { DeadLetterReason } = createDeadLetterEntry({ Body: "b" }, reason, false).MessageAttributes ?? {};
    expect(DeadLetterReason?.StringValue).toBe("\uFFFD[31mred\uFFFD[39m\uFFFD\tand\n\r\uFFFD \uFFFD \u{1F600} ünd");
  });

  test("is measured in bytes, attributes included", () => {
    expect(measureBytes({ MessageBody: "ä" })).toBe(2);
    const text = { DataType: "String", StringValue: "ä" };
    const binary = { DataType: "Binary", BinaryValue: new Uint8Array(100) };
    expect(measureBytes({ MessageBody: "", MessageAttributes: { one: text, two: binary } })).toBe(
      3 + 6 + 2 + 3 + 6 + 100,
    );
  });
});
