// What is still here while the consumer stops is in its statistics: handlers go on, and their messages take memory.
import { expect, it } from "vitest";
import { SimulatedQueue } from "../../support/simulated-queue.js";

it("counts the bytes of the messages that handlers still have", async () => {
  const queue = await SimulatedQueue.create({ messages: 1 });
  const consumer = queue.consume(() => queue.work(1_000), { maxInFlightBytes: 2_048, maxMessageBytes: 1_024 });
  await queue.clock.runUntil(consumer.start());
  await queue.clock.advance(100);
  expect(consumer.stats()).toMatchObject({ running: 1, bytesInFlight: 1 });
  const stopped = consumer.stop();
  await queue.clock.advance(100);
  expect(consumer.stats()).toMatchObject({ state: "stopping", running: 1, bytesInFlight: 1, isPaused: false });
  await queue.clock.runUntil(stopped);
  expect(consumer.stats()).toMatchObject({ state: "stopped", running: 0, bytesInFlight: 0 });
});

it("counts the messages that wait for the one before in their group until the stop has taken them", async () => {
  const queue = await SimulatedQueue.create({ isFifo: true });
  await queue.sendTo("a1", "a2", "a3");
  const consumer = queue.consume(() => queue.work(1_000));
  const waiting: number[] = [];
  consumer.on("stopping", () => waiting.push(consumer.stats().waiting));
  await queue.clock.runUntil(consumer.start());
  await queue.clock.advance(100);
  const stopped = consumer.stop();
  const { messagesReleased } = await queue.clock.runUntil(stopped);
  expect(waiting).toEqual([2]);
  expect(messagesReleased).toBe(2);
});
