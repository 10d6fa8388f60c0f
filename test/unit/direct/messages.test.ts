// What is sent and received is what the SDK sends and receives: binary attributes, sums, and whatever else JSON can hold.
import { ReceiveMessageCommand, SendMessageBatchCommand, SQSClient } from "@aws-sdk/client-sqs";
import { createHash } from "node:crypto";
import type { SendEntry } from "millrace";
import { directClient } from "millrace/direct";
import { beforeEach, describe, expect, test } from "vitest";
import { CannedDispatcher } from "../../support/canned-dispatcher.js";
import { configured, QUEUE_URL, RECEIVE } from "../../support/direct-inputs.js";
import { isolateAwsEnvironment } from "../../support/http-queue.js";
import { CannedRequestHandler } from "../../support/sdk-request-handler.js";

const md5 = (text: string): string => createHash("md5").update(text).digest("hex");

const message = {
  MessageId: "0a1b",
  ReceiptHandle: "AQEB",
  MD5OfBody: md5("grüße"),
  Body: "grüße",
  Attributes: { ApproximateReceiveCount: "1" },
  MessageAttributes: {
    text: { DataType: "String", StringValue: "a" },
    bytes: { DataType: "Binary", BinaryValue: Buffer.from([0, 255, 128]).toString("base64") },
    none: { DataType: "Binary", BinaryValue: "" },
  },
};

beforeEach(() => isolateAwsEnvironment());

describe("a receive", () => {
  async function receive(body: string, shouldVerifyChecksums = false): Promise<unknown> {
    const dispatcher = new CannedDispatcher(() => ({ body }));
    return directClient({ client: configured(), dispatcher, shouldVerifyChecksums }).receiveMessage(RECEIVE);
  }

  async function receiveBySdk(body: string): Promise<unknown> {
    const client = new SQSClient({ md5: false, requestHandler: new CannedRequestHandler(() => ({ body })) });
    const { $metadata: _, ...output } = await client.send(new ReceiveMessageCommand({ QueueUrl: QUEUE_URL }));
    return output;
  }

  test.each([
    ["messages", JSON.stringify({ Messages: [message, { ...message, MessageAttributes: undefined }] })],
    ["no messages", "{}"],
    ["an empty list", '{"Messages":[]}'],
    ["nothing at all", ""],
  ])("brings what the SDK brings: %s", async (_name, body) => {
    expect(await receive(body)).toEqual(await receiveBySdk(body));
  });

  test("gives binary attributes as bytes", async () => {
    const { Messages } = (await receive(JSON.stringify({ Messages: [message] }))) as {
      Messages: Array<typeof message>;
    };
    expect(Messages[0]?.MessageAttributes.bytes.BinaryValue).toEqual(new Uint8Array([0, 255, 128]));
  });

  test("checks sums only where it was asked for, and says of which messages they are wrong", async () => {
    const broken = JSON.stringify({ Messages: [message, { ...message, MessageId: "2c3d", Body: "gruesse" }] });
    await expect(receive(broken)).resolves.toMatchObject({ Messages: [{}, { Body: "gruesse" }] });
    await expect(receive(broken, true)).rejects.toThrow("Invalid MD5 checksum on messages: 2c3d");
    await expect(receive(JSON.stringify({ Messages: [message] }), true)).resolves.toMatchObject({ Messages: [{}] });
    await expect(receive("{}", true)).resolves.toEqual({});
  });

  test("of messages that are no list is left to the consumer", async () => {
    expect(await receive('{"Messages":"none"}')).toEqual({ Messages: "none" });
  });
});

describe("a batch that is sent", () => {
  const entries: SendEntry[] = [
    { Id: "0", MessageBody: "grüße", MessageAttributes: { text: { DataType: "String", StringValue: "a" } } },
    {
      Id: "1",
      MessageBody: "b",
      MessageGroupId: "g",
      MessageDeduplicationId: "d",
      MessageAttributes: { bytes: { DataType: "Binary", BinaryValue: new Uint8Array([1, 255, 0, 7]).subarray(1, 3) } },
    },
  ];

  test("is what the SDK sends", async () => {
    const dispatcher = new CannedDispatcher();
    await directClient({ client: configured(), dispatcher }).sendMessageBatch({
      QueueUrl: QUEUE_URL,
      Entries: entries,
    });
    const requestHandler = new CannedRequestHandler();
    const client = new SQSClient({ md5: false, requestHandler });
    await client.send(new SendMessageBatchCommand({ QueueUrl: QUEUE_URL, Entries: entries }));
    const [ours, theirs] = [dispatcher.requests[0], requestHandler.requests[0]];
    expect(JSON.parse(ours?.body ?? "")).toEqual(JSON.parse(theirs?.body ?? ""));
    for (const name of ["content-type", "x-amz-target", "x-amzn-query-mode"]) {
      expect([name, ours?.headers[name]]).toEqual([name, theirs?.headers[name]]);
    }
  });

  test("is checked where that was asked for", async () => {
    const answer = (sum: string): string => JSON.stringify({ Successful: [{ Id: "0", MD5OfMessageBody: sum }] });
    const send = (sum: string, shouldVerifyChecksums: boolean): Promise<unknown> => {
      const dispatcher = new CannedDispatcher(() => ({ body: answer(sum) }));
      const client = directClient({ client: configured(), dispatcher, shouldVerifyChecksums });
      return client.sendMessageBatch({ QueueUrl: QUEUE_URL, Entries: entries });
    };
    await expect(send(md5("other"), false)).resolves.toMatchObject({ Successful: [{ Id: "0" }] });
    await expect(send(md5("grüße"), true)).resolves.toMatchObject({ Successful: [{ Id: "0" }] });
    await expect(send(md5("other"), true)).rejects.toThrow("Invalid MD5 checksum on messages: 0");
  });
});
