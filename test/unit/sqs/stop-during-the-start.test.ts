// A stop while the start waits for its first answer: what that brings is not kept from others.
import { expect, test } from "vitest";
import { SimulatedQueue } from "../../support/simulated-queue.js";

test("messages that the first receive was given are visible again when the stop resolves", async () => {
  const queue = await SimulatedQueue.create({ messages: 5, faults: { latencyMs: 100 } });
  const consumer = queue.consume(() => undefined);
  const started = consumer.start().catch((error: unknown) => error);
  await queue.clock.advance(75); // The service has given the messages; the answer is on its way.
  expect(queue.counts.inFlight).toBe(5);
  const result = await queue.clock.runUntil(consumer.stop());
  expect(result).toMatchObject({ isDrained: true, messagesReleased: 5 });
  expect(queue.counts).toEqual({ visible: 5, inFlight: 0, delayed: 0 });
  expect(await started).toMatchObject({ code: "STOPPED" });
  expect(queue.clock.pendingTimers).toBe(0);
});

test("the start rejects only when nothing is left to do: a program that ends then cuts nothing off", async () => {
  const queue = await SimulatedQueue.create({ messages: 5, faults: { latencyMs: 100 } });
  const consumer = queue.consume(() => undefined);
  let countsThen: unknown;
  const started = consumer.start().catch(() => (countsThen = queue.counts));
  await queue.clock.advance(75);
  await queue.clock.runUntil(consumer.stop());
  await started;
  expect(countsThen).toEqual({ visible: 5, inFlight: 0, delayed: 0 });
  expect(consumer.state).toBe("stopped");
});

test("a service that never answers is waited for no longer than any long poll", async () => {
  const queue = await SimulatedQueue.create({ faults: { hangs: 1 } });
  const consumer = queue.consume(() => undefined, { pollGraceMs: 700 });
  const started = consumer.start().catch((error: unknown) => error);
  await queue.clock.advance(50);
  const askedAt = queue.clock.now();
  await queue.clock.runUntil(consumer.stop());
  expect(queue.clock.now() - askedAt).toBe(700);
  expect(await started).toMatchObject({ code: "STOPPED" });
  expect(queue.clock.pendingTimers).toBe(0);
});

test("a stop that has less time than that ends it sooner", async () => {
  const queue = await SimulatedQueue.create({ faults: { hangs: 1 } });
  const consumer = queue.consume(() => undefined, { pollGraceMs: 700 });
  const started = consumer.start().catch((error: unknown) => error);
  await queue.clock.advance(50);
  const askedAt = queue.clock.now();
  await queue.clock.runUntil(consumer.stop({ timeoutMs: 100 }));
  expect(queue.clock.now() - askedAt).toBe(100);
  expect(await started).toMatchObject({ code: "STOPPED" });
  expect(queue.clock.pendingTimers).toBe(0);
});
