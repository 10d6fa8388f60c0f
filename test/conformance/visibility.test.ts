// Visibility: how long a received message stays hidden, and how that changes.
import { expect } from "vitest";
import { api, behaviour, eventually, guide, localstack, only, refusal, sleep, timed } from "./behaviour.js";

const VISIBILITY = guide("sqs-visibility-timeout");
const CHANGE = api("ChangeMessageVisibility");

behaviour("a received message is hidden from others", VISIBILITY, async ({ createQueue, receive, send }) => {
  const queueUrl = await createQueue();
  await send(queueUrl, "a");
  only(await receive(queueUrl));
  expect(await receive(queueUrl, { waitSeconds: 1 })).toEqual([]);
});

behaviour(
  "after its visibility timeout a message comes again: same id, new receipt handle, receive count 2",
  VISIBILITY,
  async ({ createQueue, receive, send }) => {
    const queueUrl = await createQueue({ VisibilityTimeout: "1" });
    await send(queueUrl, "a");
    const first = only(await receive(queueUrl));
    const second = only(await receive(queueUrl, { waitSeconds: 5 }));
    expect(second.MessageId).toBe(first.MessageId);
    expect(second.ReceiptHandle).not.toBe(first.ReceiptHandle);
    expect(first.Attributes?.ApproximateReceiveCount).toBe("1");
    expect(second.Attributes?.ApproximateReceiveCount).toBe("2");
    expect(second.Attributes?.ApproximateFirstReceiveTimestamp).toBe(
      first.Attributes?.ApproximateFirstReceiveTimestamp,
    );
  },
);

behaviour(
  "a visibility timeout of 0 on the queue leaves messages visible",
  VISIBILITY,
  async ({ createQueue, receive, send }) => {
    const queueUrl = await createQueue({ VisibilityTimeout: "0" });
    await send(queueUrl, "a");
    only(await receive(queueUrl));
    only(await receive(queueUrl));
  },
);

behaviour(
  "a visibility timeout of 0 on the receive leaves messages visible",
  api("ReceiveMessage"),
  async ({ createQueue, receive, send }) => {
    const queueUrl = await createQueue();
    await send(queueUrl, "a");
    only(await receive(queueUrl, { visibilitySeconds: 0 }));
    only(await receive(queueUrl));
  },
);

behaviour(
  "the visibility timeout of the receive overrides that of the queue",
  api("ReceiveMessage"),
  async ({ createQueue, receive, send }) => {
    const queueUrl = await createQueue({ VisibilityTimeout: "30" });
    await send(queueUrl, "a");
    only(await receive(queueUrl, { visibilitySeconds: 1 }));
    only(await receive(queueUrl, { waitSeconds: 5 }));
  },
);

behaviour(
  "a visibility changed to 0 makes the message visible at once",
  VISIBILITY,
  async ({ sqs, createQueue, receive, send }) => {
    const QueueUrl = await createQueue();
    await send(QueueUrl, "a");
    const { ReceiptHandle } = only(await receive(QueueUrl));
    await sqs.changeMessageVisibility({ QueueUrl, ReceiptHandle, VisibilityTimeout: 0 });
    only(await receive(QueueUrl));
  },
);

behaviour(
  "a visibility changed to 0 wakes a waiting long poll",
  VISIBILITY,
  async ({ sqs, createQueue, receive, send }) => {
    const QueueUrl = await createQueue();
    await send(QueueUrl, "a");
    const { ReceiptHandle } = only(await receive(QueueUrl));
    const poll = timed(() => receive(QueueUrl, { waitSeconds: 5 }));
    await sleep(300);
    await sqs.changeMessageVisibility({ QueueUrl, ReceiptHandle, VisibilityTimeout: 0 });
    const { value, ms } = await poll;
    only(value);
    expect(ms).toBeLessThan(2_000);
  },
);

behaviour(
  "an extended message stays hidden past its first timeout",
  VISIBILITY,
  async ({ sqs, createQueue, receive, send }) => {
    const QueueUrl = await createQueue({ VisibilityTimeout: "1" });
    await send(QueueUrl, "a");
    const { ReceiptHandle } = only(await receive(QueueUrl));
    await sqs.changeMessageVisibility({ QueueUrl, ReceiptHandle, VisibilityTimeout: 4 });
    expect(await receive(QueueUrl, { waitSeconds: 2 })).toEqual([]);
  },
);

behaviour(
  "a visibility change after the timeout succeeds while nobody else has received the message",
  localstack("test_change_message_visibility_after_visibility_timeout_expiration"),
  async ({ sqs, createQueue, receive, send }) => {
    const QueueUrl = await createQueue();
    await send(QueueUrl, "a");
    const { ReceiptHandle } = only(await receive(QueueUrl, { visibilitySeconds: 1 }));
    await sleep(1_300);
    await sqs.changeMessageVisibility({ QueueUrl, ReceiptHandle, VisibilityTimeout: 2 });
  },
);

behaviour(
  "a visibility change of a deleted message is refused",
  CHANGE,
  async ({ sqs, createQueue, receive, send }) => {
    const QueueUrl = await createQueue();
    await send(QueueUrl, "a");
    const { ReceiptHandle } = only(await receive(QueueUrl));
    await sqs.deleteMessage({ QueueUrl, ReceiptHandle });
    const { code, message } = await refusal(
      sqs.changeMessageVisibility({ QueueUrl, ReceiptHandle, VisibilityTimeout: 5 }),
    );
    expect(code).toBe("InvalidParameterValue");
    expect(message).toMatch(/Message does not exist or is not available for visibility timeout change\.$/);
  },
);

behaviour("a visibility change with a garbage handle is refused", CHANGE, async ({ sqs, createQueue }) => {
  const QueueUrl = await createQueue();
  const change = sqs.changeMessageVisibility({ QueueUrl, ReceiptHandle: "garbage", VisibilityTimeout: 5 });
  expect((await refusal(change)).code).toBe("ReceiptHandleIsInvalid");
});

behaviour("a visibility of more than 12 h is refused", CHANGE, async ({ sqs, createQueue, receive, send }) => {
  const QueueUrl = await createQueue();
  await send(QueueUrl, "a");
  const { ReceiptHandle } = only(await receive(QueueUrl));
  const change = sqs.changeMessageVisibility({ QueueUrl, ReceiptHandle, VisibilityTimeout: 43_201 });
  expect(await refusal(change)).toMatchObject({ code: "InvalidParameterValue", httpStatusCode: 400 });
});

behaviour(
  "a visibility that would pass 12 h from the receive is refused",
  VISIBILITY,
  async ({ sqs, createQueue, receive, send }) => {
    const QueueUrl = await createQueue();
    await send(QueueUrl, "a");
    const { ReceiptHandle } = only(await receive(QueueUrl));
    await sleep(1_100);
    const { code, message } = await refusal(
      sqs.changeMessageVisibility({ QueueUrl, ReceiptHandle, VisibilityTimeout: 43_200 }),
    );
    expect(code).toBe("InvalidParameterValue");
    expect(message).toMatch(/Total VisibilityTimeout for the message is beyond the limit \[43200 seconds\]/);
  },
);

behaviour(
  "in a batch of visibility changes a garbage handle fails alone",
  api("ChangeMessageVisibilityBatch"),
  async ({ sqs, createQueue, receive, send }) => {
    const QueueUrl = await createQueue();
    await send(QueueUrl, "a");
    const { ReceiptHandle } = only(await receive(QueueUrl));
    const { Successful, Failed } = await sqs.changeMessageVisibilityBatch({
      QueueUrl,
      Entries: [
        { Id: "good", ReceiptHandle, VisibilityTimeout: 0 },
        { Id: "bad", ReceiptHandle: "garbage", VisibilityTimeout: 0 },
      ],
    });
    expect(Successful).toEqual([{ Id: "good" }]);
    expect(Failed).toMatchObject([{ Id: "bad", Code: "ReceiptHandleIsInvalid", SenderFault: true }]);
    only(await receive(QueueUrl));
  },
);

behaviour(
  "the queue counts what is visible and what is in flight",
  api("GetQueueAttributes"),
  async ({ sqs, createQueue, receive, send }) => {
    const QueueUrl = await createQueue({ VisibilityTimeout: "2" });
    await send(QueueUrl, "a", "b", "c", "d", "e");
    for (let received = 0; received < 3;) received += (await receive(QueueUrl, { max: 3 - received })).length;
    const readCounts = async (): Promise<string> => {
      const { Attributes } = await sqs.getQueueAttributes({ QueueUrl, AttributeNames: ["All"] });
      const { ApproximateNumberOfMessages, ApproximateNumberOfMessagesNotVisible } = Attributes ?? {};
      return `${ApproximateNumberOfMessages} visible, ${ApproximateNumberOfMessagesNotVisible} in flight`;
    };
    const inBetween = "2 visible, 3 in flight";
    expect(await eventually(readCounts, (counts) => counts === inBetween)).toBe(inBetween);
    const afterwards = "5 visible, 0 in flight";
    expect(await eventually(readCounts, (counts) => counts === afterwards)).toBe(afterwards);
  },
);
