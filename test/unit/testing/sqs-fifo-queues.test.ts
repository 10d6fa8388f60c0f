// FIFO queues: names and attributes, what they take and what they deduplicate, and their dead letters.
import { SimulatedSqs } from "millrace/testing";
import { describe, expect, test } from "vitest";
import { fifoMessage, simulateFifo, toBodies } from "./simulated-fifo-bench.js";

const MINUTE_MS = 60_000;

describe("names and attributes", () => {
  test.each([
    ["orders.fifo", undefined],
    ["orders", "true"],
    [`${"x".repeat(76)}.fifo`, "true"],
    [".fifo", "true"],
  ])("a queue %s with FifoQueue %s is refused", async (QueueName, FifoQueue) => {
    const create = new SimulatedSqs().createQueue({ QueueName, Attributes: { FifoQueue } });
    await expect(create).rejects.toMatchObject({ name: "InvalidParameterValue" });
  });

  test("the suffix counts towards the 80 characters of a name", async () => {
    const QueueName = `${"x".repeat(75)}.fifo`;
    const { QueueUrl } = await new SimulatedSqs().createQueue({ QueueName, Attributes: { FifoQueue: "true" } });
    expect(QueueUrl.endsWith(QueueName)).toBe(true);
  });

  test.each([
    [{ FifoQueue: "false" }, "InvalidAttributeValue"],
    [{ ContentBasedDeduplication: "yes" }, "InvalidAttributeValue"],
    [{ DeduplicationScope: "group" }, "InvalidAttributeValue"],
    [{ FifoThroughputLimit: "perMessageGroupId" }, "InvalidAttributeValue"],
  ])("%o is refused with %s", async (Attributes, name) => {
    const { sqs, QueueUrl } = await simulateFifo();
    await expect(sqs.setQueueAttributes({ QueueUrl, Attributes })).rejects.toMatchObject({ name });
  });

  test("high throughput needs both its attributes, which can be set at once", async () => {
    const { sqs, QueueUrl } = await simulateFifo();
    const Attributes = { DeduplicationScope: "messageGroup", FifoThroughputLimit: "perMessageGroupId" };
    await sqs.setQueueAttributes({ QueueUrl, Attributes });
    const read = await sqs.getQueueAttributes({ QueueUrl, AttributeNames: Object.keys(Attributes) });
    expect(read.Attributes).toEqual(Attributes);
    const back = sqs.setQueueAttributes({ QueueUrl, Attributes: { DeduplicationScope: "queue" } });
    await expect(back).rejects.toMatchObject({ name: "InvalidAttributeValue" });
  });

  test("a standard queue does not know FIFO's attributes", async () => {
    const sqs = new SimulatedSqs();
    const unknown = { name: "InvalidAttributeName", message: "Unknown Attribute FifoQueue." };
    const create = sqs.createQueue({ QueueName: "orders", Attributes: { FifoQueue: "false" } });
    await expect(create).rejects.toMatchObject(unknown);
    const { QueueUrl } = await sqs.createQueue({ QueueName: "orders" });
    await expect(sqs.getQueueAttributes({ QueueUrl, AttributeNames: ["FifoQueue"] })).rejects.toMatchObject(unknown);
  });

  test("a change of the delay holds for messages that are delayed already", async () => {
    const { clock, sqs, QueueUrl, send, receiveBodies } = await simulateFifo({}, { DelaySeconds: "60" });
    await send("a1");
    await clock.advance(10_000);
    await send("a2");
    await sqs.setQueueAttributes({ QueueUrl, Attributes: { DelaySeconds: "10" } });
    expect(await receiveBodies({ visibilitySeconds: 0 })).toBe("a1");
    await clock.advance(10_000);
    expect(await receiveBodies()).toBe("a1 a2");
  });

  test("a shorter delay wakes a long poll", async () => {
    const { sqs, QueueUrl, send, receiveBodies } = await simulateFifo({}, { DelaySeconds: "60" });
    await send("a1");
    const poll = receiveBodies({ waitSeconds: 20 });
    await sqs.setQueueAttributes({ QueueUrl, Attributes: { DelaySeconds: "0" } });
    expect(await poll).toBe("a1");
  });
});

describe("deduplication", () => {
  test("for five minutes from the first send, a repeated one is acknowledged as the first", async () => {
    const { clock, sqs, QueueUrl, receive, remove } = await simulateFifo({ journal: true });
    const first = await sqs.sendMessage({ QueueUrl, ...fifoMessage("a1") });
    await remove(...(await receive()));
    await clock.advance(5 * MINUTE_MS - 1);
    expect(await sqs.sendMessage({ QueueUrl, ...fifoMessage("a1") })).toEqual(first);
    expect(sqs.counts(QueueUrl).visible).toBe(0);
    await clock.advance(1);
    const later = await sqs.sendMessage({ QueueUrl, ...fifoMessage("a1") });
    expect(later.MessageId).not.toBe(first.MessageId);
    expect(sqs.statistics).toMatchObject({ messagesSent: 2, messagesDeduplicated: 1 });
    expect(sqs.journal?.of(first.MessageId).at(-1)).toMatchObject({ kind: "deduplicated", atMs: 5 * MINUTE_MS - 1 });
  });

  test("the digest is that of what was sent, even if it is not kept", async () => {
    const { sqs, QueueUrl, receiveBodies } = await simulateFifo();
    const first = await sqs.sendMessage({ QueueUrl, ...fifoMessage("a1") });
    const second = await sqs.sendMessage({ QueueUrl, ...fifoMessage("a1"), MessageBody: "another" });
    expect(second.MessageId).toBe(first.MessageId);
    expect(second.MD5OfMessageBody).not.toBe(first.MD5OfMessageBody);
    expect(await receiveBodies()).toBe("a1");
  });

  test("a repeated entry of one batch is not kept either", async () => {
    const { sqs, QueueUrl } = await simulateFifo();
    const Entries = ["1", "2"].map((Id) => ({ Id, ...fifoMessage("a1") }));
    const { Successful } = await sqs.sendMessageBatch({ QueueUrl, Entries });
    expect(Successful[0]?.MessageId).toBe(Successful[1]?.MessageId);
    expect(sqs.counts(QueueUrl).visible).toBe(1);
  });

  test.each([
    ["queue", 1],
    ["messageGroup", 2],
  ])("in the scope %s, the same id in two groups keeps %i", async (DeduplicationScope, kept) => {
    const { sqs, QueueUrl } = await simulateFifo({}, { DeduplicationScope });
    for (const MessageGroupId of ["a", "b", "b"]) {
      await sqs.sendMessage({ QueueUrl, MessageBody: "x", MessageGroupId, MessageDeduplicationId: "1" });
    }
    expect(sqs.counts(QueueUrl).visible).toBe(kept);
  });

  test("by content, equal bodies are one message, unless they have ids that differ", async () => {
    const { sqs, QueueUrl } = await simulateFifo({}, { ContentBasedDeduplication: "true" });
    const send = (MessageDeduplicationId?: string): Promise<unknown> =>
      sqs.sendMessage({ QueueUrl, MessageBody: "x", MessageGroupId: "a", MessageDeduplicationId });
    await send();
    await send();
    await send("1");
    expect(sqs.counts(QueueUrl).visible).toBe(2);
  });

  test("the id made from the content is the body's SHA-256", async () => {
    const { sqs, QueueUrl, receive } = await simulateFifo({}, { ContentBasedDeduplication: "true" });
    await sqs.sendMessage({ QueueUrl, MessageBody: "abc", MessageGroupId: "a" });
    // The first test vector of FIPS 180-2.
    const digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    expect((await receive())[0]?.Attributes).toMatchObject({ MessageDeduplicationId: digest });
  });

  test("a send whose answer was lost can be repeated", async () => {
    const { sqs, QueueUrl, send } = await simulateFifo();
    sqs.faults.script = ({ attempt }) => (attempt === 1 ? { kind: "lostAnswer" } : undefined);
    const message = { QueueUrl, ...fifoMessage("a1") };
    await expect(sqs.sendMessage(message)).rejects.toMatchObject({ code: "ECONNRESET" });
    await send("a1");
    expect(sqs.counts(QueueUrl).visible).toBe(1);
  });

  test("what was sent before a purge is not deduplicated after it", async () => {
    const { sqs, QueueUrl, send } = await simulateFifo();
    await send("a1");
    await sqs.purgeQueue({ QueueUrl });
    await send("a1");
    expect(sqs.counts(QueueUrl).visible).toBe(1);
  });
});

test("sequence numbers have 20 digits and grow", async () => {
  const { send, receive } = await simulateFifo();
  await send("a1", "b1", "a2");
  const numbers = (await receive()).map(({ Attributes }) => Attributes?.["SequenceNumber"] ?? "");
  expect(numbers).toHaveLength(3);
  for (const number of numbers) expect(number).toMatch(/^\d{20}$/);
  const [first = "", second = ""] = numbers; // a1 and a2: they come by group
  expect(first < second).toBe(true);
});

describe("dead letters", () => {
  const arnOf = (name: string): string => `arn:aws:sqs:us-east-1:000000000000:${name}`;
  const redriveTo = (name: string): { RedrivePolicy: string } => ({
    RedrivePolicy: JSON.stringify({ deadLetterTargetArn: arnOf(name), maxReceiveCount: 1 }),
  });
  const addDeadLetters = async (sqs: SimulatedSqs, QueueUrl: string): Promise<string> => {
    const dead = await sqs.createQueue({ QueueName: "dead.fifo", Attributes: { FifoQueue: "true" } });
    await sqs.setQueueAttributes({ QueueUrl, Attributes: redriveTo("dead.fifo") });
    return dead.QueueUrl;
  };

  test("a dead letter leaves its group free, and comes with its group from the dead-letter queue", async () => {
    const { clock, sqs, QueueUrl, send, receiveBodies } = await simulateFifo();
    const deadLetters = await addDeadLetters(sqs, QueueUrl);
    await send("a1", "a2", "a3");
    await receiveBodies({ max: 2 });
    await clock.advance(30_000);
    expect(await receiveBodies()).toBe("a3");
    const { Messages = [] } = await sqs.receiveMessage({
      QueueUrl: deadLetters,
      MaxNumberOfMessages: 10,
      MessageSystemAttributeNames: ["All"],
    });
    expect(toBodies(Messages)).toBe("a1 a2");
    const [first] = Messages;
    expect(first?.Attributes).toMatchObject({
      MessageGroupId: "a",
      MessageDeduplicationId: first?.MessageId,
      ApproximateReceiveCount: "2",
      DeadLetterQueueSourceArn: arnOf("orders.fifo"),
    });
  });

  test("a dead letter's age begins anew in a FIFO queue", async () => {
    const { clock, sqs, QueueUrl, send, receiveBodies } = await simulateFifo();
    const deadLetters = await addDeadLetters(sqs, QueueUrl);
    await sqs.setQueueAttributes({ QueueUrl: deadLetters, Attributes: { MessageRetentionPeriod: "60" } });
    await send("a1");
    await receiveBodies();
    await clock.advance(50_000);
    expect(await receiveBodies()).toBe("");
    await clock.advance(59_999);
    expect(sqs.counts(deadLetters).visible).toBe(1);
    await clock.advance(1);
    expect(sqs.counts(deadLetters).visible).toBe(0);
  });

  test("dead letters that are moved back come in their order", async () => {
    const { clock, sqs, QueueUrl, send, receiveBodies } = await simulateFifo();
    await addDeadLetters(sqs, QueueUrl);
    await send("a1", "a2");
    await receiveBodies();
    await clock.advance(30_000);
    expect(await receiveBodies()).toBe("");
    await sqs.startMessageMoveTask({ SourceArn: arnOf("dead.fifo") });
    expect(await receiveBodies()).toBe("a1 a2");
  });

  test("what was moved and is there already is not added again", async () => {
    const { sqs, QueueUrl, send, receive } = await simulateFifo();
    const deadLetters = await addDeadLetters(sqs, QueueUrl);
    await send("a1");
    await receive();
    await sqs.sendMessage({ QueueUrl: deadLetters, ...fifoMessage("a1") });
    await sqs.startMessageMoveTask({ SourceArn: arnOf("dead.fifo"), DestinationArn: arnOf("orders.fifo") });
    expect(sqs.counts(QueueUrl)).toEqual({ visible: 0, inFlight: 1, delayed: 0 });
  });

  test("dead letters are not moved to a queue of the other type", async () => {
    const { sqs, QueueUrl } = await simulateFifo();
    await addDeadLetters(sqs, QueueUrl);
    await sqs.createQueue({ QueueName: "orders" });
    const move = sqs.startMessageMoveTask({ SourceArn: arnOf("dead.fifo"), DestinationArn: arnOf("orders") });
    await expect(move).rejects.toMatchObject({ name: "InvalidParameterValue" });
  });

  test.each([
    ["a FIFO queue", "orders.fifo", "dead"],
    ["a standard queue", "orders", "dead.fifo"],
  ])("%s cannot send dead letters to a queue of the other type", async (_, source, target) => {
    const sqs = new SimulatedSqs();
    const create = (QueueName: string, Attributes: Record<string, string> = {}): Promise<unknown> =>
      sqs.createQueue({
        QueueName,
        Attributes: { ...(QueueName.endsWith(".fifo") && { FifoQueue: "true" }), ...Attributes },
      });
    await create(target);
    await expect(create(source, redriveTo(target))).rejects.toMatchObject({
      name: "InvalidParameterValue",
      message: /Dead-letter queue must be same type of queue as the source\.$/,
    });
  });
});
