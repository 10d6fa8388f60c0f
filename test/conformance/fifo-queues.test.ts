// FIFO queues themselves: their names, their attributes, their dead-letter queues.
import { expect } from "vitest";
import { api, behaviour, guide, localstack, only, refusal, type Bench } from "./behaviour.js";
import { createFifoQueue, sendFifo, toBodies } from "./fifo.js";

const CREATE = api("CreateQueue");
const DEAD_LETTERS = guide("sqs-dead-letter-queues");

behaviour(
  "a FIFO queue has FIFO's attributes, with their defaults",
  `${CREATE}; ${localstack("test_get_queue_attributes_of_fifo_queue")}`,
  async (bench) => {
    const QueueUrl = await createFifoQueue(bench);
    const { Attributes } = await bench.sqs.getQueueAttributes({ QueueUrl, AttributeNames: ["All"] });
    expect(Attributes).toMatchObject({
      FifoQueue: "true",
      ContentBasedDeduplication: "false",
      DeduplicationScope: "queue",
      FifoThroughputLimit: "perQueue",
    });
  },
);

behaviour(
  "content-based deduplication can be switched off",
  localstack("test_fifo_set_content_based_deduplication_strategy"),
  async (bench) => {
    const QueueUrl = await createFifoQueue(bench, { ContentBasedDeduplication: "true" });
    await bench.sqs.setQueueAttributes({ QueueUrl, Attributes: { ContentBasedDeduplication: "false" } });
    const { Attributes } = await bench.sqs.getQueueAttributes({ QueueUrl, AttributeNames: ["All"] });
    expect(Attributes?.ContentBasedDeduplication).toBe("false");
  },
);

behaviour("a FIFO queue whose name does not end in .fifo is refused", CREATE, async ({ sqs }) => {
  const create = sqs.createQueue({ QueueName: "conformance-fifo", Attributes: { FifoQueue: "true" } });
  expect(await refusal(create)).toMatchObject({ code: "InvalidParameterValue", httpStatusCode: 400 });
});

behaviour("a standard queue whose name ends in .fifo is refused", CREATE, async ({ sqs }) => {
  expect(await refusal(sqs.createQueue({ QueueName: "conformance.fifo" }))).toMatchObject({
    code: "InvalidParameterValue",
    httpStatusCode: 400,
  });
});

behaviour(
  "a standard queue does not know FifoQueue, not even as false",
  "aws/aws-sdk-php issue 1331",
  async ({ sqs }) => {
    const create = sqs.createQueue({ QueueName: "conformance-standard", Attributes: { FifoQueue: "false" } });
    expect(await refusal(create)).toMatchObject({
      code: "InvalidAttributeName",
      message: "Unknown Attribute FifoQueue.",
    });
  },
);

async function createPair(bench: Bench, maxReceiveCount: number): Promise<{ source: string; deadLetters: string }> {
  const deadLetters = await createFifoQueue(bench);
  const { Attributes } = await bench.sqs.getQueueAttributes({ QueueUrl: deadLetters, AttributeNames: ["QueueArn"] });
  const policy = { deadLetterTargetArn: Attributes?.QueueArn, maxReceiveCount };
  const source = await createFifoQueue(bench, { RedrivePolicy: JSON.stringify(policy) });
  return { source, deadLetters };
}

behaviour("a dead letter of a FIFO queue keeps its group, and leaves it free", DEAD_LETTERS, async (bench) => {
  const { source, deadLetters } = await createPair(bench, 1);
  await sendFifo(bench.sqs, source, "a1", "a2");
  const first = only(await bench.receive(source, { max: 1, visibilitySeconds: 0 }));
  expect(toBodies(await bench.receive(source, { waitSeconds: 1 }))).toBe("a2");
  const dead = only(await bench.receive(deadLetters, { waitSeconds: 2 }));
  expect(dead).toMatchObject({ MessageId: first.MessageId, Body: "a1" });
  expect(dead.Attributes?.MessageGroupId).toBe("a");
});

behaviour(
  "in a FIFO dead-letter queue a message's id takes the place of its deduplication id",
  guide("sqs-configure-dead-letter-queue-redrive"),
  async (bench) => {
    const { source, deadLetters } = await createPair(bench, 1);
    await sendFifo(bench.sqs, source, "a1");
    const { MessageId } = only(await bench.receive(source, { visibilitySeconds: 0 }));
    expect(await bench.receive(source)).toEqual([]);
    const dead = only(await bench.receive(deadLetters, { waitSeconds: 2 }));
    expect(dead.Attributes?.MessageDeduplicationId).toBe(MessageId);
  },
);

behaviour(
  "in a FIFO dead-letter queue a message counts as sent when it was moved",
  guide("setting-up-dead-letter-queue-retention"),
  async (bench) => {
    const { source, deadLetters } = await createPair(bench, 1);
    await sendFifo(bench.sqs, source, "a1");
    const first = only(await bench.receive(source, { visibilitySeconds: 1 }));
    expect(await bench.receive(source, { waitSeconds: 2 })).toEqual([]);
    const dead = only(await bench.receive(deadLetters, { waitSeconds: 2 }));
    expect(Number(dead.Attributes?.SentTimestamp)).toBeGreaterThan(Number(first.Attributes?.SentTimestamp));
  },
);

behaviour("the dead-letter queue of a FIFO queue must be FIFO", DEAD_LETTERS, async (bench) => {
  const deadLetters = await bench.createQueue();
  const { Attributes } = await bench.sqs.getQueueAttributes({ QueueUrl: deadLetters, AttributeNames: ["QueueArn"] });
  const policy = { deadLetterTargetArn: Attributes?.QueueArn, maxReceiveCount: 1 };
  const create = createFifoQueue(bench, { RedrivePolicy: JSON.stringify(policy) });
  expect(await refusal(create)).toMatchObject({ code: "InvalidParameterValue", httpStatusCode: 400 });
});
