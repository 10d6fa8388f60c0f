// What is refused, and how; sizes; delays; the life of a queue.
import { expect } from "vitest";
import { api, behaviour, guide, localstack, only, refusal, timed } from "./behaviour.js";

const MIB = 1_048_576;
const SEND = api("SendMessage");

behaviour("a queue that does not exist is refused", api("ReceiveMessage"), async ({ createQueue, receive }) => {
  const missing = `${await createQueue()}-missing`;
  expect(await refusal(receive(missing))).toMatchObject({
    code: "QueueDoesNotExist",
    httpStatusCode: 400,
    message: expect.stringMatching(/^The specified queue does not exist/) as string,
  });
});

behaviour(
  "the refusal of a queue that does not exist has the older protocol's code",
  localstack("test_non_existent_queue"),
  async ({ createQueue, receive }) => {
    const missing = `${await createQueue()}-missing`;
    expect((await refusal(receive(missing))).legacyCode).toBe("AWS.SimpleQueueService.NonExistentQueue");
  },
);

behaviour("GetQueueUrl finds a queue by its name, or refuses", api("GetQueueUrl"), async ({ sqs, createQueue }) => {
  const QueueUrl = await createQueue();
  const QueueName = QueueUrl.slice(QueueUrl.lastIndexOf("/") + 1);
  expect((await sqs.getQueueUrl({ QueueName })).QueueUrl).toBe(QueueUrl);
  const { code } = await refusal(sqs.getQueueUrl({ QueueName: `${QueueName}-missing` }));
  expect(code).toBe("QueueDoesNotExist");
});

behaviour("a queue URL ends in account and name", guide("sqs-queue-message-identifiers"), async ({ createQueue }) => {
  expect(await createQueue()).toMatch(/^https?:\/\/[^/]+\/\d{12}\/conformance-[\w-]+$/);
});

behaviour("a message of 1 MiB is accepted", guide("quotas-messages"), async ({ sqs, createQueue, receive }) => {
  const QueueUrl = await createQueue();
  await sqs.sendMessage({ QueueUrl, MessageBody: "x".repeat(MIB) });
  expect(only(await receive(QueueUrl)).Body).toHaveLength(MIB);
});

behaviour("a message of 1 MiB and a byte is refused", guide("quotas-messages"), async ({ sqs, createQueue }) => {
  const QueueUrl = await createQueue();
  expect(await refusal(sqs.sendMessage({ QueueUrl, MessageBody: "x".repeat(MIB + 1) }))).toMatchObject({
    code: "InvalidParameterValue",
    httpStatusCode: 400,
    message: "One or more parameters are invalid. Reason: Message must be shorter than 1048576 bytes.",
  });
});

behaviour(
  "the size of the queue's own limit is kept",
  localstack("test_send_message_with_updated_maximum_message_size"),
  async ({ sqs, createQueue }) => {
    const QueueUrl = await createQueue({ MaximumMessageSize: "1024" });
    await sqs.sendMessage({ QueueUrl, MessageBody: "x".repeat(1_024) });
    expect(await refusal(sqs.sendMessage({ QueueUrl, MessageBody: "x".repeat(1_025) }))).toMatchObject({
      code: "InvalidParameterValue",
      message: "One or more parameters are invalid. Reason: Message must be shorter than 1024 bytes.",
    });
  },
);

behaviour("attributes count towards the size of a message", guide("quotas-messages"), async ({ sqs, createQueue }) => {
  const QueueUrl = await createQueue({ MaximumMessageSize: "1024" });
  const send = sqs.sendMessage({
    QueueUrl,
    MessageBody: "x".repeat(1_000),
    MessageAttributes: { name: { DataType: "String", StringValue: "y".repeat(100) } },
  });
  expect((await refusal(send)).code).toBe("InvalidParameterValue");
});

behaviour("an empty message is refused", SEND, async ({ sqs, createQueue }) => {
  const QueueUrl = await createQueue();
  expect(await refusal(sqs.sendMessage({ QueueUrl, MessageBody: "" }))).toMatchObject({
    code: "MissingParameter",
    message: "The request must contain the parameter MessageBody.",
  });
});

behaviour("a control character in a body is refused", SEND, async ({ sqs, createQueue }) => {
  const QueueUrl = await createQueue();
  expect((await refusal(sqs.sendMessage({ QueueUrl, MessageBody: "a\u0001b" }))).code).toBe("InvalidMessageContents");
});

behaviour("a delay of more than 15 minutes is refused", SEND, async ({ sqs, createQueue }) => {
  const QueueUrl = await createQueue();
  const { code } = await refusal(sqs.sendMessage({ QueueUrl, MessageBody: "a", DelaySeconds: 901 }));
  expect(code).toBe("InvalidParameterValue");
});

behaviour(
  "the delay of a message hides it at first",
  guide("sqs-message-timers"),
  async ({ sqs, createQueue, receive }) => {
    const QueueUrl = await createQueue();
    await sqs.sendMessage({ QueueUrl, MessageBody: "a", DelaySeconds: 1 });
    expect(await receive(QueueUrl)).toEqual([]);
    only(await receive(QueueUrl, { waitSeconds: 3 }));
  },
);

behaviour(
  "the delay of the queue hides messages that name none",
  guide("sqs-delay-queues"),
  async ({ sqs, createQueue, receive }) => {
    const QueueUrl = await createQueue({ DelaySeconds: "2" });
    await sqs.sendMessage({ QueueUrl, MessageBody: "late" });
    await sqs.sendMessage({ QueueUrl, MessageBody: "now", DelaySeconds: 0 });
    expect(only(await receive(QueueUrl, { waitSeconds: 1 })).Body).toBe("now");
    const { value, ms } = await timed(() => receive(QueueUrl, { waitSeconds: 5 }));
    expect(only(value).Body).toBe("late");
    expect(ms).toBeGreaterThan(1_000);
  },
);

behaviour("a purge removes what is visible and what is in flight", api("PurgeQueue"), async (bench) => {
  const { sqs, createQueue, receive, send } = bench;
  const QueueUrl = await createQueue({ VisibilityTimeout: "1" });
  await send(QueueUrl, "a", "b");
  only(await receive(QueueUrl, { max: 1 }));
  await sqs.purgeQueue({ QueueUrl });
  expect(await receive(QueueUrl, { waitSeconds: 2 })).toEqual([]);
});

behaviour(
  "a second purge within a minute is refused",
  `${api("PurgeQueue")}; ${localstack("test_successive_purge_calls_fail")}`,
  async ({ sqs, createQueue }) => {
    const QueueUrl = await createQueue();
    await sqs.purgeQueue({ QueueUrl });
    const { code, legacyCode, httpStatusCode, message } = await refusal(sqs.purgeQueue({ QueueUrl }));
    expect(code).toBe("PurgeQueueInProgress");
    expect(legacyCode).toBe("AWS.SimpleQueueService.PurgeQueueInProgress");
    expect(httpStatusCode).toBe(403);
    expect(message).toMatch(/^Only one PurgeQueue operation on .* is allowed every 60 seconds\.$/);
  },
);

behaviour(
  "tags are set, listed and removed",
  `${api("TagQueue")}; ${localstack("test_tag_untag_queue")}`,
  async ({ sqs, createQueue }) => {
    const QueueUrl = await createQueue();
    await sqs.tagQueue({ QueueUrl, Tags: { team: "orders", tier: "1" } });
    expect((await sqs.listQueueTags({ QueueUrl })).Tags).toEqual({ team: "orders", tier: "1" });
    await sqs.untagQueue({ QueueUrl, TagKeys: ["tier"] });
    expect((await sqs.listQueueTags({ QueueUrl })).Tags).toEqual({ team: "orders" });
    await sqs.untagQueue({ QueueUrl, TagKeys: ["team"] });
    expect((await sqs.listQueueTags({ QueueUrl })).Tags).toBeUndefined();
  },
);

behaviour(
  "a retention of a minute is accepted, one of less refused",
  api("SetQueueAttributes"),
  async ({ sqs, createQueue }) => {
    const QueueUrl = await createQueue({ MessageRetentionPeriod: "60" });
    const Attributes = { MessageRetentionPeriod: "59" };
    expect((await refusal(sqs.setQueueAttributes({ QueueUrl, Attributes }))).code).toBe("InvalidAttributeValue");
  },
);

behaviour(
  "the name of a deleted queue is blocked for a minute",
  localstack("test_create_queue_recently_deleted"),
  async ({ sqs, createQueue }) => {
    const QueueUrl = await createQueue();
    const QueueName = QueueUrl.slice(QueueUrl.lastIndexOf("/") + 1);
    await sqs.deleteQueue({ QueueUrl });
    expect(await refusal(sqs.createQueue({ QueueName }))).toMatchObject({
      code: "QueueDeletedRecently",
      message: "You must wait 60 seconds after deleting a queue before you can create another with the same name.",
    });
  },
);

behaviour(
  "a queue is created again with the same attributes, refused with others",
  localstack("test_create_queue_with_different_attributes_raises_exception"),
  async ({ sqs, createQueue }) => {
    const QueueUrl = await createQueue({ VisibilityTimeout: "7" });
    const QueueName = QueueUrl.slice(QueueUrl.lastIndexOf("/") + 1);
    const again = await sqs.createQueue({ QueueName, Attributes: { VisibilityTimeout: "7" } });
    expect(again.QueueUrl).toBe(QueueUrl);
    const other = sqs.createQueue({ QueueName, Attributes: { VisibilityTimeout: "8" } });
    expect((await refusal(other)).code).toBe("QueueNameExists");
  },
);

behaviour(
  "the refusal to create a queue with other attributes names the attribute",
  localstack("test_create_queue_with_different_attributes_raises_exception"),
  async ({ sqs, createQueue }) => {
    const QueueUrl = await createQueue();
    const QueueName = QueueUrl.slice(QueueUrl.lastIndexOf("/") + 1);
    const { message } = await refusal(sqs.createQueue({ QueueName, Attributes: { VisibilityTimeout: "8" } }));
    expect(message).toBe(
      "A queue already exists with the same name and a different value for attribute VisibilityTimeout",
    );
  },
);

behaviour(
  "all attributes of a new queue, with their defaults",
  `${api("GetQueueAttributes")}; ${localstack("test_create_and_update_queue_attributes")}`,
  async ({ sqs, createQueue }) => {
    const QueueUrl = await createQueue();
    const { Attributes } = await sqs.getQueueAttributes({ QueueUrl, AttributeNames: ["All"] });
    expect(Attributes).toMatchObject({
      ApproximateNumberOfMessages: "0",
      ApproximateNumberOfMessagesNotVisible: "0",
      ApproximateNumberOfMessagesDelayed: "0",
      CreatedTimestamp: expect.stringMatching(/^\d{10}$/) as string,
      LastModifiedTimestamp: expect.stringMatching(/^\d{10}$/) as string,
      DelaySeconds: "0",
      MaximumMessageSize: "1048576",
      MessageRetentionPeriod: "345600",
      ReceiveMessageWaitTimeSeconds: "0",
      VisibilityTimeout: "30",
      SqsManagedSseEnabled: "true",
      QueueArn: expect.stringMatching(/^arn:aws[\w-]*:sqs:[\w-]+:\d{12}:conformance-/) as string,
    });
  },
);

behaviour("an attribute that is set is there to be read", api("SetQueueAttributes"), async ({ sqs, createQueue }) => {
  const QueueUrl = await createQueue();
  await sqs.setQueueAttributes({ QueueUrl, Attributes: { VisibilityTimeout: "69", DelaySeconds: "420" } });
  const { Attributes } = await sqs.getQueueAttributes({
    QueueUrl,
    AttributeNames: ["VisibilityTimeout", "DelaySeconds"],
  });
  expect(Attributes).toEqual({ VisibilityTimeout: "69", DelaySeconds: "420" });
});

behaviour("queues are listed by the beginning of their names", api("ListQueues"), async ({ sqs, createQueue }) => {
  const QueueUrl = await createQueue();
  const QueueNamePrefix = QueueUrl.slice(QueueUrl.lastIndexOf("/") + 1);
  expect((await sqs.listQueues({ QueueNamePrefix })).QueueUrls).toEqual([QueueUrl]);
  expect((await sqs.listQueues({ QueueNamePrefix: `${QueueNamePrefix}-none` })).QueueUrls).toBeUndefined();
});
