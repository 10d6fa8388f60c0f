import { describe, expect, it } from "vitest";
import { SimulatedQueue } from "../../support/simulated-queue.js";

describe("the messages that the first request brings", () => {
  it("are handled after start() has resolved and `started` was told", async () => {
    const queue = await SimulatedQueue.create({ messages: 3 });
    const order: string[] = [];
    const consumer = queue.consume(() => void order.push("handled"));
    consumer.on("started", () => order.push("started"));
    await queue.clock.runUntil(consumer.start());
    await queue.clock.runUntil(() => queue.size === 0);
    expect(order).toEqual(["started", "handled", "handled", "handled"]);
    await queue.clock.runUntil(consumer.stop());
  });

  it("let their handler stop the consumer, and start() resolves all the same", async () => {
    const queue = await SimulatedQueue.create({ messages: 1 });
    const consumer = queue.consume(() => void consumer.stop());
    await queue.clock.runUntil(consumer.start());
    await queue.clock.runUntil(() => consumer.state === "stopped");
    expect(queue.size).toBe(0);
  });

  it("are visible again when a stop comes before they are handed over", async () => {
    const queue = await SimulatedQueue.create({ messages: 3 });
    const consumer = queue.consume(() => undefined);
    consumer.on("started", () => void consumer.stop());
    await queue.clock.runUntil(consumer.start());
    await queue.clock.runUntil(() => consumer.state === "stopped");
    expect(queue.counts).toEqual({ visible: 3, inFlight: 0, delayed: 0 });
    expect(queue.clock.pendingTimers).toBe(0);
  });
});
