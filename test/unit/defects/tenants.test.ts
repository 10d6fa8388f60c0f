// What goes wrong where tenants share a queue, and must not go wrong here. The numbers are those of docs/known-defects.md.
import { describe, expect, it } from "vitest";
import { Gauge, SimulatedQueue } from "../../support/simulated-queue.js";

describe("tenants", () => {
  it("63: a tenant with a backlog leaves slots to one that has just come", async () => {
    const queue = await SimulatedQueue.create();
    await queue.send(5_000, { MessageGroupId: "noisy" });
    const noisy = new Gauge();
    const waits: number[] = [];
    const consumer = queue.consume(
      async ({ Body = "" }, { groupId }) => {
        if (groupId === "noisy") return noisy.during(() => queue.work(60_000));
        waits.push(queue.clock.now() - Number(Body));
        return undefined;
      },
      { concurrency: 10, tenants: { maxRunning: 8 } },
    );
    await queue.clock.runUntil(consumer.start());
    await queue.clock.advance(1_000);
    for (let index = 0; index < 20; index += 1) {
      const entry = { Id: "1", MessageBody: String(queue.clock.now()), MessageGroupId: `quiet-${index}` };
      await queue.sqs.sendMessageBatch({ QueueUrl: queue.url, Entries: [entry] });
      await queue.clock.advance(500);
    }
    expect(noisy.most).toBe(8);
    expect(waits).toHaveLength(20);
    expect(Math.max(...waits)).toBeLessThan(100);
    await queue.clock.runUntil(consumer.stop({ timeoutMs: 0 }));
  });
});
