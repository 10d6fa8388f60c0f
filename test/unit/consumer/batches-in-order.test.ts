// Batches of a source with an order: the messages of a lane are in one batch, in order, or in batches that wait for each other.
import { type BatchItem, Consumer, drop, type Handler, inBatches, release, retry } from "millrace";
import { VirtualClock } from "millrace/testing";
import { describe, expect, it } from "vitest";
import { BatchBench } from "../../support/batch-bench.js";
import { LaneRunner } from "../../support/lane-runner.js";

const size4 = { size: 4, waitMs: 1_000 };

describe("the messages of a lane", () => {
  it("that are here go into one batch, in order, with those of other lanes and of none", async () => {
    const bench = await BatchBench.start({ batches: { size: 6 } });
    await bench.deliver("a1", "b1", "a2", "-", "a3", "b2");
    // The first of a lane joins at once, and lets the next join.
    expect(bench.handed).toHaveLength(1);
    const [names = ""] = bench.handed;
    expect(names.split(" ").toSorted()).toEqual(["-", "a1", "a2", "a3", "b1", "b2"]);
    expect(names.split(" ").filter((name) => name.startsWith("a"))).toEqual(["a1", "a2", "a3"]);
    expect(names.split(" ").filter((name) => name.startsWith("b"))).toEqual(["b1", "b2"]);
  });

  it("that come while a batch is open join it", async () => {
    const bench = await BatchBench.start({ batches: size4 });
    await bench.deliver("a1");
    await bench.clock.advance(500);
    await bench.deliver("a2", "a3");
    await bench.clock.advance(500);
    expect(bench.handed).toEqual(["a1 a2 a3"]);
  });

  it("that come when it was handed over wait until all of it is confirmed", async () => {
    const bench = await BatchBench.start({ batches: { size: 2, waitMs: 0 }, consumer: { concurrency: 8 } });
    await bench.deliver("a1", "a2", "a3", "b1");
    await bench.clock.advance(1);
    expect(bench.running).toEqual(["a1 b1"]);
    await bench.end("a1 b1");
    await bench.clock.advance(5_000);
    expect(bench.running).toEqual([]);
    await bench.confirm("a1");
    expect(bench.running).toEqual(["a2 a3"]);
  });

  it("are told to the source in one go", async () => {
    const bench = await BatchBench.start({ batches: size4 });
    await bench.deliver("a1", "a2", "a3", "a4");
    await bench.end("a1 a2 a3 a4");
    expect(bench.runner.settled).toEqual(["a1 ack", "a2 ack", "a3 ack", "a4 ack"]);
  });

  it("take no slot while they wait for a batch to end", async () => {
    const bench = await BatchBench.start({ batches: { size: 2, waitMs: 0 }, consumer: { concurrency: 4 } });
    await bench.deliver("a1", "a2", "a3", "a4");
    expect(bench.consumer.stats()).toMatchObject({ running: 2, waiting: 2 });
    await bench.deliver("b1", "b2");
    expect(bench.running).toEqual(["a1 a2", "b1 b2"]);
  });

  it("are confirmed one by one: the next start when the last of them is", async () => {
    const bench = await BatchBench.start({ batches: { size: 3, waitMs: 0 } });
    await bench.deliver("a1", "a2", "a3", "a4");
    await bench.end("a1 a2 a3");
    for (const name of ["a2", "a3"]) await bench.confirm(name);
    await bench.clock.advance(5_000);
    expect(bench.running).toEqual([]);
    await bench.confirm("a1");
    await bench.clock.advance(1);
    expect(bench.running).toEqual(["a4"]);
  });
});

describe("when one of a batch is not done", () => {
  it.each([
    ["retry", retry({ afterSeconds: 5 }), "a2 retry"],
    ["release", release(), "a2 release"],
    ["an error", new Error("no"), "a2 retry"],
  ])("those behind it go back whatever was said of them, those before it are done: %s", async (_name, answer, told) => {
    const bench = await BatchBench.start({ batches: { size: 5, waitMs: 0 } });
    await bench.deliver("a1", "a2", "a3", "a4", "b1", "a5", "a6");
    const [names = ""] = bench.running;
    expect(names.split(" ").toSorted()).toEqual(["a1", "a2", "a3", "a4", "b1"]);
    const results = names.split(" ").map((name) => (name === "a2" ? answer : undefined));
    await bench.end(names, results);
    expect(bench.runner.settled.toSorted()).toEqual(
      ["a1 ack", told, "a3 release", "a4 release", "a5 release", "a6 release", "b1 ack"].toSorted(),
    );
    expect(bench.handed).toHaveLength(1);
  });

  it("those that wait go back after those that the handler has: in order", async () => {
    const key = (name: string): string => name;
    const bench = await BatchBench.start({ batches: { size: 3, waitMs: 10, key } });
    await bench.deliver("a1", "a2", "a3", "a4");
    await bench.clock.advance(10);
    await bench.end("a1", retry());
    expect(bench.runner.settled).toEqual(["a1 retry", "a2 release", "a3 release", "a4 release"]);
  });

  it("drop and deadLetter count as done", async () => {
    const bench = await BatchBench.start({ batches: size4 });
    await bench.deliver("a1", "a2", "a3", "a4");
    await bench.end("a1 a2 a3 a4", [drop("old"), undefined, undefined, undefined]);
    expect(bench.runner.settled).toEqual(["a1 drop", "a2 ack", "a3 ack", "a4 ack"]);
  });

  it("and the whole batch has failed, the first is retried by the policy and those behind it go back", async () => {
    const bench = await BatchBench.start({ batches: size4 });
    await bench.deliver("a1", "a2", "a3", "a4");
    await bench.end("a1 a2 a3 a4", new Error("no"));
    expect(bench.runner.settled).toEqual(["a1 retry", "a2 release", "a3 release", "a4 release"]);
    expect(bench.consumer.stats().counters.failed).toBe(1);
  });

  it("they start again when they come again, after every one of the batch is confirmed", async () => {
    const bench = await BatchBench.start({ batches: { size: 3, waitMs: 0 } });
    await bench.deliver("a1", "a2", "a3");
    await bench.end("a1 a2 a3", [retry(), undefined, undefined]);
    await bench.deliver("a4", "a5", "a6"); // The same once more; names tell them apart.
    await bench.confirm("a1", "a2");
    await bench.clock.advance(5_000);
    expect(bench.running).toEqual([]);
    await bench.confirm("a3");
    expect(bench.running).toEqual(["a4 a5 a6"]);
  });

  it("or cannot be confirmed, those that have not started go back", async () => {
    const bench = await BatchBench.start({ batches: { size: 2, waitMs: 0 } });
    await bench.deliver("a1", "a2", "a3");
    await bench.end("a1 a2");
    bench.runner.confirm("a1", new Error("the lease has lapsed"));
    await bench.clock.advance(0);
    expect(bench.runner.settled).toEqual(["a1 ack", "a2 ack", "a3 release"]);
  });
});

describe("a message of a lane whose lease is lost", () => {
  it("while the batch fills leaves it, and those behind it go back unhandled", async () => {
    const bench = await BatchBench.start({ batches: size4 });
    await bench.deliver("a1", "a2", "a3");
    bench.runner.revoke("a2");
    await bench.clock.advance(1_000);
    expect(bench.handed).toEqual(["a1"]);
    expect(bench.runner.settled).toEqual(["a2 retry", "a3 release"]);
  });

  it("in the moment in which the batch is full takes those behind it along", async () => {
    const bench = await BatchBench.start({ batches: size4 });
    await bench.deliver("a1", "a2", "a3");
    const delivered = bench.runner.deliverAtOnce("-1", "-2"); // With a1 and a3 that makes four.
    bench.runner.revoke("a2");
    await delivered;
    await bench.clock.advance(0);
    expect(bench.handed).toEqual(["a1 -1 -2"]);
    expect(bench.runner.settled).toEqual(["a2 retry", "a3 release"]);
  });

  it("while the handler has it leaves the others to the handler", async () => {
    const bench = await BatchBench.start({ batches: { size: 3 } });
    await bench.deliver("a1", "a2", "a3");
    bench.runner.revoke("a1");
    const { items, context } = bench.batch("a1 a2 a3");
    expect(items.map((item) => item.context.signal.aborted)).toEqual([true, false, false]);
    expect(context.signal.aborted).toBe(false);
    await bench.end("a1 a2 a3");
    expect(bench.runner.settled).toEqual(["a1 ack", "a2 ack", "a3 ack"]);
  });
});

describe("keys that part a lane", () => {
  const key = (name: string): string => (Number(name.slice(1)) % 2 === 0 ? "even" : "odd");

  it("have its messages wait for each other", async () => {
    const bench = await BatchBench.start({ batches: { size: 2, waitMs: 10, key }, consumer: { concurrency: 8 } });
    await bench.deliver("a1", "a3", "a4", "a5");
    expect(bench.running).toEqual(["a1 a3"]);
    await bench.clock.advance(1_000);
    expect(bench.running).toEqual(["a1 a3"]);
    await bench.finish("a1 a3");
    await bench.clock.advance(10);
    expect(bench.running).toEqual(["a4"]);
    await bench.finish("a4");
    await bench.clock.advance(10);
    expect(bench.running).toEqual(["a5"]);
    await bench.finish("a5");
    expect(bench.runner.settled).toEqual(["a1 ack", "a3 ack", "a4 ack", "a5 ack"]);
  });

  it("have them go back when the one before is not done", async () => {
    const bench = await BatchBench.start({ batches: { size: 3, waitMs: 10, key }, consumer: { concurrency: 8 } });
    await bench.deliver("a1", "a2", "a3");
    await bench.clock.advance(10);
    expect(bench.running).toEqual(["a1"]);
    await bench.finish("a1", retry());
    await bench.clock.advance(1_000);
    expect(bench.handed).toEqual(["a1"]);
    expect(bench.runner.settled).toEqual(["a1 retry", "a2 release", "a3 release"]);
  });

  it("have one that is taken back while it waits go back, though its turn would come in the same moment", async () => {
    const bench = await BatchBench.start({ batches: { size: 3, waitMs: 10, key }, consumer: { concurrency: 8 } });
    await bench.deliver("a1", "a2");
    await bench.clock.advance(10);
    await bench.end("a1");
    bench.runner.confirm("a1");
    bench.runner.revoke("a2");
    await bench.clock.advance(1_000);
    expect(bench.handed).toEqual(["a1"]);
    expect(bench.runner.settled).toEqual(["a1 ack", "a2 retry"]);
  });

  it("leave none behind at a stop", async () => {
    const bench = await BatchBench.start({ batches: { size: 3, waitMs: 60_000, key }, consumer: { concurrency: 8 } });
    await bench.deliver("a1", "a2", "b1");
    const stopped = bench.consumer.stop();
    await bench.clock.advance(0);
    await bench.finish("a1 b1");
    await bench.end("a2");
    expect(await bench.clock.runUntil(stopped)).toMatchObject({ isDrained: true });
    expect(bench.handed).toEqual(["a1 b1", "a2"]);
  });
});

describe("a handler around the one of batches", () => {
  interface Wrapped {
    readonly clock: VirtualClock;
    readonly runner: LaneRunner;
    readonly handed: string[];
  }

  /** A consumer with work of the user's before and after each message's call. */
  async function start(wrap: (inner: Handler<string>, clock: VirtualClock) => Handler<string>): Promise<Wrapped> {
    const clock = new VirtualClock();
    const runner = new LaneRunner();
    const handed: string[] = [];
    const inner = inBatches<string>(
      (items: ReadonlyArray<BatchItem<string>>) => void handed.push(items.map(({ message }) => message).join(" ")),
      { size: 3, waitMs: 1_000 },
    );
    const consumer = new Consumer(wrap(inner, clock), { runner, clock });
    await clock.runUntil(consumer.start());
    await clock.advance(0);
    return { clock, runner, handed };
  }

  const wait = (clock: VirtualClock, delayMs: number): Promise<void> =>
    new Promise((resolve) => {
      clock.setTimer(resolve, delayMs);
    });

  it("that takes longer for an earlier message keeps the order, as the next starts when it has joined", async () => {
    const { clock, runner, handed } = await start((inner, time) => async (name, context) => {
      await wait(time, name === "a1" ? 500 : 1);
      return inner(name, context);
    });
    await runner.deliverAtOnce("a1", "a2", "a3");
    await clock.advance(2_000);
    expect(handed).toEqual(["a1 a2 a3"]);
  });

  it("that is too late for its batch waits until that is done", async () => {
    const { clock, runner, handed } = await start((inner, time) => async (name, context) => {
      await wait(time, name === "a2" ? 5_000 : 1);
      return inner(name, context);
    });
    await runner.deliverAtOnce("a1", "a2");
    await clock.advance(1_500);
    expect(handed).toEqual(["a1"]);
    await clock.advance(10_000);
    expect(handed).toEqual(["a1"]); // Its batch is done, but not confirmed.
    runner.confirm("a1");
    await clock.advance(1_000);
    expect(handed).toEqual(["a1", "a2"]);
  });

  it("has an outcome told when those before it are done", async () => {
    const { clock, runner } = await start((inner, time) => async (name, context) => {
      await inner(name, context);
      await wait(time, name === "a1" ? 5_000 : 1);
    });
    await runner.deliverAtOnce("a1", "a2", "a3");
    await clock.advance(4_000);
    expect(runner.settled).toEqual([]);
    await clock.advance(2_000);
    expect(runner.settled).toEqual(["a1 ack", "a2 ack", "a3 ack"]);
  });

  it("has an outcome overruled when one before it is not done after all", async () => {
    const { clock, runner } = await start((inner, time) => async (name, context) => {
      await inner(name, context);
      await wait(time, name === "a1" ? 5_000 : 1);
      if (name === "a1") throw new Error("not audited");
    });
    await runner.deliverAtOnce("a1", "a2", "a3");
    await clock.advance(6_000);
    expect(runner.settled).toEqual(["a1 retry", "a2 release", "a3 release"]);
  });
});
