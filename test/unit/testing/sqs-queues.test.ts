// Queues and their attributes, where the conformance suite would be too coarse or too slow.
import { type JournalEntry, SimulatedSqs } from "millrace/testing";
import { describe, expect, test } from "vitest";
import { bodies, simulate } from "./simulated-sqs-bench.js";

test("region, account and endpoint make URLs and ARNs", async () => {
  const sqs = new SimulatedSqs({ region: "eu-west-1", accountId: "123456789012" });
  const { QueueUrl } = await sqs.createQueue({ QueueName: "orders" });
  expect(QueueUrl).toBe("https://sqs.eu-west-1.amazonaws.com/123456789012/orders");
  const { Attributes } = await sqs.getQueueAttributes({ QueueUrl, AttributeNames: ["QueueArn"] });
  expect(Attributes).toEqual({ QueueArn: "arn:aws:sqs:eu-west-1:123456789012:orders" });
});

test("times are those of the clock, counted from the start date", async () => {
  const { clock, send, receiveOne } = await simulate({ startDate: new Date("2026-03-01T00:00:00Z") });
  await clock.advance(1_500);
  await send("a");
  await clock.advance(500);
  const { Attributes = {} } = await receiveOne();
  const base = Date.parse("2026-03-01T00:00:00Z");
  expect(Attributes["SentTimestamp"]).toBe(String(base + 1_500));
  expect(Attributes["ApproximateFirstReceiveTimestamp"]).toBe(String(base + 2_000));
});

test("every message has an id of its own, that ends in its number", async () => {
  const { send } = await simulate();
  const [first = "", second = ""] = await send("a", "b");
  expect(first).toMatch(/^[\da-f]{8}-0000-4000-8000-0{11}1$/);
  expect(second.endsWith("2")).toBe(true);
});

describe("attributes", () => {
  test.each([
    [{ VisibilityTimeout: "43201" }, "InvalidAttributeValue"],
    [{ VisibilityTimeout: "" }, "InvalidAttributeValue"],
    [{ DelaySeconds: "1.5" }, "InvalidAttributeValue"],
    [{ Colour: "blue" }, "InvalidAttributeName"],
    [{ RedrivePolicy: "{}" }, "InvalidParameterValue"],
    [{ RedrivePolicy: "no JSON" }, "InvalidParameterValue"],
    [{ RedrivePolicy: '{"deadLetterTargetArn":"dummy","maxReceiveCount":42}' }, "InvalidParameterValue"],
    [{ RedrivePolicy: '{"deadLetterTargetArn":"arn:aws:sqs:a:b:c","maxReceiveCount":1001}' }, "InvalidParameterValue"],
    [{ RedrivePolicy: '{"deadLetterTargetArn":"arn:aws:sqs:a:b:c","maxReceiveCount":1}' }, "InvalidParameterValue"],
  ])("%o is refused with %s, and changes nothing", async (attributes, name) => {
    const { sqs, QueueUrl } = await simulate({}, { DelaySeconds: "3" });
    const Attributes = { DelaySeconds: "4", ...attributes };
    await expect(sqs.setQueueAttributes({ QueueUrl, Attributes })).rejects.toMatchObject({ name });
    const read = await sqs.getQueueAttributes({ QueueUrl, AttributeNames: ["DelaySeconds", "RedrivePolicy"] });
    expect(read.Attributes).toEqual({ DelaySeconds: "3" });
  });

  test("a redrive policy is removed by an empty one", async () => {
    const { sqs, QueueUrl, send, receive } = await simulate({}, { VisibilityTimeout: "0" });
    await sqs.createQueue({ QueueName: "dead" });
    const RedrivePolicy = '{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dead","maxReceiveCount":1}';
    await sqs.setQueueAttributes({ QueueUrl, Attributes: { RedrivePolicy } });
    await sqs.setQueueAttributes({ QueueUrl, Attributes: { RedrivePolicy: "" } });
    await send("a");
    await receive();
    expect(await receive()).toHaveLength(1);
  });
});

test("ListQueues gives pages to those who ask for them", async () => {
  const sqs = new SimulatedSqs();
  for (const name of ["c", "a", "b"]) await sqs.createQueue({ QueueName: name });
  const first = await sqs.listQueues({ MaxResults: 2 });
  expect(first.QueueUrls?.map((url) => url.at(-1))).toEqual(["a", "b"]);
  const second = await sqs.listQueues({ MaxResults: 2, NextToken: first.NextToken });
  expect(second.QueueUrls?.map((url) => url.at(-1))).toEqual(["c"]);
  expect(second.NextToken).toBeUndefined();
});

test("a queue URL of another account is not found", async () => {
  const { sqs } = await simulate();
  const QueueUrl = "https://sqs.us-east-1.amazonaws.com/999999999999/orders";
  await expect(sqs.receiveMessage({ QueueUrl })).rejects.toMatchObject({ name: "QueueDoesNotExist" });
});

test("a moved dead letter counts as a new message", async () => {
  const { sqs, QueueUrl, send, receive } = await simulate({}, { VisibilityTimeout: "0" });
  await sqs.createQueue({ QueueName: "dead" });
  const deadLetterTargetArn = "arn:aws:sqs:us-east-1:000000000000:dead";
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn, maxReceiveCount: 1 });
  await sqs.setQueueAttributes({ QueueUrl, Attributes: { RedrivePolicy } });
  const ids = await send(...bodies(3));
  await receive();
  expect(await receive()).toEqual([]);
  await sqs.startMessageMoveTask({ SourceArn: deadLetterTargetArn });
  const { Results } = await sqs.listMessageMoveTasks({ SourceArn: deadLetterTargetArn });
  expect(Results).toMatchObject([{ Status: "COMPLETED", ApproximateNumberOfMessagesMoved: 3 }]);
  const messages = await receive();
  expect(messages.map(({ Body }) => Body)).toEqual(bodies(3));
  for (const { MessageId, Attributes } of messages) {
    expect(ids).not.toContain(MessageId);
    expect(Attributes?.["ApproximateReceiveCount"]).toBe("1");
  }
});

test("the journal tells what happened to a message", async () => {
  const { clock, sqs, QueueUrl, send, receiveOne } = await simulate({ journal: true });
  const [id = ""] = await send("a");
  const { ReceiptHandle } = await receiveOne();
  await clock.advance(1_000);
  await sqs.changeMessageVisibility({ QueueUrl, ReceiptHandle, VisibilityTimeout: 60 });
  await sqs.deleteMessage({ QueueUrl, ReceiptHandle });
  await sqs.deleteMessage({ QueueUrl, ReceiptHandle });
  const place = { messageId: id, queueName: "orders" };
  expect(sqs.journal?.of(id)).toEqual([
    { kind: "sent", atMs: 0, ...place },
    { kind: "received", atMs: 0, receiptHandle: ReceiptHandle, receiveCount: 1, visibleAgainAtMs: 30_000, ...place },
    {
      kind: "visibilityChanged",
      atMs: 1_000,
      receiptHandle: ReceiptHandle,
      visibleAgainAtMs: 61_000,
      isEffective: true,
      ...place,
    },
    { kind: "deleted", atMs: 1_000, receiptHandle: ReceiptHandle, isEffective: true, ...place },
    { kind: "deleted", atMs: 1_000, receiptHandle: ReceiptHandle, isEffective: false, ...place },
  ]);
  expect(sqs.journal?.entries).toHaveLength(5);
  expect([...(sqs.journal?.messageIds ?? [])]).toEqual([id]);
});

test("a function in place of the journal is told each entry, and nothing is kept", async () => {
  const entries: JournalEntry[] = [];
  const { sqs, QueueUrl, send, receiveOne } = await simulate({ journal: (entry) => entries.push(entry) });
  const [messageId] = await send("one");
  const { ReceiptHandle } = await receiveOne();
  await sqs.deleteMessage({ QueueUrl, ReceiptHandle });
  expect(entries.map(({ kind }) => kind)).toEqual(["sent", "received", "deleted"]);
  expect(new Set(entries.map((entry) => entry.messageId))).toEqual(new Set([messageId]));
  expect(sqs.journal).toBeUndefined();
});
