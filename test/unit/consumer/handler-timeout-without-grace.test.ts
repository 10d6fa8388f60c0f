// A handler that is not waited for after its time-out is told of it all the same.
import { Consumer, MemoryRunner, type MillraceError } from "millrace";
import { VirtualClock } from "millrace/testing";
import { expect, test } from "vitest";

async function runUntilTimedOut(abortGraceMs: number) {
  const clock = new VirtualClock();
  const runner = new MemoryRunner<string, void>({ clock, maxAttempts: 1 });
  const reasons: unknown[] = [];
  const handler = (_payload: string, { signal }: { signal: AbortSignal }): Promise<void> =>
    new Promise(() => signal.addEventListener("abort", () => reasons.push((signal.reason as MillraceError).code)));
  const consumer = new Consumer(handler, { runner, clock, handlerTimeoutMs: 100, abortGraceMs });
  const reported: string[] = [];
  consumer.on("error", ({ code }) => reported.push(code));
  runner.enqueue("never ends");
  await clock.runUntil(consumer.start());
  await clock.advance(100 + abortGraceMs);
  return { reasons, reported, counters: consumer.stats().counters };
}

test.each([0, 1, 50])("with %i ms of grace, the signal aborts before the handler is given up on", async (graceMs) => {
  const { reasons, reported, counters } = await runUntilTimedOut(graceMs);
  expect(reasons).toEqual(["HANDLER_TIMEOUT"]);
  expect(reported).toEqual(["HANDLER_STUCK"]);
  expect(counters).toMatchObject({ timedOut: 1, failed: 1 });
});
