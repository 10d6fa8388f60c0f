// A FIFO queue without high throughput takes 300 calls a second of each kind: acknowledgements gather when it says so.
import type { Fault, SqsOperation } from "millrace/testing";
import { expect, it } from "vitest";
import { SimulatedQueue, type TestConsumer } from "../../support/simulated-queue.js";

const CALLS_A_SECOND = 300;

/** Throttles what is more than so many deletes a second. */
function limitDeletes(queue: SimulatedQueue): void {
  let allowed = CALLS_A_SECOND;
  let seenAt = 0;
  queue.sqs.faults.script = ({ operation }: { operation: SqsOperation }): Fault | undefined => {
    if (operation !== "DeleteMessageBatch") return undefined;
    const now = queue.clock.now();
    allowed = Math.min(CALLS_A_SECOND, allowed + ((now - seenAt) / 1_000) * CALLS_A_SECOND);
    seenAt = now;
    if (allowed < 1) return { kind: "throttle" };
    allowed -= 1;
    return undefined;
  };
}

/** 100 slots on 300 groups, with handlers of 50 to 150 ms: a thousand messages a second, hardly two in the same moment. */
async function consumeMany(): Promise<{ queue: SimulatedQueue; consumer: TestConsumer }> {
  const queue = await SimulatedQueue.create({ isFifo: true, faults: { latencyMs: [10, 30] } });
  const numbers = Array.from({ length: 20 }, (_, index) => index + 1);
  await queue.sendTo(...numbers.flatMap((number) => Array.from({ length: 300 }, (_, group) => `g${group}-${number}`)));
  limitDeletes(queue);
  let calls = 0;
  const consumer = queue.consume(() => queue.work(50 + (((calls += 1) * 61.803) % 100)), { concurrency: 100 });
  await queue.clock.runUntil(consumer.start());
  return { queue, consumer };
}

it("are a few at first, and then acknowledgements go together, at the same pace", async () => {
  const { queue, consumer } = await consumeMany();
  await queue.clock.advance(5_000);
  const throttled = consumer.reported.filter(({ code }) => code === "THROTTLED");
  expect(throttled.length).toBeGreaterThan(0);
  expect(throttled.length).toBeLessThan(100); // Without gathering they are hundreds a second.
  expect(consumer.stats().counters.settled.ack).toBeGreaterThan(4_500);
  await queue.clock.runUntil(consumer.stop());
});

it("are forgotten when it has been quiet for long", async () => {
  const { queue, consumer } = await consumeMany();
  await queue.clock.runUntil(() => queue.size === 0);
  await queue.clock.advance(15 * 60_000);
  await queue.sendTo("a1", "b1");
  queue.sqs.faults.latencyMs = 0;
  const confirmedAt: number[] = [];
  consumer.on("settled", () => confirmedAt.push(queue.clock.now()));
  const finishedAt: number[] = [];
  consumer.on("messageFinished", () => finishedAt.push(queue.clock.now()));
  await queue.clock.runUntil(() => confirmedAt.length === 2);
  expect(confirmedAt).toEqual(finishedAt);
  await queue.clock.runUntil(consumer.stop());
});

it("are tried again entry by entry, whoever is said to be at fault", async () => {
  const queue = await SimulatedQueue.create({ isFifo: true });
  await queue.sendTo("a1", "a2");
  let deletes = 0;
  const client = queue.portWith({
    deleteMessageBatch: async (input) => {
      deletes += 1;
      if (deletes > 1) return queue.sqs.deleteMessageBatch(input);
      return { Failed: input.Entries.map(({ Id }) => ({ Id, Code: "RequestThrottled", SenderFault: true })) };
    },
  });
  const started: string[] = [];
  const consumer = queue.consume(({ Body = "" }) => void started.push(Body), { client });
  await queue.clock.runUntil(consumer.start());
  await queue.clock.runUntil(() => queue.size === 0);
  expect(started).toEqual(["a1", "a2"]);
  expect(consumer.reported).toEqual([]);
  await queue.clock.runUntil(consumer.stop());
});
