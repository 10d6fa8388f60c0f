// Dead-letter queues: where messages go that were received too often, and how they come back.
import { expect } from "vitest";
import { api, behaviour, eventually, guide, localstack, only, type Bench } from "./behaviour.js";

const DEAD_LETTERS = guide("sqs-dead-letter-queues");

async function arnOf({ sqs }: Bench, QueueUrl: string): Promise<string> {
  const { Attributes } = await sqs.getQueueAttributes({ QueueUrl, AttributeNames: ["QueueArn"] });
  return Attributes?.QueueArn ?? "";
}

async function createPair(bench: Bench, maxReceiveCount: number): Promise<{ source: string; deadLetters: string }> {
  const deadLetters = await bench.createQueue();
  const policy = { deadLetterTargetArn: await arnOf(bench, deadLetters), maxReceiveCount };
  const source = await bench.createQueue({ VisibilityTimeout: "0", RedrivePolicy: JSON.stringify(policy) });
  return { source, deadLetters };
}

behaviour(
  "a message received maxReceiveCount times goes to the dead-letter queue at the next receive",
  `${DEAD_LETTERS}; ${localstack("test_dead_letter_queue_message_attributes")}`,
  async (bench) => {
    const { source, deadLetters } = await createPair(bench, 2);
    await bench.send(source, "a");
    const first = only(await bench.receive(source));
    expect(only(await bench.receive(source)).MessageId).toBe(first.MessageId);
    expect(await bench.receive(source)).toEqual([]);
    const dead = only(await bench.receive(deadLetters, { waitSeconds: 2 }));
    expect(dead).toMatchObject({ MessageId: first.MessageId, Body: "a" });
    expect(dead.Attributes).toMatchObject({
      SentTimestamp: first.Attributes?.SentTimestamp,
      DeadLetterQueueSourceArn: await arnOf(bench, source),
    });
  },
);

behaviour("the receive count goes on in the dead-letter queue", DEAD_LETTERS, async (bench) => {
  const { source, deadLetters } = await createPair(bench, 2);
  await bench.send(source, "a");
  for (let receives = 0; receives < 3; receives += 1) await bench.receive(source);
  const dead = only(await bench.receive(deadLetters, { waitSeconds: 2 }));
  expect(dead.Attributes?.ApproximateReceiveCount).toBe("3");
});

behaviour(
  "a message given back with a visibility of 0 has used up a receive",
  guide("sqs-visibility-timeout"),
  async (bench) => {
    const { source, deadLetters } = await createPair(bench, 1);
    await bench.send(source, "a");
    const { ReceiptHandle } = only(await bench.receive(source, { visibilitySeconds: 30 }));
    await bench.sqs.changeMessageVisibility({ QueueUrl: source, ReceiptHandle, VisibilityTimeout: 0 });
    expect(await bench.receive(source)).toEqual([]);
    only(await bench.receive(deadLetters, { waitSeconds: 2 }));
  },
);

behaviour("a dead-letter queue tells its source queues", api("ListDeadLetterSourceQueues"), async (bench) => {
  const { source, deadLetters } = await createPair(bench, 3);
  const { queueUrls } = await bench.sqs.listDeadLetterSourceQueues({ QueueUrl: deadLetters });
  expect(queueUrls).toEqual([source]);
});

behaviour(
  "StartMessageMoveTask moves dead letters back to their source",
  api("StartMessageMoveTask"),
  async (bench) => {
    const { source, deadLetters } = await createPair(bench, 1);
    await bench.send(source, "a");
    await bench.receive(source);
    await bench.receive(source);
    await bench.sqs.startMessageMoveTask({ SourceArn: await arnOf(bench, deadLetters) });
    const messages = await eventually(
      () => bench.receive(source, { waitSeconds: 1 }),
      (received) => received.length > 0,
    );
    expect(only(messages).Body).toBe("a");
  },
);
