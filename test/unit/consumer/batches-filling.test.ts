// When a batch is handed over: full, old enough, or when nothing more can come.
import { Consumer, inBatches, MemoryRunner, PoolWorker, SemaphoreWorker } from "millrace";
import { VirtualClock } from "millrace/testing";
import { describe, expect, it } from "vitest";
import { BatchBench } from "../../support/batch-bench.js";

describe("a batch is handed over", () => {
  it("when it is full, from any number of receives, in the order in which its messages came", async () => {
    const bench = await BatchBench.start({ batches: { size: 5 } });
    await bench.deliver("-1", "-2");
    await bench.clock.advance(900);
    await bench.deliver("-3", "-4");
    expect(bench.handed).toEqual([]);
    await bench.deliver("-5", "-6");
    expect(bench.handed).toEqual(["-1 -2 -3 -4 -5"]);
    expect(bench.consumer.stats().running).toBe(6);
  });

  it("when waitMs have passed since its first message, and not since its last", async () => {
    const bench = await BatchBench.start({ batches: { size: 5, waitMs: 1_000 } });
    await bench.deliver("-1");
    await bench.clock.advance(600);
    await bench.deliver("-2");
    await bench.clock.advance(399);
    expect(bench.handed).toEqual([]);
    await bench.clock.advance(1);
    expect(bench.handed).toEqual(["-1 -2"]);
    await bench.deliver("-3");
    await bench.clock.advance(999);
    expect(bench.handed).toHaveLength(1);
    await bench.clock.advance(1);
    expect(bench.handed).toEqual(["-1 -2", "-3"]);
  });

  it("with what has come in the same moment, where waitMs is 0", async () => {
    const bench = await BatchBench.start({ batches: { size: 5, waitMs: 0 } });
    await bench.deliver("-1", "-2", "-3");
    expect(bench.handed).toEqual(["-1 -2 -3"]);
  });

  it("at once when the consumer stops, and leaves no timer", async () => {
    const bench = await BatchBench.start({ batches: { size: 5, waitMs: 60_000 } });
    await bench.deliver("-1", "-2");
    const stopped = bench.consumer.stop();
    await bench.clock.advance(0);
    expect(bench.handed).toEqual(["-1 -2"]);
    await bench.end("-1 -2");
    expect(await bench.clock.runUntil(stopped)).toMatchObject({ isDrained: true, messagesReleased: 0 });
    expect(bench.runner.settled).toEqual(["-1 ack", "-2 ack"]);
    expect(bench.clock.pendingTimers).toBe(0);
  });

  it("when the consumer has begun to stop, with what comes late in the same moment", async () => {
    const clock = new VirtualClock();
    const runner = new MemoryRunner<string>({ clock });
    const handed: string[][] = [];
    const gather = inBatches<string>((items) => void handed.push(items.map(({ message }) => message)), {
      size: 5,
      waitMs: 60_000,
    });
    const handler = async (message: string, context: Parameters<typeof gather>[1]): Promise<unknown> => {
      await new Promise<void>((resolve) => {
        clock.setTimer(resolve, 500);
      });
      return gather(message, context);
    };
    const consumer = new Consumer(handler, { runner, clock });
    for (const name of ["a", "b", "c"]) runner.enqueue(name);
    await clock.runUntil(consumer.start());
    await clock.advance(100);
    const stopped = consumer.stop();
    await clock.advance(400);
    expect(handed).toEqual([["a", "b", "c"]]);
    expect(await stopped).toMatchObject({ isDrained: true });
  });

  it("when every slot has a message that waits for its batch: none could come", async () => {
    const key = (name: string): string => name.slice(1, 2);
    const bench = await BatchBench.start({ batches: { size: 3, waitMs: 60_000, key }, consumer: { concurrency: 4 } });
    await bench.deliver("-a1", "-b1", "-a2");
    expect(bench.handed).toEqual([]);
    await bench.deliver("-b2");
    expect(bench.handed).toEqual(["-a1 -a2"]);
    await bench.finish("-a1 -a2");
    await bench.deliver("-b3");
    expect(bench.handed).toEqual(["-a1 -a2", "-b1 -b2 -b3"]);
  });

  it("side by side where there are no keys, as far as there are slots", async () => {
    const bench = await BatchBench.start({ batches: { size: 2 }, consumer: { concurrency: 6 } });
    await bench.deliver("-1", "-2", "-3", "-4", "-5", "-6");
    expect(bench.running).toEqual(["-1 -2", "-3 -4", "-5 -6"]);
  });
});

describe("the batches of consumers that share a handler", () => {
  it("are their own", async () => {
    const clock = new VirtualClock();
    const handed: string[][] = [];
    const handler = inBatches<string>((items) => void handed.push(items.map(({ message }) => message)), { size: 2 });
    const runners = [new MemoryRunner<string>({ clock }), new MemoryRunner<string>({ clock })] as const;
    const consumers = runners.map((runner) => new Consumer(handler, { runner, clock }));
    for (const consumer of consumers) await clock.runUntil(consumer.start());
    runners[0].enqueue("a1");
    runners[1].enqueue("b1");
    await clock.advance(500);
    expect(handed).toEqual([]);
    await clock.runUntil(Promise.all(consumers.map((consumer) => consumer.stop())));
    expect(new Set(handed.flat())).toEqual(new Set(["a1", "b1"]));
    expect(handed).toHaveLength(2);
  });
});

describe("the slots of a consumer of batches", () => {
  it("are twice the size unless it is said", async () => {
    const bench = await BatchBench.start({ batches: { size: 30 } });
    expect(await bench.runner.intake.take(1_000)).toBe(60);
  });

  it("are not fewer than the size", () => {
    const make = (consumer: object): unknown => new BatchBench({ batches: { size: 30 }, consumer });
    expect(() => make({ concurrency: 29 })).toThrow(
      "Option concurrency: expected at least 30, the size of a batch, got 29.",
    );
    expect(() => make({ worker: new SemaphoreWorker({ permits: 10 }) })).toThrow(
      "Option worker: expected one of at least 30 slots, the size of a batch, got 10.",
    );
    expect(() => make({ worker: new PoolWorker({ maxWorkers: 29 }) })).toThrow(/at least 30 slots.* got 29/u);
    expect(make({ worker: new SemaphoreWorker({ permits: 30 }) })).toBeDefined();
  });

  it("cannot become fewer later", () => {
    const { consumer } = new BatchBench({ batches: { size: 30 } });
    expect(() => consumer.setConcurrency(29)).toThrow("expected at least 30, the size of a batch, got 29");
  });
});

describe("the batches of a key", () => {
  const batches = { size: 2, waitMs: 1_000, key: (name: string): string => name.slice(1, 2) };

  it("go one at a time and in order, beside those of other keys", async () => {
    const bench = await BatchBench.start({ batches, consumer: { concurrency: 20 } });
    await bench.deliver("-a1", "-b1", "-a2", "-a3", "-b2", "-a4", "-a5");
    expect(bench.running).toEqual(["-a1 -a2", "-b1 -b2"]);
    expect(bench.batch("-b1 -b2").context.key).toBe("b");
    await bench.end("-a1 -a2", new Error("no"));
    expect(bench.running).toEqual(["-b1 -b2", "-a3 -a4"]);
    await bench.clock.advance(5_000);
    expect(bench.running).toEqual(["-b1 -b2", "-a3 -a4"]);
    await bench.end("-a3 -a4");
    expect(bench.running).toEqual(["-b1 -b2", "-a5"]);
  });

  it("take more while the one before runs, until they are full", async () => {
    const bench = await BatchBench.start({ batches: { ...batches, size: 3 }, consumer: { concurrency: 20 } });
    await bench.deliver("-a1");
    await bench.clock.advance(1_000);
    await bench.deliver("-a2");
    await bench.clock.advance(5_000);
    await bench.deliver("-a3");
    await bench.end("-a1");
    expect(bench.running).toEqual(["-a2 -a3"]);
  });
});

describe("a key function", () => {
  async function failuresWith(key: () => unknown): Promise<unknown[]> {
    const bench = await BatchBench.start({ batches: { size: 2, key: key as () => string } });
    const failures: unknown[] = [];
    bench.consumer.on("messageFailed", ({ error }) => failures.push(error));
    await bench.deliver("-1");
    expect(bench.runner.settled).toEqual(["-1 retry"]);
    return failures;
  }

  it("that throws fails its message, with what it has thrown as the cause", async () => {
    const cause = new Error("no such table");
    const failures = await failuresWith(() => {
      throw cause;
    });
    expect(failures).toMatchObject([{ code: "BATCH_KEY_FAILED", cause }]);
  });

  it.each([
    ["a number", () => 5, "5"],
    ["a promise", () => Promise.reject(new Error("late")), "an object"],
    ["nothing", () => undefined, "undefined"],
  ])("that answers with %s fails its message", async (_name, key, text) => {
    expect(await failuresWith(key)).toMatchObject([
      { message: `The key function of inBatches answered with ${text} instead of a string.` },
    ]);
  });
});
