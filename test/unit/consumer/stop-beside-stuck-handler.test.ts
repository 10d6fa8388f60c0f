// A handler that was given up on long before the stop still runs after it.
import { Consumer, MemoryRunner } from "millrace";
import { VirtualClock } from "millrace/testing";
import { expect, test } from "vitest";

test("a stop tells of a handler that was given up on before and still runs", async () => {
  const clock = new VirtualClock();
  const runner = new MemoryRunner<string, void>({ clock, maxAttempts: 1 });
  const consumer = new Consumer(() => new Promise(() => undefined), { runner, clock, handlerTimeoutMs: 100 });
  runner.enqueue("never ends");
  await clock.runUntil(consumer.start());
  await clock.advance(10_000);
  const result = await clock.runUntil(consumer.stop({ timeoutMs: 500 }));
  expect(result).toEqual({
    isDrained: false,
    messagesReleased: 0,
    handlersAborted: 0,
    handlersAbandoned: 1,
    settlementsLost: 0,
  });
});

test("a start that was refused leaves no timer", async () => {
  const clock = new VirtualClock();
  const consumer = new Consumer(() => undefined, {
    clock,
    runner: {
      open: () => Promise.reject(new Error("no such queue")),
      run: () => Promise.resolve(),
    },
  });
  await expect(consumer.start()).rejects.toThrow("no such queue");
  expect(clock.pendingTimers).toBe(0);
});
