// Order and sharing: what goes wrong with the groups of FIFO queues.
import { type Message, retry } from "millrace";
import { describe, expect, it } from "vitest";
import { SimulatedQueue } from "../../support/simulated-queue.js";

/** "a1" to "a5", say. */
function bodies(group: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${group}${index + 1}`);
}

describe("FIFO", () => {
  it("37: an acknowledgement does not linger: its group waits for it", async () => {
    const queue = await SimulatedQueue.create({ isFifo: true });
    await queue.sendTo(...bodies("a", 20), ...bodies("slow", 1));
    const consumer = queue.consume(({ Body }) => queue.work(Body === "slow1" ? 60_000 : 10));
    await queue.clock.runUntil(consumer.start());
    await queue.clock.advance(19 * 10);
    expect(consumer.stats().counters.started).toBe(21);
    await queue.clock.runUntil(consumer.stop());
  });

  it("58: messages of one group never run side by side, those of others do", async () => {
    const queue = await SimulatedQueue.create({ isFifo: true });
    await queue.sendTo(...bodies("a", 10), ...bodies("b", 10), ...bodies("c", 10));
    const running = new Map<string, number>();
    let mostOfGroup = 0;
    let mostGroups = 0;
    const consumer = queue.consume(async (_message, { groupId = "" }) => {
      running.set(groupId, (running.get(groupId) ?? 0) + 1);
      mostOfGroup = Math.max(mostOfGroup, ...running.values());
      mostGroups = Math.max(mostGroups, [...running.values()].filter((count) => count > 0).length);
      await queue.work(50);
      running.set(groupId, (running.get(groupId) ?? 0) - 1);
    });
    await queue.clock.runUntil(consumer.start());
    await queue.clock.runUntil(() => queue.size === 0);
    expect([mostOfGroup, mostGroups]).toEqual([1, 3]);
    await queue.clock.runUntil(consumer.stop());
  });

  it("59: after a failure its group waits for the retry, and goes on with it", async () => {
    const queue = await SimulatedQueue.create({ isFifo: true });
    await queue.sendTo(...bodies("a", 5), ...bodies("b", 2));
    const started: string[] = [];
    const consumer = queue.consume(({ Body = "" }: Message, { attempt }) => {
      started.push(`${Body} at ${queue.clock.now() / 1_000}`);
      return Body === "a2" && attempt === 1 ? retry({ afterSeconds: 30 }) : undefined;
    });
    await queue.clock.runUntil(consumer.start());
    await queue.clock.runUntil(() => queue.size === 0);
    expect(started.toSorted()).toEqual([
      "a1 at 0",
      "a2 at 0",
      "a2 at 30",
      "a3 at 30",
      "a4 at 30",
      "a5 at 30",
      "b1 at 0",
      "b2 at 0",
    ]);
    await queue.clock.runUntil(consumer.stop());
  });

  it("60: a slow group holds up no other, however many there are", async () => {
    const queue = await SimulatedQueue.create({ isFifo: true });
    const others = Array.from({ length: 300 }, (_, index) => bodies(`g${index}-`, 3)).flat();
    await queue.sendTo(...bodies("slow", 3), ...others);
    const consumer = queue.consume(({ Body = "" }) => queue.work(Body.startsWith("slow") ? 600_000 : 10));
    await queue.clock.runUntil(consumer.start());
    await queue.clock.advance(10_000);
    expect(queue.size).toBe(3);
    await queue.clock.runUntil(consumer.stop({ timeoutMs: Infinity }));
    expect(queue.counts).toEqual({ visible: 2, inFlight: 0, delayed: 0 });
  });
});
