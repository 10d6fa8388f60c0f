// The queue that benches run against: what it says of a run has to be right, or the run proves nothing.
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DeleteMessageBatchCommand, DeleteMessageCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { sentAtMicroseconds } from "../../../bench/support/canned-queue.js";
import { CannedServer } from "../../../bench/support/canned-server.js";

describe("the canned queue", () => {
  let server: CannedServer;
  let client: SQSClient;
  let QueueUrl: string;

  beforeEach(async () => {
    server = new CannedServer();
    await server.start();
    QueueUrl = server.createQueue("queue", { bodyBytes: 300 });
    const credentials = { accessKeyId: "bench", secretAccessKey: "bench" };
    client = new SQSClient({ endpoint: server.endpoint, region: "us-east-1", credentials });
  });

  afterEach(async () => {
    client.destroy();
    await server.close();
  });

  const receive = async (MaxNumberOfMessages: number, WaitTimeSeconds = 0) => {
    const { Messages = [] } = await client.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages, WaitTimeSeconds }),
    );
    return Messages.map(({ MessageId = "", ReceiptHandle = "", Body = "" }) => ({ MessageId, ReceiptHandle, Body }));
  };

  const remove = (messages: ReadonlyArray<{ ReceiptHandle: string }>) =>
    client.send(
      new DeleteMessageBatchCommand({
        QueueUrl,
        Entries: messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle })),
      }),
    );

  it("gives no more than it is asked for, and each message once", async () => {
    server.queue(QueueUrl).supply(8);
    const first = await receive(3);
    const second = await receive(10);
    expect(first).toHaveLength(3);
    expect(second).toHaveLength(5);
    expect(new Set([...first, ...second].map(({ MessageId }) => MessageId)).size).toBe(8);
    expect(first[0]?.Body).toHaveLength(300);
    expect(await receive(10)).toHaveLength(0);
  });

  it("counts deletes by message: what is missing, and what came twice", async () => {
    server.queue(QueueUrl).supply(10);
    const messages = await receive(10);
    const { Successful } = await remove(messages.slice(0, 6));
    expect(Successful).toHaveLength(6);
    await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: messages[0]?.ReceiptHandle }));
    expect(server.queue(QueueUrl).counts).toMatchObject({
      given: 10,
      deleted: 6,
      duplicates: 1,
      requests: { ReceiveMessage: 1, DeleteMessageBatch: 1, DeleteMessage: 1 },
    });
  });

  it("holds a long poll until there is a message", async () => {
    const waiting = receive(10, 20);
    while (server.queue(QueueUrl).counts.requests["ReceiveMessage"] !== 1) await sleep(1);
    server.queue(QueueUrl).supply(2);
    expect(await waiting).toHaveLength(2);
    expect(server.queue(QueueUrl).counts.emptyReceives).toBe(0);
  });

  it("tells when a message was sent, where it sends at a rate", async () => {
    const before = Number(process.hrtime.bigint() / 1_000n);
    server.queue(QueueUrl).send(1_000);
    const [message] = await receive(1, 20);
    server.queue(QueueUrl).supply(0);
    const sentAt = sentAtMicroseconds(message?.MessageId ?? "");
    expect(sentAt).toBeGreaterThanOrEqual(before);
    expect(sentAt).toBeLessThanOrEqual(Number(process.hrtime.bigint() / 1_000n));
  });
});
