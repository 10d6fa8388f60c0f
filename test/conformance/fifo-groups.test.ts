// Groups of a FIFO queue: what a message in flight locks, and in which order messages come, and come again.
import type { Message } from "@aws-sdk/client-sqs";
import { expect } from "vitest";
import { api, behaviour, eventually, guide, localstack, sleep } from "./behaviour.js";
import { createFifoQueue, fifoMessage, sendFifo, toBodies } from "./fifo.js";

const DELIVERY = guide("FIFO-queues-understanding-logic");
const CHANGE = api("ChangeMessageVisibility");

/** The bodies of a receive, group by group: the service promises no order of groups, only one within each. */
function byGroup(messages: readonly Message[]): string {
  return toBodies(messages.toSorted((a, b) => (a.Body?.charAt(0) ?? "").localeCompare(b.Body?.charAt(0) ?? "")));
}

behaviour("a receive brings several messages of one group, in order", DELIVERY, async (bench) => {
  const queueUrl = await createFifoQueue(bench);
  const bodies = Array.from({ length: 10 }, (_, index) => `a${index}`);
  await sendFifo(bench.sqs, queueUrl, ...bodies);
  expect(toBodies(await bench.receive(queueUrl, { waitSeconds: 1 }))).toBe(bodies.join(" "));
});

behaviour(
  "a receive brings as many of one group as it can, then those of another",
  `${DELIVERY}; ${localstack("test_fifo_receive_message_group_id_ordering")}`,
  async (bench) => {
    const queueUrl = await createFifoQueue(bench);
    await sendFifo(bench.sqs, queueUrl, "a1", "b1", "a2", "a3");
    expect(toBodies(await bench.receive(queueUrl))).toBe("a1 a2 a3 b1");
  },
);

behaviour(
  "a message in flight locks its group and no other",
  `${DELIVERY}; ${localstack("test_fifo_receive_message_visibility_timeout_shared_in_group")}`,
  async (bench) => {
    const queueUrl = await createFifoQueue(bench);
    await sendFifo(bench.sqs, queueUrl, "a1", "a2", "b1");
    expect(toBodies(await bench.receive(queueUrl, { max: 1 }))).toBe("a1");
    expect(toBodies(await bench.receive(queueUrl))).toBe("b1");
    expect(await bench.receive(queueUrl)).toEqual([]);
  },
);

behaviour(
  "a group stays locked until all messages of it that were received are deleted",
  localstack("test_fifo_message_group_visibility_after_partial_delete"),
  async (bench) => {
    const QueueUrl = await createFifoQueue(bench);
    await sendFifo(bench.sqs, QueueUrl, "a1", "a2", "a3");
    const [first, second] = await bench.receive(QueueUrl, { max: 2 });
    await bench.sqs.deleteMessage({ QueueUrl, ReceiptHandle: first?.ReceiptHandle });
    expect(await bench.receive(QueueUrl)).toEqual([]);
    await bench.sqs.deleteMessage({ QueueUrl, ReceiptHandle: second?.ReceiptHandle });
    expect(toBodies(await bench.receive(QueueUrl, { waitSeconds: 1 }))).toBe("a3");
  },
);

behaviour("messages that are given back come again in order", CHANGE, async (bench) => {
  const QueueUrl = await createFifoQueue(bench);
  await sendFifo(bench.sqs, QueueUrl, "a1", "a2", "a3");
  const [first, second] = await bench.receive(QueueUrl, { max: 2 });
  for (const message of [second, first]) {
    await bench.sqs.changeMessageVisibility({
      QueueUrl,
      ReceiptHandle: message?.ReceiptHandle,
      VisibilityTimeout: 0,
    });
  }
  expect(toBodies(await bench.receive(QueueUrl, { waitSeconds: 1 }))).toBe("a1 a2 a3");
});

behaviour(
  "the first of two that is given back comes alone while the second is in flight",
  localstack("test_fifo_message_group_visibility_after_terminate_visibility_timeout"),
  async (bench) => {
    const QueueUrl = await createFifoQueue(bench);
    await sendFifo(bench.sqs, QueueUrl, "a1", "a2", "b1");
    const [first] = await bench.receive(QueueUrl, { max: 2 });
    await bench.sqs.changeMessageVisibility({ QueueUrl, ReceiptHandle: first?.ReceiptHandle, VisibilityTimeout: 0 });
    expect(byGroup(await bench.receive(QueueUrl, { max: 3, waitSeconds: 2 }))).toBe("a1 b1");
  },
);

behaviour(
  "the first of two comes alone when its visibility ends before that of the second",
  localstack("test_fifo_message_group_visibility_after_change_message_visibility"),
  async (bench) => {
    const QueueUrl = await createFifoQueue(bench);
    await sendFifo(bench.sqs, QueueUrl, "a1", "a2", "b1");
    const [first] = await bench.receive(QueueUrl, { max: 2 });
    await bench.sqs.changeMessageVisibility({ QueueUrl, ReceiptHandle: first?.ReceiptHandle, VisibilityTimeout: 1 });
    await sleep(1_500);
    expect(byGroup(await bench.receive(QueueUrl, { max: 3 }))).toBe("a1 b1");
  },
);

behaviour("the second of two that is given back waits for the first", CHANGE, async (bench) => {
  const QueueUrl = await createFifoQueue(bench);
  await sendFifo(bench.sqs, QueueUrl, "a1", "a2");
  const [first, second] = await bench.receive(QueueUrl);
  await bench.sqs.changeMessageVisibility({ QueueUrl, ReceiptHandle: second?.ReceiptHandle, VisibilityTimeout: 0 });
  expect(await bench.receive(QueueUrl)).toEqual([]);
  await bench.sqs.deleteMessage({ QueueUrl, ReceiptHandle: first?.ReceiptHandle });
  expect(toBodies(await bench.receive(QueueUrl, { waitSeconds: 1 }))).toBe("a2");
});

behaviour(
  "a group comes again in order when its visibility has ended",
  localstack("test_fifo_messages_in_order_after_timeout"),
  async (bench) => {
    const queueUrl = await createFifoQueue(bench, { VisibilityTimeout: "1" });
    await sendFifo(bench.sqs, queueUrl, "a1", "a2", "a3");
    expect(toBodies(await bench.receive(queueUrl))).toBe("a1 a2 a3");
    await sleep(1_500);
    expect(toBodies(await bench.receive(queueUrl))).toBe("a1 a2 a3");
  },
);

behaviour(
  "when its visibility has ended a group comes again from its first message that is not deleted",
  DELIVERY,
  async (bench) => {
    const QueueUrl = await createFifoQueue(bench, { VisibilityTimeout: "1" });
    await sendFifo(bench.sqs, QueueUrl, "a1", "a2", "a3");
    const [first] = await bench.receive(QueueUrl, { max: 2 });
    await bench.sqs.deleteMessage({ QueueUrl, ReceiptHandle: first?.ReceiptHandle });
    await sleep(1_500);
    expect(toBodies(await bench.receive(QueueUrl))).toBe("a2 a3");
  },
);

behaviour(
  "a receive without visibility locks nothing",
  localstack("test_fifo_receive_message_with_zero_visibility_timeout"),
  async (bench) => {
    const queueUrl = await createFifoQueue(bench);
    await sendFifo(bench.sqs, queueUrl, "a1", "b1", "b2", "c1", "a2");
    expect(toBodies(await bench.receive(queueUrl, { max: 3, visibilitySeconds: 0 }))).toBe("a1 a2 b1");
    expect(byGroup(await bench.receive(queueUrl, { visibilitySeconds: 0 }))).toBe("a1 a2 b1 b2 c1");
  },
);

behaviour("of three long polls one is served while its message is in flight", DELIVERY, async (bench) => {
  const QueueUrl = await createFifoQueue(bench);
  const answers: string[] = [];
  const polls = Array.from({ length: 3 }, async () => {
    const messages = await bench.receive(QueueUrl, { max: 1, waitSeconds: 4 });
    answers.push(toBodies(messages));
    return messages;
  });
  await sleep(300);
  await bench.sqs.sendMessageBatch({
    QueueUrl,
    Entries: ["a1", "a2"].map((body) => ({ Id: body, ...fifoMessage(body) })),
  });
  const [first] = await Promise.race(polls);
  await sleep(500);
  expect(answers).toEqual(["a1"]);
  await bench.sqs.deleteMessage({ QueueUrl, ReceiptHandle: first?.ReceiptHandle });
  await Promise.all(polls);
  expect(answers).toEqual(["a1", "a2", ""]);
});

behaviour("thirty messages of three groups all come, in order in each group", DELIVERY, async (bench) => {
  const queueUrl = await createFifoQueue(bench);
  const ofGroup = (group: string): string[] => Array.from({ length: 10 }, (_, index) => `${group}${index}`);
  const sent = ofGroup("a").flatMap((_, index) => ["a", "b", "c"].map((group) => `${group}${index}`));
  await sendFifo(bench.sqs, queueUrl, ...sent);
  const received: string[] = [];
  await eventually(
    async () => received.push(...toBodies(await bench.receive(queueUrl, { waitSeconds: 1 })).split(" ")),
    (count) => count >= sent.length,
  );
  for (const group of ["a", "b", "c"]) {
    expect(received.filter((body) => body.startsWith(group))).toEqual(ofGroup(group));
  }
});

behaviour(
  "the queue counts messages that wait behind others of their group as visible",
  localstack("test_fifo_approx_number_of_messages"),
  async (bench) => {
    const QueueUrl = await createFifoQueue(bench);
    await sendFifo(bench.sqs, QueueUrl, "a1", "a2", "a3");
    await bench.receive(QueueUrl, { max: 1 });
    const readCounts = async (): Promise<string> => {
      const { Attributes } = await bench.sqs.getQueueAttributes({ QueueUrl, AttributeNames: ["All"] });
      const { ApproximateNumberOfMessages, ApproximateNumberOfMessagesNotVisible } = Attributes ?? {};
      return `${ApproximateNumberOfMessages} visible, ${ApproximateNumberOfMessagesNotVisible} in flight`;
    };
    const expected = "2 visible, 1 in flight";
    expect(await eventually(readCounts, (counts) => counts === expected)).toBe(expected);
  },
);
