// What comes with a message besides its body: attributes of the sender's, attributes of the system's, digests.
import { createHash } from "node:crypto";
import { expect } from "vitest";
import { api, behaviour, guide, localstack, only } from "./behaviour.js";

const RECEIVE = api("ReceiveMessage");
const FILTERS = localstack("test_receive_message_message_attribute_names_filters");

const md5 = (text: string): string => createHash("md5").update(text, "utf8").digest("hex");

behaviour("attributes come only when they are asked for", FILTERS, async ({ sqs, createQueue }) => {
  const QueueUrl = await createQueue({ VisibilityTimeout: "0" });
  const MessageAttributes = { Hello: { DataType: "String", StringValue: "There" } };
  await sqs.sendMessage({ QueueUrl, MessageBody: "a", MessageAttributes });
  const { Messages = [] } = await sqs.receiveMessage({ QueueUrl });
  const message = only(Messages);
  expect(message.MessageAttributes).toBeUndefined();
  expect(message.MD5OfMessageAttributes).toBeUndefined();
  expect(message.Attributes).toBeUndefined();
});

for (const [filter, names] of [
  ["All", ["General", "Hello", "Help.Me"]],
  [".*", ["General", "Hello", "Help.Me"]],
  ["Hel.*", ["Hello", "Help.Me"]],
  ["Hello", ["Hello"]],
] as const) {
  behaviour(`the attribute filter "${filter}" gives ${names.join(", ")}`, FILTERS, async ({ sqs, createQueue }) => {
    const QueueUrl = await createQueue({ VisibilityTimeout: "0" });
    const MessageAttributes = {
      General: { DataType: "String", StringValue: "Kenobi" },
      Hello: { DataType: "String", StringValue: "There" },
      "Help.Me": { DataType: "String", StringValue: "Me" },
    };
    await sqs.sendMessage({ QueueUrl, MessageBody: "msg", MessageAttributes });
    const { Messages = [] } = await sqs.receiveMessage({ QueueUrl, MessageAttributeNames: [filter] });
    expect(Object.keys(only(Messages).MessageAttributes ?? {}).toSorted()).toEqual(names);
  });
}

behaviour("the digest of attributes covers those that are returned", FILTERS, async ({ sqs, createQueue }) => {
  const QueueUrl = await createQueue({ VisibilityTimeout: "0" });
  const sent = await sqs.sendMessage({
    QueueUrl,
    MessageBody: "msg",
    MessageAttributes: {
      General: { DataType: "String", StringValue: "Kenobi" },
      Hello: { DataType: "String", StringValue: "There" },
      "Help.Me": { DataType: "String", StringValue: "Me" },
    },
  });
  const digestOf = async (...MessageAttributeNames: string[]): Promise<string | undefined> => {
    const { Messages = [] } = await sqs.receiveMessage({ QueueUrl, MessageAttributeNames });
    return only(Messages).MD5OfMessageAttributes;
  };
  // The digests that AWS gave.
  expect(sent.MD5OfMessageAttributes).toBe("4c360f3fdafd970e05fae2f149d997f5");
  expect(await digestOf("All")).toBe("4c360f3fdafd970e05fae2f149d997f5");
  expect(await digestOf("General", "Hello")).toBe("fca026605781cb4126a1e9044df24232");
  expect(await digestOf("Hello", "Missing")).toBe("a311262e065454b75da111d535b8dacd");
  expect(await digestOf("Hel.*")).toBe("83fee93c1bcd8b9a5a923ffacdc636c7");
});

behaviour(
  "binary and number attributes come back as they were sent",
  localstack("test_send_message_with_binary_attributes"),
  async ({ sqs, createQueue }) => {
    const QueueUrl = await createQueue();
    const MessageAttributes = {
      bytes: { DataType: "Binary", BinaryValue: Uint8Array.from([0, 1, 254, 255]) },
      count: { DataType: "Number.int", StringValue: "42" },
    };
    await sqs.sendMessage({ QueueUrl, MessageBody: "a", MessageAttributes });
    const { Messages = [] } = await sqs.receiveMessage({ QueueUrl, MessageAttributeNames: ["All"] });
    const received = only(Messages).MessageAttributes ?? {};
    expect(Uint8Array.from(received["bytes"]?.BinaryValue ?? [])).toEqual(MessageAttributes.bytes.BinaryValue);
    expect(received["count"]).toMatchObject(MessageAttributes.count);
  },
);

for (const parameter of ["MessageSystemAttributeNames", "AttributeNames"] as const) {
  behaviour(
    `system attributes come when ${parameter} asks for All`,
    `${RECEIVE}; ${localstack("test_receive_message_attribute_names_filters")}`,
    async ({ sqs, createQueue, send }) => {
      const QueueUrl = await createQueue();
      await send(QueueUrl, "a");
      const { Messages = [] } = await sqs.receiveMessage({ QueueUrl, [parameter]: ["All"] });
      const { Attributes = {} } = only(Messages);
      expect(Object.keys(Attributes)).toEqual(
        expect.arrayContaining([
          "ApproximateFirstReceiveTimestamp",
          "ApproximateReceiveCount",
          "SenderId",
          "SentTimestamp",
        ]),
      );
      expect(Attributes.SentTimestamp).toMatch(/^\d{13}$/);
      expect(Attributes.ApproximateReceiveCount).toBe("1");
    },
  );

  behaviour(
    `a system attribute asked for through ${parameter} comes alone`,
    localstack("test_receive_message_attribute_names_filters"),
    async ({ sqs, createQueue, send }) => {
      const QueueUrl = await createQueue();
      await send(QueueUrl, "a");
      const { Messages = [] } = await sqs.receiveMessage({ QueueUrl, [parameter]: ["ApproximateReceiveCount"] });
      expect(only(Messages).Attributes).toEqual({ ApproximateReceiveCount: "1" });
    },
  );
}

behaviour("a trace header comes back as it was sent", api("SendMessage"), async ({ sqs, createQueue }) => {
  const QueueUrl = await createQueue();
  const trace = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
  await sqs.sendMessage({
    QueueUrl,
    MessageBody: "a",
    MessageSystemAttributes: { AWSTraceHeader: { DataType: "String", StringValue: trace } },
  });
  const { Messages = [] } = await sqs.receiveMessage({ QueueUrl, MessageSystemAttributeNames: ["AWSTraceHeader"] });
  expect(only(Messages).Attributes).toEqual({ AWSTraceHeader: trace });
});

behaviour(
  "a standard queue takes a message group id and gives it back",
  guide("sqs-fair-queues"),
  async ({ sqs, createQueue, receive }) => {
    const QueueUrl = await createQueue();
    await sqs.sendMessage({ QueueUrl, MessageBody: "a", MessageGroupId: "tenant-1" });
    expect(only(await receive(QueueUrl)).Attributes?.MessageGroupId).toBe("tenant-1");
  },
);

behaviour(
  "the digest of the body is right for any text",
  localstack("test_send_receive_message_encoded_content"),
  async ({ sqs, createQueue, receive }) => {
    const QueueUrl = await createQueue();
    const body = 'Grüße, 世界 🚀 "quoted"\n\ttab & <tag> \\ end';
    const { MD5OfMessageBody } = await sqs.sendMessage({ QueueUrl, MessageBody: body });
    const message = only(await receive(QueueUrl));
    expect(MD5OfMessageBody).toBe(md5(body));
    expect(message).toMatchObject({ Body: body, MD5OfBody: md5(body) });
  },
);
