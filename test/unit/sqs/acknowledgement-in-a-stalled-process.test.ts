// A process that stands still for longer than a lease, and whose handler ends before any timer has said so.
import { type Clock, SemaphoreWorker } from "millrace";
import { expect, it } from "vitest";
import { SimulatedQueue } from "../../support/simulated-queue.js";

/** The time of a process that fires no timer before that moment. */
function stalledUntil(clock: Clock, untilMs: number): Clock {
  return {
    now: () => clock.now(),
    setTimer: (callback, delayMs) => clock.setTimer(callback, Math.max(delayMs, untilMs - clock.now())),
  };
}

it("does not trust an acknowledgement on a lease that has lapsed, though nothing has noticed it yet", async () => {
  const queue = await SimulatedQueue.create({ messages: 1 });
  const consumer = queue.consume(() => queue.work(20_000), {
    clock: stalledUntil(queue.clock, 20_001),
    worker: new SemaphoreWorker({ permits: 1 }),
    visibilityTimeoutSeconds: 5,
  });
  const started = consumer.start();
  // Somebody else has it by then.
  await queue.clock.advance(10_000);
  await queue.sqs.receiveMessage({ QueueUrl: queue.url, VisibilityTimeout: 60 });
  await queue.clock.runUntil(started);
  await queue.clock.advance(10_001);
  expect(consumer.stats().counters.settled.ack).toBe(0);
  expect(consumer.reported.map(({ code }) => code)).toContain("ACKNOWLEDGEMENT_LOST");
  await queue.clock.runUntil(consumer.stop({ timeoutMs: 0 }));
});
