// A connection that goes takes its messages with it: handlers are told, and what they say afterwards is not believed.
import { type MillraceError, release } from "millrace";
import { afterAll, beforeAll, expect, test } from "vitest";
import { RabbitRig } from "./support/rabbit-rig.js";
import { TcpProxy } from "./support/tcp-proxy.js";
import { type QueueType, TestQueues } from "./support/test-queues.js";

let queues: TestQueues;
let proxy: TcpProxy;

beforeAll(async () => {
  queues = await TestQueues.open();
  proxy = await TcpProxy.start(queues.broker.url);
});

afterAll(async () => {
  await proxy.stop();
  await queues[Symbol.asyncDispose]();
});

test.for<QueueType>(["classic", "quorum"])("%s: a handler is told, and its acknowledgement is lost", async (type) => {
  const queue = await queues.declare(type);
  await using rig = await RabbitRig.start({ url: proxy.url, queue });
  await queues.send(queue, ["a"]);
  const first = await rig.untilCalled(1);
  const { signal } = first.context;
  await proxy.cut();
  await rig.until(() => signal.aborted);
  expect((signal.reason as MillraceError).code).toBe("LEASE_LOST");

  const second = await rig.untilCalled(2);
  expect([second.body, second.attempt]).toEqual(["a", 2]);
  first.end();
  await rig.until(() => rig.codes.includes("ACKNOWLEDGEMENT_LOST"));
  // The number that the first delivery had is in use again: on the new channel it is the second's.
  expect(second.message.fields.deliveryTag).toBe(first.message.fields.deliveryTag);
  expect(await queues.count(queue)).toEqual({ ready: 0, unacknowledged: 1 });

  second.end();
  await rig.until(() => rig.consumer.stats().counters.settled.ack === 1);
  expect(await queues.count(queue)).toEqual({ ready: 0, unacknowledged: 0 });
});

test("a handler that wants its message to come again gets no error for it: it does", async () => {
  const queue = await queues.declare("classic");
  await using rig = await RabbitRig.start({ url: proxy.url, queue });
  await queues.send(queue, ["a"]);
  const first = await rig.untilCalled(1);
  await proxy.cut();
  const second = await rig.untilCalled(2);
  first.end(release());
  second.end();
  await rig.until(() => rig.consumer.stats().counters.settled.ack === 1);
  expect(rig.codes).not.toContain("SETTLEMENT_FAILED");
  expect(rig.consumer.stats().counters.settled.release).toBe(1);
});

test("a queue that is deleted takes its messages with it: handlers are told, and the queue is looked for again", async () => {
  const queue = await queues.declare("quorum");
  await using rig = await RabbitRig.start({ url: queues.broker.url, queue });
  await queues.send(queue, ["a"]);
  const { signal } = (await rig.untilCalled(1)).context;
  await queues.channel.deleteQueue(queue);
  await rig.until(() => signal.aborted);
  expect(signal.reason).toMatchObject({ code: "LEASE_LOST", cause: { code: "CONSUMER_CANCELLED" } });
  await rig.until(() => rig.codes.includes("QUEUE_NOT_FOUND"));
});

test("an acknowledgement that was written and did not arrive is reported as lost, and the message comes again", async () => {
  const queue = await queues.declare("classic");
  const hanging = await TcpProxy.start(queues.broker.url);
  await using rig = await RabbitRig.start({ url: hanging.url, queue });
  await queues.send(queue, ["a"]);
  const first = await rig.untilCalled(1);
  hanging.hang();
  first.end();
  await rig.untilEnded(1);
  await hanging.heal(); // What was held up is lost.
  const second = await rig.untilCalled(2);
  expect(rig.codes).toContain("ACKNOWLEDGEMENT_LOST");
  expect(rig.consumer.stats().counters.settled.ack).toBe(0);
  second.end();
  await rig.until(() => rig.consumer.stats().counters.settled.ack === 1);
  await rig.consumer.stop();
  await hanging.stop();
});

test("a connection that is closed by an operator is made again", async () => {
  const queue = await queues.declare("quorum");
  await using rig = await RabbitRig.start({ url: proxy.url, queue }, () => undefined);
  await queues.control("close_all_connections", "closed by a test");
  await rig.until(() => rig.codes.includes("NETWORK"));
  expect(rig.errors[0]?.message).toContain("closed by a test");
  await using fresh = await TestQueues.open();
  await fresh.send(queue, ["a"]);
  await rig.untilCalled(1);
});
