// What a handler of batches answers, and what becomes of each message.
import {
  ack,
  type BatchHandler,
  Consumer,
  deadLetter,
  drop,
  inBatches,
  MemoryRunner,
  type MillraceError,
  OptionError,
  release,
  retry,
  type RetryPolicy,
  withSchema,
} from "millrace";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { contextWith } from "../../support/threads.js";
import { BatchBench } from "../../support/batch-bench.js";
import { SimulatedQueue } from "../../support/simulated-queue.js";

const FIVE = ["-1", "-2", "-3", "-4", "-5"];
const ALL = FIVE.join(" ");

async function settledAfter(answer: unknown, policy?: RetryPolicy): Promise<readonly string[]> {
  const bench = await BatchBench.start({ batches: { size: 5 }, consumer: { retry: policy } });
  await bench.deliver(...FIVE);
  await bench.end(ALL, typeof answer === "function" ? (answer as () => unknown)() : answer);
  return bench.runner.settled;
}

describe("a batch", () => {
  it("whose handler returns nothing is done", async () => {
    expect(await settledAfter(undefined)).toEqual(FIVE.map((name) => `${name} ack`));
  });

  it("whose handler returns an outcome has that one for every message", async () => {
    expect(await settledAfter(retry({ afterSeconds: 5 }))).toEqual(FIVE.map((name) => `${name} retry`));
  });

  it("whose handler returns a list has an outcome for each message, in order", async () => {
    const answer = [undefined, retry(), drop("old"), ack(), deadLetter("broken")];
    expect(await settledAfter(answer)).toEqual(["-1 ack", "-2 retry", "-3 drop", "-4 ack", "-5 deadLetter"]);
  });

  it("has messages fail for which the list has an error, the policy deciding about each", async () => {
    const seen: unknown[] = [];
    const policy: RetryPolicy = (error, { attempt }) => {
      seen.push((error as Error).message, attempt);
      return deadLetter("no");
    };
    const answer = [undefined, new Error("second"), undefined, undefined, new Error("fifth")];
    expect(await settledAfter(answer, policy)).toEqual([
      "-1 ack",
      "-2 deadLetter",
      "-3 ack",
      "-4 ack",
      "-5 deadLetter",
    ]);
    expect(seen).toEqual(["second", 1, "fifth", 1]);
  });

  it("whose handler throws fails as a whole, the policy deciding about each", async () => {
    const error = new Error("no");
    const seen: unknown[] = [];
    const policy: RetryPolicy = (thrown) => {
      seen.push(thrown);
      return seen.length < 3 ? retry() : release();
    };
    expect(await settledAfter(error, policy)).toEqual([
      "-1 retry",
      "-2 retry",
      "-3 release",
      "-4 release",
      "-5 release",
    ]);
    expect(new Set(seen)).toEqual(new Set([error]));
  });

  it("whose handler throws an outcome has that one, and no failure", async () => {
    const handler: BatchHandler<string> = () => {
      throw drop("none of them"); // eslint-disable-line @typescript-eslint/only-throw-error
    };
    const runner = new MemoryRunner<string>();
    const consumer = new Consumer(inBatches(handler, { size: 2 }), { runner });
    const jobs = [runner.enqueue("a"), runner.enqueue("b")];
    await consumer.start();
    for (const job of jobs) await expect(job.result).rejects.toMatchObject({ code: "JOB_FAILED" });
    expect(consumer.stats().counters.failed).toBe(0);
    await consumer.stop();
  });

  it("can hand results on", async () => {
    const runner = new MemoryRunner<number, number>();
    const consumer = new Consumer(
      inBatches<number>((items) => items.map(({ message }) => ack(message * 2)), { size: 3 }),
      { runner },
    );
    const jobs = [1, 2, 3].map((number) => runner.enqueue(number));
    await consumer.start();
    expect(await Promise.all(jobs.map(({ result }) => result))).toEqual([2, 4, 6]);
    await consumer.stop();
  });
});

describe("an answer that cannot be used", () => {
  it.each<[string, () => unknown, string]>([
    ["a list that is too short", () => [undefined, retry()], "a list of 2 for 5 items"],
    ["a list that is too long", () => FIVE.map(() => undefined).concat(undefined), "a list of 6 for 5 items"],
    ["a list of something else", () => [undefined, { kind: "ack" }, ack(), ack(), ack()], "an object for item 1"],
    ["a list of promises", () => FIVE.map(() => Promise.reject(new Error("late"))), "an object for item 0"],
    ["something else", () => ({ batchItemFailures: [] }), "an object"],
    ["a number", () => 5, "5"],
  ])("fails the batch: %s", async (_name, answer, text) => {
    const seen: MillraceError[] = [];
    const policy: RetryPolicy = (error) => {
      seen.push(error as MillraceError);
      return retry();
    };
    expect(await settledAfter(answer, policy)).toEqual(FIVE.map((name) => `${name} retry`));
    expect(seen).toHaveLength(5);
    expect(seen[0]).toMatchObject({ code: "BATCH_ANSWER_INVALID" });
    expect(seen[0]?.message).toContain(`answered with ${text}. Expected: nothing, an outcome, or a list`);
  });
});

describe("a message's signal", () => {
  const batches = { size: 3, waitMs: 60_000 };

  it("that aborts before the batch is handed over takes it out", async () => {
    const bench = await BatchBench.start({ batches });
    await bench.deliver("-1", "-2", "-3");
    await bench.deliver("-4", "-5");
    bench.runner.revoke("-4");
    await bench.deliver("-6");
    expect(bench.handed).toEqual(["-1 -2 -3"]);
    await bench.deliver("-7");
    expect(bench.handed).toEqual(["-1 -2 -3", "-5 -6 -7"]);
    expect(bench.runner.settled).toEqual(["-4 retry"]);
  });

  it("that aborts and was the only one's leaves no batch and no timer", async () => {
    const bench = await BatchBench.start({ batches });
    await bench.deliver("-1");
    bench.runner.revoke("-1");
    await bench.clock.advance(0);
    await bench.clock.runUntil(bench.consumer.stop());
    expect([bench.handed, bench.clock.pendingTimers]).toEqual([[], 0]);
  });

  it("that aborts later is its own: the batch goes on, until none is wanted", async () => {
    const bench = await BatchBench.start({ batches });
    await bench.deliver("-1", "-2", "-3");
    const { context, items } = bench.batch("-1 -2 -3");
    bench.runner.revoke("-2");
    bench.runner.revoke("-1");
    expect(items.map((item) => item.context.signal.aborted)).toEqual([true, true, false]);
    expect(context.signal.aborted).toBe(false);
    bench.runner.revoke("-3");
    expect(context.signal.aborted).toBe(true);
    expect(context.signal.reason).toMatchObject({ message: "taken back" });
  });

  it("has aborted when the batch's is first read after that", async () => {
    const bench = await BatchBench.start({ batches: { size: 1 } });
    await bench.deliver("-1");
    bench.runner.revoke("-1");
    expect(bench.batch("-1").context.signal.aborted).toBe(true);
  });
});

describe("the time limits of a handler of batches", () => {
  it("count from when it was handed the batch, not from when a message came", async () => {
    const bench = await BatchBench.start({
      batches: { size: 3, waitMs: 5_000 },
      consumer: { handlerTimeoutMs: 2_000, overdueAfterMs: 1_000 },
    });
    const timed: number[] = [];
    bench.consumer.on("messageFinished", ({ durationMs }) => timed.push(durationMs));
    await bench.deliver("-1");
    await bench.clock.advance(4_000);
    await bench.deliver("-2");
    await bench.clock.advance(1_000);
    const { context } = bench.batch("-1 -2");
    expect(bench.errors).toEqual([]);
    await bench.clock.advance(1_000);
    expect(bench.errors).toEqual(["HANDLER_OVERDUE", "HANDLER_OVERDUE"]);
    await bench.clock.advance(999);
    expect(context.signal.aborted).toBe(false);
    await bench.clock.advance(1);
    expect(context.signal.reason).toMatchObject({ code: "HANDLER_TIMEOUT" });
    await bench.end("-1 -2", context.signal.reason);
    expect(bench.runner.settled).toEqual(["-1 retry", "-2 retry"]);
    expect(timed).toEqual([2_000, 2_000]);
  });

  it("end a batch that does not end: its messages are retried, its slots stay taken", async () => {
    const bench = await BatchBench.start({
      batches: { size: 2 },
      consumer: { handlerTimeoutMs: 1_000, abortGraceMs: 500 },
    });
    await bench.deliver("-1", "-2");
    await bench.clock.advance(1_500);
    expect(bench.runner.settled).toEqual(["-1 retry", "-2 retry"]);
    expect(bench.consumer.stats().running).toBe(2);
    await bench.end("-1 -2");
    expect(bench.consumer.stats().running).toBe(0);
  });
});

describe("a stop", () => {
  it("past its time aborts what runs, and gives back what waits for its key", async () => {
    const key = (): string => "one at a time";
    const bench = await BatchBench.start({ batches: { size: 2, key } });
    await bench.deliver("-1", "-2", "-3", "-4");
    const stopped = bench.consumer.stop({ timeoutMs: 1_000 });
    await bench.clock.advance(999);
    const { context } = bench.batch("-1 -2");
    expect(context.signal.aborted).toBe(false);
    await bench.clock.advance(1);
    expect(context.signal.reason).toMatchObject({ code: "STOPPED" });
    await bench.end("-1 -2", context.signal.reason);
    expect(await bench.clock.runUntil(stopped)).toMatchObject({ handlersAborted: 4, handlersAbandoned: 0 });
    expect(bench.handed).toEqual(["-1 -2"]);
    expect(bench.runner.settled.toSorted()).toEqual(["-1 retry", "-2 retry", "-3 release", "-4 release"]);
  });

  it("with a batch that never ends gives its messages back, and the next life has batches of its own", async () => {
    const bench = await BatchBench.start({ batches: { size: 2, key: () => "one" } });
    await bench.deliver("-1", "-2");
    const result = await bench.clock.runUntil(bench.consumer.stop({ timeoutMs: 0 }));
    expect(result).toMatchObject({ isDrained: false, handlersAbandoned: 2 });
    expect(bench.runner.settled).toEqual(["-1 release", "-2 release"]);
    await bench.clock.runUntil(bench.consumer.start());
    await bench.deliver("-3", "-4");
    expect(bench.running).toEqual(["-1 -2", "-3 -4"]);
  });
});

describe("inBatches", () => {
  it("goes inside withSchema: the items are then the bodies", async () => {
    const queue = await SimulatedQueue.create();
    const bodies: unknown[] = [];
    const Order = z.object({ id: z.number() });
    const handler = inBatches<z.infer<typeof Order>>(
      (items) => void bodies.push(items.map(({ message }) => message.id)),
      {
        size: 20,
      },
    );
    const consumer = queue.consume(withSchema(Order, handler));
    for (let id = 0; id < 20; id += 1) {
      await queue.sqs.sendMessage({ QueueUrl: queue.url, MessageBody: JSON.stringify({ id }) });
    }
    await queue.clock.runUntil(consumer.start());
    await queue.clock.runUntil(() => queue.size === 0);
    await queue.clock.runUntil(consumer.stop());
    expect(bodies.flat().toSorted((a, b) => Number(a) - Number(b))).toEqual(Array.from({ length: 20 }, (_, id) => id));
    expect(bodies).toHaveLength(1);
  });

  it("can be called by hand, as in a test of the handler", async () => {
    const handler = inBatches<string>((items) => items.map((_item, index) => (index === 1 ? retry() : undefined)), {
      size: 2,
    });
    const [first, second] = await Promise.all([handler("a", contextWith()), handler("b", contextWith())]);
    expect([first, second]).toEqual([undefined, retry()]);
  });

  it("called by hand heeds the signals that it is given", async () => {
    const handed: unknown[] = [];
    const handler = inBatches<string>((items) => void handed.push(items.map(({ message }) => message)), { size: 2 });
    const [reason, later] = [new Error("too late"), new AbortController()];
    await expect(handler("a", contextWith({ signal: AbortSignal.abort(reason) }))).rejects.toBe(reason);
    const second = handler("b", contextWith({ signal: later.signal }));
    later.abort(reason);
    await expect(second).rejects.toBe(reason);
    await Promise.all([handler("c", contextWith()), handler("d", contextWith())]);
    expect(handed).toEqual([["c", "d"]]);
  });

  it.each([
    ["handler", () => inBatches("insert" as never)],
    ["size", () => inBatches(() => undefined, { size: 0 })],
    ["size", () => inBatches(() => undefined, { size: 2.5 })],
    ["waitMs", () => inBatches(() => undefined, { waitMs: -1 })],
    ["key", () => inBatches(() => undefined, { key: "name" as never })],
    ["maxSize", () => inBatches(() => undefined, { maxSize: 5 } as never)],
  ])("refuses a wrong %s", (option, make) => {
    expect(make).toThrow(OptionError);
    expect(make).toThrow(expect.objectContaining({ option }));
  });
});
