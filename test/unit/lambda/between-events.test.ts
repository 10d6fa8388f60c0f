// Lambda freezes the process when an event was answered: nothing may be left that needs to run, and what was loaded stays.
import { PoolWorker } from "millrace";
import { describe, expect, it } from "vitest";
import { idsOf, LambdaFunction } from "../../support/lambda-function.js";

describe("between two events", () => {
  it.each(["done", "failed", "cut off"])("no timer is set, when the messages of the last were %s", async (how) => {
    const lambda: LambdaFunction = new LambdaFunction(async (_, { signal }) => {
      await lambda.pause(how === "cut off" ? 9_500 : 10);
      signal.throwIfAborted();
      if (how === "failed") throw new Error("no");
    });
    await lambda.invoke(["a", "b"], { remainingMs: 10_000 });
    expect(lambda.clock.pendingTimers).toBe(0);
    expect(lambda.call.consumer.stats()).toMatchObject({ running: 0, waiting: 0, settlementsPending: 0 });
  });

  it("hours may pass at once", async () => {
    const lambda: LambdaFunction = new LambdaFunction(async () => lambda.pause(10), { handlerTimeoutMs: 1_000 });
    expect(await lambda.invoke(["a"])).toEqual([]);
    await lambda.clock.advance(6 * 3_600_000);
    expect(await lambda.invoke(["b"])).toEqual([]);
    expect(lambda.errors).toEqual([]);
  });

  it("what the workers of a pool own stays, when as many are kept as there may be", async () => {
    let opened = 0;
    const worker = new PoolWorker({ maxWorkers: 2, minWorkers: 2, onWorkerStart: () => void (opened += 1) });
    const lambda: LambdaFunction = new LambdaFunction(async () => lambda.pause(10), { worker });
    for (let event = 0; event < 5; event += 1) {
      await lambda.invoke(["a", "b", "c", "d"]);
      expect(lambda.clock.pendingTimers).toBe(0);
      await lambda.clock.advance(3_600_000);
    }
    expect(opened).toBe(2);
  });

  it("one consumer serves all events, and counts on", async () => {
    const lambda = new LambdaFunction(() => undefined);
    for (let event = 0; event < 3; event += 1) await lambda.invoke(["a", "b"]);
    expect(lambda.call.consumer.stats().counters).toMatchObject({ started: 6, receives: 3, settled: { ack: 6 } });
  });
});

describe("events at the same time, as Lambda Managed Instances have them", () => {
  it("are each answered by themselves, and share the slots", async () => {
    const lambda = new LambdaFunction(
      async ({ Body }) => {
        await lambda.pause(100);
        if (Body === "bad") throw new Error("no");
      },
      { concurrency: 4 },
    );
    const answers = [["a", "b", "c"], ["bad", "d"], ["e"]].map((bodies) => lambda.begin(bodies));
    expect(await lambda.clock.runUntil(Promise.all(answers))).toEqual([[], idsOf(1), []]);
    expect(lambda.clock.now()).toBe(200);
  });
});

describe("starting and stopping", () => {
  it("a worker that cannot be started fails the call, so that all its messages come again; the next call tries anew", async () => {
    let attempts = 0;
    const onWorkerStart = (): void => {
      attempts += 1;
      if (attempts === 1) throw new Error("no database");
    };
    const lambda = new LambdaFunction(() => undefined, { worker: new PoolWorker({ minWorkers: 1, onWorkerStart }) });
    await expect(lambda.invoke(["a"])).rejects.toMatchObject({ code: "WORKER_START_FAILED" });
    expect(await lambda.invoke(["a"])).toEqual([]);
  });

  it("a worker that is not started by the deadline fails the call in time; a later call has it", async () => {
    const onWorkerStart = (): Promise<void> => lambda.pause(10_000);
    const lambda: LambdaFunction = new LambdaFunction(() => undefined, {
      worker: new PoolWorker({ minWorkers: 1, maxWorkers: 1, onWorkerStart }),
    });
    const failure = lambda.begin(["a"], { remainingMs: 5_000 }).catch((error: unknown) => error);
    expect(await lambda.clock.runUntil(failure)).toMatchObject({ code: "INVOCATION_DEADLINE" });
    expect(lambda.clock.now()).toBe(4_750);
    expect(await lambda.invoke(["a"])).toEqual([]);
    expect([lambda.clock.now(), lambda.clock.pendingTimers, lambda.errors]).toEqual([10_000, 0, []]);
  });

  it("a stop answers the event in hand: what has ended in its time is done, the rest is reported", async () => {
    const lambda: LambdaFunction = new LambdaFunction(async ({ Body }) => lambda.pause(Number(Body)), {
      concurrency: 3,
      abortGraceMs: 0,
    });
    const answer = lambda.begin(["100", "250", "5000", "1"]);
    await lambda.clock.advance(50);
    const stop = lambda.call.consumer.stop({ timeoutMs: 300 });
    expect(await lambda.clock.runUntil(answer)).toEqual(idsOf(3, 4));
    expect(lambda.clock.now()).toBe(350);
    const result = await lambda.clock.runUntil(stop);
    expect(result).toMatchObject({ handlersAborted: 1, handlersAbandoned: 1 });
  });

  it.each([0, 1, 300, 500])("a stop with %d ms answers within that time", async (timeoutMs) => {
    const lambda: LambdaFunction = new LambdaFunction(async () => lambda.pause(60_000), { abortGraceMs: 60_000 });
    const answer = lambda.begin(["a", "b"]);
    await lambda.clock.advance(10);
    const stop = lambda.call.consumer.stop({ timeoutMs });
    expect(await lambda.clock.runUntil(answer)).toEqual(idsOf(1, 2));
    expect(lambda.clock.now()).toBe(10 + timeoutMs);
    await lambda.clock.runUntil(stop);
  });

  it("a call after a stop starts it again", async () => {
    const lambda = new LambdaFunction(() => undefined);
    await lambda.invoke(["a"]);
    await lambda.clock.runUntil(lambda.call.consumer.stop());
    expect(await lambda.invoke(["b"])).toEqual([]);
    await lambda.clock.runUntil(lambda.call.consumer.stop());
    expect(lambda.clock.pendingTimers).toBe(0);
  });

  it("a call whose consumer is stopped while it starts fails, and its messages come again", async () => {
    const lambda = new LambdaFunction(() => undefined);
    const failure = lambda.begin(["a"]).catch((error: unknown) => error);
    await lambda.clock.runUntil(lambda.call.consumer.stop());
    expect(await lambda.clock.runUntil(failure)).toMatchObject({ code: "STOPPED" });
  });

  it("a call in whose moment the consumer is stopped is answered with nothing done", async () => {
    const lambda = new LambdaFunction(() => undefined);
    await lambda.invoke(["a"]);
    const answer = lambda.begin(["b"]);
    await lambda.clock.runUntil(lambda.call.consumer.stop());
    expect(await lambda.clock.runUntil(answer)).toEqual(idsOf(1));
    expect(lambda.call.consumer.stats().counters.started).toBe(1);
  });
});
