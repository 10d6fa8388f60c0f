// What a queue is elsewhere it is in a group: FIFO queues keep their order, and handlers of batches get batches.
import { ack, inBatches, type Message } from "millrace";
import { describe, expect, it } from "vitest";
import { SimulatedQueues } from "../../support/simulated-queues.js";

describe("in a group", () => {
  it("a FIFO queue keeps the order of its groups, beside a full standard queue", async () => {
    const queues = new SimulatedQueues();
    const fifo = await queues.create("ledger.fifo");
    for (let number = 0; number < 60; number += 1) {
      await queues.sqs.sendMessage({
        QueueUrl: fifo,
        MessageBody: String(number),
        MessageGroupId: `account-${number % 3}`,
        MessageDeduplicationId: String(number),
      });
    }
    const seen: number[][] = [[], [], []];
    const ledger = async ({ Body }: Message): Promise<void> => {
      await queues.work((Number(Body) * 7) % 20);
      seen[Number(Body) % 3]?.push(Number(Body));
    };
    const group = queues.consume(() => queues.work(30), {
      queues: [{ queueUrl: fifo, handler: ledger }, { queueUrl: await queues.create("standard", 3_000) }],
    });
    queues.sqs.faults.latencyMs = 10;
    await queues.clock.runUntil(group.start());
    await queues.clock.runUntil(() => queues.size(fifo) === 0);
    expect(seen.map((numbers) => numbers.length)).toEqual([20, 20, 20]);
    for (const numbers of seen) expect(numbers).toEqual(numbers.toSorted((one, other) => one - other));
    await queues.clock.runUntil(group.stop());
  });

  it("batches are made of the messages of one queue", async () => {
    const queues = new SimulatedQueues();
    const sizes = new Map<string, number[]>();
    const batchesOf = (name: string): ReturnType<typeof inBatches> =>
      inBatches(
        (items) => {
          sizes.set(name, [...(sizes.get(name) ?? []), items.length]);
          return items.map(() => ack());
        },
        { size: 20, waitMs: 500 },
      );
    const group = queues.consume(() => undefined, {
      concurrency: 100,
      queues: [
        { queueUrl: await queues.create("a", 50), handler: batchesOf("a") },
        { queueUrl: await queues.create("b", 10), handler: batchesOf("b") },
      ],
    });
    await queues.clock.runUntil(group.start());
    await queues.clock.advance(2_000);
    expect(sizes.get("a")?.reduce((sum, size) => sum + size, 0)).toBe(50);
    expect(Math.max(...(sizes.get("a") ?? []))).toBe(20);
    expect(sizes.get("b")?.reduce((sum, size) => sum + size, 0)).toBe(10);
    expect(group.stats().counters.settled.ack).toBe(60);
    await queues.clock.runUntil(group.stop());
  });
});
