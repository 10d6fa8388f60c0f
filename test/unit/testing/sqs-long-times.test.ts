// Behaviours of SQS that take minutes to days, on a clock where that is nothing.
import { expect, test } from "vitest";
import { simulate } from "./simulated-sqs-bench.js";

const SECOND = 1_000;
const HOUR_SECONDS = 3_600;

test("visibility is extended up to 12 h from the receive, not beyond", async () => {
  const { clock, sqs, QueueUrl, send, receiveOne } = await simulate();
  await send("a");
  const { ReceiptHandle } = await receiveOne();
  const extend = (VisibilityTimeout: number): Promise<unknown> =>
    sqs.changeMessageVisibility({ QueueUrl, ReceiptHandle, VisibilityTimeout });
  await extend(6 * HOUR_SECONDS);
  await clock.advance(5 * HOUR_SECONDS * SECOND);
  await extend(7 * HOUR_SECONDS);
  await expect(extend(7 * HOUR_SECONDS + 1)).rejects.toMatchObject({
    name: "InvalidParameterValue",
    message:
      "Value 25201 for parameter VisibilityTimeout is invalid. Reason: " +
      "Total VisibilityTimeout for the message is beyond the limit [43200 seconds]",
  });
  // A refused request changes nothing: still hidden for the seven hours that were granted.
  await clock.advance(7 * HOUR_SECONDS * SECOND - 1);
  expect(sqs.counts(QueueUrl).inFlight).toBe(1);
  await clock.advance(1);
  expect(sqs.counts(QueueUrl)).toEqual({ visible: 1, inFlight: 0, delayed: 0 });
});

test("the 12 h begin anew with the next receive", async () => {
  const { clock, sqs, QueueUrl, send, receiveOne } = await simulate();
  await send("a");
  await receiveOne();
  await clock.advance(11 * HOUR_SECONDS * SECOND);
  const { ReceiptHandle } = await receiveOne();
  await sqs.changeMessageVisibility({ QueueUrl, ReceiptHandle, VisibilityTimeout: 12 * HOUR_SECONDS });
  await clock.advance(12 * HOUR_SECONDS * SECOND - 1);
  expect(sqs.counts(QueueUrl).inFlight).toBe(1);
});

test("messages expire at the end of the retention period, in flight or not", async () => {
  const { clock, sqs, QueueUrl, send, receiveOne } = await simulate(
    { journal: true },
    { MessageRetentionPeriod: "60" },
  );
  const [first = "", second = ""] = await send("a", "b");
  await receiveOne();
  await clock.advance(59 * SECOND);
  expect(sqs.counts(QueueUrl)).toEqual({ visible: 2, inFlight: 0, delayed: 0 });
  await receiveOne();
  await clock.advance(SECOND);
  expect(sqs.counts(QueueUrl)).toEqual({ visible: 0, inFlight: 0, delayed: 0 });
  for (const id of [first, second]) expect(sqs.journal?.of(id).at(-1)).toMatchObject({ kind: "expired", atMs: 60_000 });
});

test("a message keeps its age in the dead-letter queue", async () => {
  const { clock, sqs, QueueUrl, send, receive } = await simulate();
  const { QueueUrl: deadLetters } = await sqs.createQueue({
    QueueName: "dead",
    Attributes: { MessageRetentionPeriod: "60" },
  });
  const RedrivePolicy = JSON.stringify({
    deadLetterTargetArn: "arn:aws:sqs:us-east-1:000000000000:dead",
    maxReceiveCount: "1",
  });
  await sqs.setQueueAttributes({ QueueUrl, Attributes: { RedrivePolicy, VisibilityTimeout: "40" } });
  await send("a");
  await receive();
  await clock.advance(40 * SECOND);
  expect(await receive()).toEqual([]);
  expect(sqs.counts(deadLetters).visible).toBe(1);
  await clock.advance(20 * SECOND);
  expect(sqs.counts(deadLetters).visible).toBe(0);
});

test("a purge is allowed again after a minute", async () => {
  const { clock, sqs, QueueUrl } = await simulate();
  await sqs.purgeQueue({ QueueUrl });
  await clock.advance(60 * SECOND - 1);
  await expect(sqs.purgeQueue({ QueueUrl })).rejects.toMatchObject({ name: "PurgeQueueInProgress" });
  await clock.advance(1);
  await sqs.purgeQueue({ QueueUrl });
});

test("the name of a deleted queue is free after a minute, and old handles are not valid for the new queue", async () => {
  const { clock, sqs, QueueUrl, send, receiveOne } = await simulate();
  await send("a");
  const { ReceiptHandle } = await receiveOne();
  await sqs.deleteQueue({ QueueUrl });
  await expect(sqs.receiveMessage({ QueueUrl })).rejects.toMatchObject({ name: "QueueDoesNotExist" });
  await clock.advance(60 * SECOND - 1);
  await expect(sqs.createQueue({ QueueName: "orders" })).rejects.toMatchObject({ name: "QueueDeletedRecently" });
  await clock.advance(1);
  await sqs.createQueue({ QueueName: "orders" });
  await expect(sqs.deleteMessage({ QueueUrl, ReceiptHandle })).rejects.toMatchObject({
    name: "ReceiptHandleIsInvalid",
  });
});

test("a long poll on an empty queue takes exactly its 20 s", async () => {
  const { clock, sqs, QueueUrl } = await simulate();
  const poll = sqs.receiveMessage({ QueueUrl, WaitTimeSeconds: 20 });
  expect(await clock.runUntil(poll)).toEqual({});
  expect(clock.now()).toBe(20 * SECOND);
});

test("at the limit of messages in flight a short poll fails and a long poll waits for room", async () => {
  const { clock, sqs, QueueUrl, send, receive } = await simulate({ mostInFlight: 3 });
  await send("a", "b", "c", "d");
  const [first] = await receive();
  expect(sqs.counts(QueueUrl)).toMatchObject({ inFlight: 3, visible: 1 });
  await expect(receive()).rejects.toMatchObject({ name: "OverLimit", $metadata: { httpStatusCode: 403 } });

  const empty = sqs.receiveMessage({ QueueUrl, WaitTimeSeconds: 5 });
  expect(await clock.runUntil(empty)).toEqual({});
  expect(clock.now()).toBe(5 * SECOND);

  const served = sqs.receiveMessage({ QueueUrl, WaitTimeSeconds: 5 });
  await sqs.deleteMessage({ QueueUrl, ReceiptHandle: first?.ReceiptHandle });
  expect((await served).Messages).toHaveLength(1);
});
