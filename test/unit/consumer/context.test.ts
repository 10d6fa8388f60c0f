// What a handler is told beside the message.
import { Consumer, type HandlerContext, type Job, MemoryRunner } from "millrace";
import { VirtualClock } from "millrace/testing";
import { beforeEach, describe, expect, test, vi } from "vitest";

describe("the context", () => {
  let clock: VirtualClock;
  let runner: MemoryRunner<string>;

  beforeEach(() => {
    clock = new VirtualClock();
    runner = new MemoryRunner({ clock });
  });

  /** Runs one job through a handler. */
  async function run(
    handler: (message: string, context: HandlerContext) => unknown,
    options: { readonly handlerTimeoutMs?: number } = {},
  ): Promise<Job<string>> {
    await using consumer = new Consumer(handler, { runner, clock, ...options });
    await consumer.start();
    const job = runner.enqueue("work");
    await clock.runUntil(() => job.endedAt !== undefined);
    await clock.runUntil(consumer.stop());
    return job;
  }

  test("can be taken apart", async () => {
    const seen: unknown[] = [];
    await run((_message, { attempt, groupId, receivedAt, resource, extend, signal }) => {
      seen.push(attempt, groupId, receivedAt instanceof Date, resource, signal.aborted);
      return extend(10);
    });
    expect(seen).toEqual([1, undefined, true, undefined, false]);
  });

  test("makes a signal only when it is read, and always the same", async () => {
    let made = 0;
    class CountedAbortController extends AbortController {
      constructor() {
        super();
        made += 1;
      }
    }
    vi.stubGlobal("AbortController", CountedAbortController);
    const counts: number[] = [];
    const signals = new Set<AbortSignal>();
    await run((_message, context) => {
      counts.push(made);
      signals.add(context.signal).add(context.signal);
      counts.push(made);
    });
    const [before = 0, after] = counts;
    expect([after, signals.size]).toEqual([before + 1, 1]);
  });

  test("has a signal that has aborted when it is first read after that, with the reason", async () => {
    let signal: AbortSignal | undefined;
    const pause = (delayMs: number): Promise<void> =>
      new Promise((resolve) => {
        clock.setTimer(resolve, delayMs);
      });
    await run(
      async (_message, context) => {
        await pause(150);
        signal = context.signal;
      },
      { handlerTimeoutMs: 100 },
    );
    expect(signal).toMatchObject({ aborted: true, reason: { code: "HANDLER_TIMEOUT" } });
  });

  test("has a signal that aborts while the handler waits for it", async () => {
    const reasons: unknown[] = [];
    const job = await run(
      (_message, { signal }) =>
        new Promise((resolve) => {
          signal.addEventListener("abort", () => {
            reasons.push(signal.reason);
            resolve("ended");
          });
        }),
      { handlerTimeoutMs: 100 },
    );
    expect(reasons).toEqual([expect.objectContaining({ code: "HANDLER_TIMEOUT" })]);
    expect(job.status).toBe("succeeded");
  });

  test.each([0, -1, 43_201, Number.NaN, "10"])("refuses to extend by %s seconds", async (seconds) => {
    let refusal: unknown;
    await run((_message, { extend }) => extend(seconds as number).catch((error: unknown) => (refusal = error)));
    expect(refusal).toMatchObject({ code: "OPTION_INVALID", option: "seconds" });
  });

  test("refuses to extend a message that is settled", async () => {
    let extend: ((seconds: number) => Promise<void>) | undefined;
    await run((_message, context) => {
      extend = context.extend;
    });
    await expect(extend?.(10)).rejects.toMatchObject({ code: "LEASE_LOST" });
  });
});
