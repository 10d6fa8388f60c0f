// An event's records become the messages that SqsRunner brings, and what is no such event is refused with a reason.
import type { Message as SdkMessage } from "@aws-sdk/client-sqs";
import type { HandlerContext, Message } from "millrace";
import { createSqsEvent } from "millrace/testing";
import { describe, expect, it } from "vitest";
import { FIFO_ARN, idsOf, LambdaFunction } from "../../support/lambda-function.js";

/** The record of the Lambda developer guide ("Using Lambda with Amazon SQS"), with attributes of either type. */
const record = {
  messageId: "059f36b4-87a3-44ab-83d2-661975830a7d",
  receiptHandle: "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a...",
  body: "Test message.",
  attributes: {
    ApproximateReceiveCount: "3",
    SentTimestamp: "1545082649183",
    SenderId: "AIDAIENQZJOLO23YVJ4VO",
    ApproximateFirstReceiveTimestamp: "1545082649185",
  },
  messageAttributes: {
    customer: { stringValue: "Ada", stringListValues: [], binaryListValues: [], dataType: "String" },
    count: { stringValue: "7", stringListValues: [], binaryListValues: [], dataType: "Number.int" },
    photo: { binaryValue: "AAEC/w==", stringListValues: [], binaryListValues: [], dataType: "Binary" },
  },
  md5OfBody: "e4e68fb7bd0e697a0ae8f1bb342846b3",
  md5OfMessageAttributes: "0408bb33d39149cd8b4ba7b80f9eb0b6",
  eventSource: "aws:sqs",
  eventSourceARN: "arn:aws:sqs:us-east-2:123456789012:my-queue",
  awsRegion: "us-east-2",
};

async function handled(event: unknown): Promise<{ message: Message; context: HandlerContext }> {
  const calls: Array<{ message: Message; context: HandlerContext }> = [];
  const lambda = new LambdaFunction((message, context) => void calls.push({ message, context }));
  await lambda.clock.runUntil(lambda.call(event, lambda.contextFor(30_000)));
  return calls[0]!;
}

describe("a message", () => {
  it("has the shape of the SDK's", async () => {
    const { message } = await handled({ Records: [record] });
    expect(message).toEqual({
      MessageId: record.messageId,
      ReceiptHandle: record.receiptHandle,
      Body: "Test message.",
      MD5OfBody: record.md5OfBody,
      MD5OfMessageAttributes: record.md5OfMessageAttributes,
      Attributes: record.attributes,
      MessageAttributes: {
        customer: { DataType: "String", StringValue: "Ada" },
        count: { DataType: "Number.int", StringValue: "7" },
        photo: { DataType: "Binary", BinaryValue: new Uint8Array([0, 1, 2, 255]) },
      },
    });
  });

  it("without message attributes has none, as the SDK has it; an empty body stays one", async () => {
    const { message } = await handled({ Records: [{ ...record, messageAttributes: {}, body: "" }] });
    expect(message).not.toHaveProperty("MessageAttributes");
    expect(message.Body).toBe("");
  });

  it("comes with its receive count as attempt, and its group", async () => {
    const { context } = await handled(
      createSqsEvent([{ body: "a", receiveCount: 4, groupId: "g" }], { queueArn: FIFO_ARN }),
    );
    expect([context.attempt, context.groupId]).toEqual([4, "g"]);
    expect(context.receivedAt).toBeInstanceOf(Date);
  });

  it("can be extended, which needs no request: the queue hides it for longer than a function may run", async () => {
    const lambda: LambdaFunction = new LambdaFunction(async (_, { extend }) => extend(60));
    expect(await lambda.invoke(["a"])).toEqual([]);
  });
});

describe("what is not an event of an SQS queue is refused", () => {
  const refused: Array<[string, unknown, string]> = [
    ["nothing", undefined, "expected an object with an array Records, got undefined"],
    ["a text", "hello", 'expected an object with an array Records, got "hello"'],
    ["a test event of the console", { key1: "value1", key2: "value2" }, "got an object with key1, key2"],
    ["an empty object", {}, "got an object"],
    ["records of S3", { Records: [{ eventSource: "aws:s3" }] }, 'Records[0].eventSource to be "aws:sqs", got "aws:s3"'],
    ["records of SNS", { Records: [{ EventSource: "aws:sns" }] }, "Records[0].eventSource to be a string"],
    ["a record that is none", { Records: [record, 7] }, "expected Records[1] to be an object, got 7"],
    [
      "a record without an id",
      { Records: [{ ...record, messageId: "" }] },
      'Records[0].messageId to be a string that is not empty, got ""',
    ],
    [
      "a record without a receipt handle",
      { Records: [{ ...record, receiptHandle: undefined }] },
      "Records[0].receiptHandle",
    ],
    ["a record without a body", { Records: [{ ...record, body: null }] }, "Records[0].body to be a string"],
    ["a record without a queue", { Records: [{ ...record, eventSourceARN: undefined }] }, "Records[0].eventSourceARN"],
    [
      "a record without attributes",
      { Records: [{ ...record, attributes: undefined }] },
      "Records[0].attributes to be an object",
    ],
    [
      "an attribute without a type",
      { Records: [{ ...record, messageAttributes: { a: {} } }] },
      "Records[0].messageAttributes.a.dataType",
    ],
    [
      "records of two queues",
      { Records: [record, { ...record, eventSourceARN: FIFO_ARN }] },
      "expected records of one queue",
    ],
  ];

  it.each(refused)("%s", async (_, event, text) => {
    const lambda = new LambdaFunction(() => undefined);
    const answer = lambda.call(event, lambda.contextFor(30_000));
    await expect(lambda.clock.runUntil(answer)).rejects.toMatchObject({ code: "EVENT_INVALID" });
    await expect(answer).rejects.toThrow(text);
    expect(lambda.errors).toMatchObject([{ code: "EVENT_INVALID" }]);
    expect(await lambda.invoke(["a"])).toEqual([]);
  });
});

describe("one handler serves both", () => {
  it("what the SDK's types call a message is what an event brings", async () => {
    const received: Message[] = [];
    const lambda = new LambdaFunction((message) => void received.push(message));
    await lambda.invoke([{ body: "a", messageAttributes: { photo: new Uint8Array([1, 2]) } }, "b"]);
    const asSdk: readonly SdkMessage[] = received;
    expect(asSdk.map(({ MessageId }) => MessageId)).toEqual(idsOf(1, 2));
    expect(asSdk[0]?.MessageAttributes?.["photo"]?.BinaryValue).toEqual(new Uint8Array([1, 2]));
  });
});
