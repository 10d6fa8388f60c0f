// What becomes of messages by each outcome: with retry queues and without, with a dead-letter exchange and without.
import { randomUUID } from "node:crypto";
import { once, setMaxListeners } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { Consumer, deadLetter, retry, SemaphoreWorker } from "millrace";
import { type RabbitMessage, RabbitRunner } from "millrace/rabbitmq";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { RabbitRig } from "./support/rabbit-rig.js";
import { type QueueType, TestQueues } from "./support/test-queues.js";

const RETRY_QUEUES = { retryDelaysSeconds: [1, 3_600], shouldDeclareRetryQueues: true } as const;

let queues: TestQueues;
let url: string;

beforeAll(async () => {
  queues = await TestQueues.open();
  url = queues.broker.url;
});

afterAll(() => queues[Symbol.asyncDispose]());

describe.each<QueueType>(["classic", "quorum"])("retry queues of a %s queue", (type) => {
  test("bring the message back as it was, with its attempts counted", async () => {
    const queue = await queues.declare(type);
    const body = Buffer.from([0, 255, 123, 34, 0x80, 10]); // Neither text nor JSON, though it says so.
    const properties = {
      contentType: "application/json",
      messageId: "m-1",
      headers: { tenant: "a", deep: { n: [1] } },
    };
    await queues.channel.assertExchange(`${queue}-exchange`, "topic");
    await queues.channel.bindQueue(queue, `${queue}-exchange`, "order.*");
    await using rig = await RabbitRig.start({ url, queue, ...RETRY_QUEUES, retryQueueType: type }, ({ attempt }) =>
      attempt < 3 ? retry({ afterSeconds: 0.5 }) : undefined,
    );
    queues.channel.publish(`${queue}-exchange`, "order.paid", body, properties);
    const startedAt = performance.now();
    const third = await rig.untilCalled(3);
    expect(performance.now() - startedAt).toBeGreaterThan(1_900);
    expect(rig.calls.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
    const { content, fields, properties: seen } = third.message;
    expect(Buffer.from(content)).toEqual(body);
    expect(fields).toMatchObject({ exchange: `${queue}-exchange`, routingKey: "order.paid" });
    expect(seen).toMatchObject(properties);
    await rig.until(() => rig.consumer.stats().counters.settled.ack === 1);
    expect(rig.errors).toEqual([]);
  });

  test("hold messages while nobody consumes", async () => {
    const queue = await queues.declare(type);
    const rig = await RabbitRig.start({ url, queue, ...RETRY_QUEUES, retryQueueType: type }, () =>
      retry({ afterSeconds: 60 }),
    );
    await queues.send(queue, ["a", "b"]);
    await rig.until(() => rig.consumer.stats().counters.settled.retry === 2);
    await rig.consumer.stop();
    expect(await queues.count(queue)).toEqual({ ready: 0, unacknowledged: 0 });
    expect(await queues.count(`${queue}.retry.3600s`)).toEqual({ ready: 2, unacknowledged: 0 });
  });
});

describe("a retry queue that is gone", () => {
  test("is reported, and the message is held here instead", async () => {
    const queue = await queues.declare("quorum");
    await using rig = await RabbitRig.start({ url, queue, ...RETRY_QUEUES }, ({ attempt }) =>
      attempt === 1 ? retry({ afterSeconds: 0.2 }) : undefined,
    );
    await queues.channel.deleteQueue(`${queue}.retry.1s`);
    await queues.send(queue, ["a"]);
    await rig.untilCalled(2);
    expect(rig.codes).toEqual(["QUEUE_NOT_FOUND"]);
    expect(rig.errors[0]?.message).toContain(`the retry queue ${queue}.retry.1s`);
    await rig.until(() => rig.consumer.stats().counters.settled.ack === 1);
  });
});

describe("without retry queues", () => {
  test("a message to be retried is held, and blocks no other", async () => {
    const queue = await queues.declare("quorum");
    await using rig = await RabbitRig.start({ url, queue }, ({ body }) =>
      body === "held" ? retry({ afterSeconds: 3_600 }) : undefined,
    );
    await queues.send(queue, [...Array<string>(30).fill("held"), ...Array<string>(500).fill("other")]);
    await rig.until(() => rig.consumer.stats().counters.settled.ack === 500);
    expect(await queues.count(queue)).toEqual({ ready: 0, unacknowledged: 30 });
    expect(rig.consumer.stats().settlementsPending).toBe(30);
  });

  test("no more are held than maxHeldRetries allows", async () => {
    const queue = await queues.declare("classic");
    await using rig = await RabbitRig.start({ url, queue, maxHeldRetries: 20 }, () => retry({ afterSeconds: 3_600 }));
    await queues.send(queue, Array<string>(200).fill("held"));
    await rig.until(() => rig.calls.length >= 20);
    const { unacknowledged } = await queues.count(queue);
    expect(unacknowledged).toBeLessThanOrEqual(40); // And what was promised to the broker before that.
  });

  test("a stop returns what is held", async () => {
    const queue = await queues.declare("classic");
    const rig = await RabbitRig.start({ url, queue }, () => retry({ afterSeconds: 3_600 }));
    await queues.send(queue, ["a"]);
    await rig.untilEnded(1);
    const { isDrained } = await rig.consumer.stop();
    expect(isDrained).toBe(true);
    expect(await queues.count(queue)).toEqual({ ready: 1, unacknowledged: 0 });
  });
});

describe("a dead letter", () => {
  test("goes to the dead-letter exchange, where the queue has one", async () => {
    const { queue, dead } = await queues.declareWithDeadLetters("quorum");
    await using rig = await RabbitRig.start({ url, queue, hasDeadLetterExchange: true }, () => deadLetter("bad"));
    await queues.send(queue, ["a"]);
    await rig.until(() => rig.consumer.stats().counters.settled.deadLetter === 1);
    await queues.channel.get(dead);
    expect(await queues.count(queue)).toEqual({ ready: 0, unacknowledged: 0 });
  });

  test("is not thrown away where nobody has said that there is one", async () => {
    const queue = await queues.declare("classic");
    const rig = await RabbitRig.start({ url, queue }, () => deadLetter("bad"));
    await queues.send(queue, ["a"]);
    await rig.untilEnded(1);
    await rig.consumer.stop();
    expect(rig.codes).toEqual(["DEAD_LETTER_QUEUE_UNKNOWN"]);
    expect(await queues.count(queue)).toEqual({ ready: 1, unacknowledged: 0 });
  });
});

// A channel passes 32 settlements on to a quorum queue, gathers the rest meanwhile, and forgets that when it is closed.
test.for([5, 15, 25, 35])("none of 2,000 acknowledgements that a stop waits for is lost (%d ms)", async (lastMs) => {
  const queue = await queues.declare("quorum");
  await queues.send(
    queue,
    Array.from({ length: 2_000 }, (_, index) => String(index)),
  );
  let started = 0;
  const ending = new EventTarget();
  setMaxListeners(0, ending);
  const consumer = new Consumer<RabbitMessage>(
    async ({ content }) => {
      started += 1;
      ending.dispatchEvent(new Event("started"));
      await once(ending, "end");
      // While the first is not done, the others cannot be acknowledged together.
      if (content.toString() === "0") await sleep(lastMs);
    },
    { runner: new RabbitRunner({ url, queue }), worker: new SemaphoreWorker({ permits: 2_000 }) },
  );
  await consumer.start();
  while (started < 2_000) await once(ending, "started");
  const stopped = consumer.stop();
  ending.dispatchEvent(new Event("end"));
  expect(await stopped).toMatchObject({ isDrained: true });
  expect(consumer.stats().counters.settled.ack).toBe(2_000);
  expect(await queues.untilReturned(queue)).toBe(0);
});

test("attempts are counted over a dead-letter exchange that leads back", async () => {
  const [work, wait] = ["work", "wait"].map((name) => `${name}-${randomUUID()}`) as [string, string];
  const leadsTo = (key: string): object => ({ "x-dead-letter-exchange": "", "x-dead-letter-routing-key": key });
  await queues.channel.assertQueue(work, { arguments: leadsTo(wait) });
  await queues.channel.assertQueue(wait, { arguments: { ...leadsTo(work), "x-message-ttl": 10 } });
  await using rig = await RabbitRig.start({ url, queue: work, hasDeadLetterExchange: true }, ({ attempt }) =>
    attempt < 4 ? deadLetter("once more") : undefined,
  );
  await queues.send(work, ["a"]);
  await rig.untilCalled(4);
  expect(rig.calls.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4]);
});
