// The clock counts in fractions: start + time-out - start can be less than the time-out.
import { Consumer, MemoryRunner } from "millrace";
import { VirtualClock } from "millrace/testing";
import { expect, test } from "vitest";

test("a time-out that is rounded to a moment too early is not reported as overdue without end", async () => {
  const startedAtMs = 7_779.285714285715;
  expect(startedAtMs + 2_000 - startedAtMs).toBeLessThan(2_000);
  const clock = new VirtualClock(startedAtMs);
  const runner = new MemoryRunner<string, void>({ clock, maxAttempts: 1 });
  const consumer = new Consumer(() => new Promise(() => undefined), { runner, clock, handlerTimeoutMs: 2_000 });
  const reported: string[] = [];
  consumer.on("error", ({ code }) => reported.push(code));
  runner.enqueue("never ends");
  await clock.runUntil(consumer.start());
  await clock.advance(4_000);
  expect(reported).toEqual(["HANDLER_STUCK"]);
});
