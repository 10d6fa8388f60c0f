// Standard queues whose messages have a MessageGroupId: the messages of noisy tenants come after those of others.
import { expect, test } from "vitest";
import { SimulatedQueue } from "../../support/simulated-queue.js";

/** Receives so many messages, and says whose they are. */
async function receive(queue: SimulatedQueue, count: number): Promise<string[]> {
  const tenants: string[] = [];
  while (tenants.length < count) {
    const { Messages = [] } = await queue.sqs.receiveMessage({
      QueueUrl: queue.url,
      MaxNumberOfMessages: Math.min(10, count - tenants.length),
      MessageSystemAttributeNames: ["MessageGroupId"],
    });
    if (Messages.length === 0) break;
    tenants.push(...Messages.map(({ Attributes }) => Attributes?.["MessageGroupId"] ?? "none"));
  }
  return tenants;
}

test("tenants come in the order in which they sent, as long as none is noisy", async () => {
  const queue = await SimulatedQueue.create();
  await queue.send(29, { MessageGroupId: "loud" });
  await queue.send(2, { MessageGroupId: "quiet" });
  expect((await receive(queue, 31)).slice(28)).toEqual(["loud", "quiet", "quiet"]);
});

test("one with 30 in flight, and more than a tenth of them all, comes after the others", async () => {
  const queue = await SimulatedQueue.create();
  await queue.send(100, { MessageGroupId: "loud" });
  await queue.send(2, { MessageGroupId: "quiet" });
  await queue.send(2);
  const tenants = await receive(queue, 60);
  expect(tenants.slice(30, 34)).toEqual(["quiet", "quiet", "none", "none"]);
  expect(tenants.slice(34)).toEqual(Array.from({ length: 26 }, () => "loud"));
});

test("of several that are noisy the one with the fewest in flight comes first", async () => {
  const queue = await SimulatedQueue.create();
  await queue.send(40, { MessageGroupId: "loud" });
  await receive(queue, 40);
  await queue.send(30, { MessageGroupId: "less-loud" });
  await receive(queue, 30);
  await queue.send(3, { MessageGroupId: "loud" });
  await queue.send(3, { MessageGroupId: "less-loud" });
  expect(await receive(queue, 6)).toEqual(["less-loud", "less-loud", "less-loud", "loud", "loud", "loud"]);
});

test("messages without a tenant are never noisy", async () => {
  const queue = await SimulatedQueue.create();
  await queue.send(100);
  await queue.send(2, { MessageGroupId: "quiet" });
  expect((await receive(queue, 102)).slice(100)).toEqual(["quiet", "quiet"]);
});
