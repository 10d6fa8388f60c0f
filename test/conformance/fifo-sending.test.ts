// Sending to a FIFO queue: what a message must have, and what is deduplicated. The five minutes of deduplication are
// played through in the unit tests.
import { expect } from "vitest";
import { api, behaviour, guide, localstack, only, refusal } from "./behaviour.js";
import { createFifoQueue, fifoMessage, sendFifo, toBodies } from "./fifo.js";

const SEND = api("SendMessage");
const DEDUPLICATION = guide("using-messagededuplicationid-property");
const NO_DEDUPLICATION_ID =
  "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly";

behaviour("a FIFO send without a group id is refused", SEND, async (bench) => {
  const QueueUrl = await createFifoQueue(bench);
  const send = bench.sqs.sendMessage({ QueueUrl, MessageBody: "a", MessageDeduplicationId: "a" });
  expect(await refusal(send)).toMatchObject({
    code: "MissingParameter",
    httpStatusCode: 400,
    message: "The request must contain the parameter MessageGroupId.",
  });
});

behaviour("a FIFO send without a deduplication id is refused", SEND, async (bench) => {
  const QueueUrl = await createFifoQueue(bench);
  const send = bench.sqs.sendMessage({ QueueUrl, MessageBody: "a", MessageGroupId: "a" });
  expect(await refusal(send)).toMatchObject({
    code: "InvalidParameterValue",
    httpStatusCode: 400,
    message: NO_DEDUPLICATION_ID,
  });
});

for (const [missing, test, message] of [
  [
    "MessageGroupId",
    "test_send_batch_missing_message_group_id_for_fifo_queue",
    "The request must contain the parameter MessageGroupId.",
  ],
  ["MessageDeduplicationId", "test_send_batch_missing_deduplication_id_for_fifo_queue", NO_DEDUPLICATION_ID],
] as const) {
  behaviour(`an entry without a ${missing} makes a whole FIFO batch fail`, localstack(test), async (bench) => {
    const QueueUrl = await createFifoQueue(bench);
    const Entries = [
      { Id: "whole", ...fifoMessage("a1") },
      { Id: "lacking", ...fifoMessage("a2"), [missing]: undefined },
    ];
    expect(await refusal(bench.sqs.sendMessageBatch({ QueueUrl, Entries }))).toMatchObject({
      code: "InvalidParameterValue",
      httpStatusCode: 400,
      message,
    });
    expect(await bench.receive(QueueUrl)).toEqual([]);
  });
}

behaviour(
  "a delay of a single FIFO message is refused",
  localstack("test_fifo_queue_send_message_with_delay_seconds_fails"),
  async (bench) => {
    const QueueUrl = await createFifoQueue(bench);
    const send = bench.sqs.sendMessage({ QueueUrl, ...fifoMessage("a1"), DelaySeconds: 2 });
    expect(await refusal(send)).toMatchObject({
      code: "InvalidParameterValue",
      message:
        "Value 2 for parameter DelaySeconds is invalid. Reason: " +
        "The request include parameter that is not valid for this queue type.",
    });
  },
);

behaviour(
  "the delay of a FIFO queue holds for each message",
  localstack("test_fifo_queue_send_message_with_delay_on_queue_works"),
  async (bench) => {
    const queueUrl = await createFifoQueue(bench, { DelaySeconds: "1" });
    await sendFifo(bench.sqs, queueUrl, "a1");
    expect(await bench.receive(queueUrl)).toEqual([]);
    expect(toBodies(await bench.receive(queueUrl, { waitSeconds: 5 }))).toBe("a1");
  },
);

behaviour("a standard queue refuses a deduplication id", SEND, async ({ sqs, createQueue }) => {
  const QueueUrl = await createQueue();
  const send = sqs.sendMessage({ QueueUrl, MessageBody: "a", MessageDeduplicationId: "a" });
  expect(await refusal(send)).toMatchObject({ code: "InvalidParameterValue", httpStatusCode: 400 });
});

behaviour(
  "a FIFO message has its group, its deduplication id and its sequence number",
  localstack("test_fifo_message_attributes"),
  async (bench) => {
    const QueueUrl = await createFifoQueue(bench);
    const { SequenceNumber } = await bench.sqs.sendMessage({ QueueUrl, ...fifoMessage("a1") });
    expect(SequenceNumber).toMatch(/^\d+$/);
    expect(only(await bench.receive(QueueUrl)).Attributes).toMatchObject({
      MessageGroupId: "a",
      MessageDeduplicationId: "a1",
      SequenceNumber,
    });
  },
);

behaviour("sequence numbers grow within a group", guide("FIFO-key-terms"), async (bench) => {
  const queueUrl = await createFifoQueue(bench);
  await sendFifo(bench.sqs, queueUrl, "a1", "a2");
  const [first = 0n, second = 0n] = (await bench.receive(queueUrl)).map(({ Attributes }) =>
    BigInt(Attributes?.SequenceNumber ?? ""),
  );
  expect(second).toBeGreaterThan(first);
});

behaviour("equal bodies are one message where content is what deduplicates", DEDUPLICATION, async (bench) => {
  const QueueUrl = await createFifoQueue(bench, { ContentBasedDeduplication: "true" });
  const send = async (): Promise<string | undefined> =>
    (await bench.sqs.sendMessage({ QueueUrl, MessageBody: "x", MessageGroupId: "a" })).MessageId;
  expect(await send()).toBe(await send());
  only(await bench.receive(QueueUrl));
});

behaviour("a repeated send is not delivered even when its message is deleted", DEDUPLICATION, async (bench) => {
  const QueueUrl = await createFifoQueue(bench);
  await sendFifo(bench.sqs, QueueUrl, "a1");
  const { ReceiptHandle } = only(await bench.receive(QueueUrl));
  await bench.sqs.deleteMessage({ QueueUrl, ReceiptHandle });
  await sendFifo(bench.sqs, QueueUrl, "a1");
  expect(await bench.receive(QueueUrl, { waitSeconds: 1 })).toEqual([]);
});

for (const [scope, expected] of [
  ["queue", "first"],
  ["messageGroup", "first second"],
] as const) {
  behaviour(
    `with the deduplication scope ${scope} two groups with one id get: ${expected}`,
    guide("high-throughput-fifo"),
    async (bench) => {
      const QueueUrl = await createFifoQueue(bench, { DeduplicationScope: scope });
      for (const [MessageGroupId, MessageBody] of [
        ["a", "first"],
        ["b", "second"],
      ]) {
        await bench.sqs.sendMessage({ QueueUrl, MessageBody, MessageGroupId, MessageDeduplicationId: "1" });
      }
      expect(toBodies(await bench.receive(QueueUrl))).toBe(expected);
    },
  );
}
