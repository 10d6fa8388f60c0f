// pause() and resume(): receiving rests, what runs goes on, and nothing is lost.
import { Consumer, MemoryRunner } from "millrace";
import { describe, expect, test } from "vitest";
import { SimulatedQueue } from "../../support/simulated-queue.js";
import { LaneBench } from "../../support/lane-runner.js";

interface Bench {
  readonly queue: SimulatedQueue;
  readonly consumer: ReturnType<SimulatedQueue["consume"]>;
  readonly started: string[];
  readonly events: string[];
}

async function startBench(options: {
  messages: number;
  workMs: number;
  concurrency?: number;
  maxReceiveCount?: number;
  latencyMs?: number;
}): Promise<Bench> {
  const { messages, workMs, concurrency = 10, maxReceiveCount, latencyMs = 0 } = options;
  const queue = await SimulatedQueue.create({
    messages,
    faults: { latencyMs: [latencyMs, latencyMs] },
    ...(maxReceiveCount && { maxReceiveCount }),
  });
  const started: string[] = [];
  const events: string[] = [];
  const consumer = queue.consume(
    async ({ Body = "" }) => {
      started.push(Body);
      await queue.work(workMs);
    },
    { concurrency },
  );
  consumer.on("paused", ({ forMs }) => events.push(forMs === undefined ? "paused" : `paused for ${forMs}`));
  consumer.on("resumed", () => events.push("resumed"));
  consumer.on("stopped", () => events.push("stopped"));
  await queue.clock.runUntil(consumer.start());
  return { queue, consumer, started, events };
}

/** A queue that has just become empty, while several long polls are out. */
async function startIdleBench(): Promise<Bench> {
  const bench = await startBench({ messages: 200, workMs: 1, maxReceiveCount: 2, latencyMs: 20 });
  const { queue, consumer } = bench;
  await queue.clock.runUntil(() => queue.size === 0);
  await queue.clock.advance(100);
  queue.sqs.clearFaults();
  expect(consumer.stats().receivesInFlight).toBeGreaterThan(2);
  return bench;
}

describe("a paused consumer", () => {
  test("asks for nothing, starts nothing, and goes on with what runs", async () => {
    const { queue, consumer, started, events } = await startBench({ messages: 500, workMs: 100 });
    await queue.clock.advance(1_050);
    const before = started.length;
    expect(consumer.stats()).toMatchObject({ isPaused: false, running: 10 });
    expect(consumer.stats().waiting).toBeGreaterThan(0);
    consumer.pause();
    expect(consumer.stats()).toMatchObject({ state: "running", isPaused: true, running: 10, waiting: 0 });
    const { receives } = queue;
    await queue.clock.advance(60_000);
    expect(started).toHaveLength(before);
    expect(queue.receives).toBe(receives);
    expect(consumer.stats()).toMatchObject({ running: 0, receivesInFlight: 0, settlementsPending: 0 });
    expect(queue.counts).toMatchObject({ visible: 500 - before, inFlight: 0 });
    consumer.resume();
    await queue.clock.runUntil(() => queue.size === 0, { timeoutMs: 10_000 });
    expect(started).toHaveLength(500);
    expect(new Set(started).size).toBe(500);
    await queue.clock.runUntil(consumer.stop());
    expect(events).toEqual(["paused", "resumed", "stopped"]);
    expect(consumer.reported).toEqual([]);
  });

  test("gives back at once what has not started", async () => {
    const { queue, consumer } = await startBench({ messages: 500, workMs: 100 });
    await queue.clock.advance(1_050);
    consumer.pause();
    await queue.clock.advance(250); // What a batch waits for others at most.
    expect(queue.counts.inFlight).toBeLessThanOrEqual(10);
    await queue.clock.runUntil(consumer.stop());
  });

  test("keeps what a long poll still brings until none is out, so that none brings it again, and gives it back", async () => {
    const { queue, consumer, started } = await startIdleBench();
    consumer.pause();
    await queue.send(2);
    await queue.clock.advance(50);
    expect(consumer.stats()).toMatchObject({ waiting: 2, running: 0 });
    await queue.clock.advance(20_000);
    expect(consumer.stats()).toMatchObject({ waiting: 0, receivesInFlight: 0 });
    expect(queue.counts).toEqual({ visible: 2, inFlight: 0, delayed: 0 });
    consumer.resume();
    await queue.clock.runUntil(() => queue.size === 0);
    expect(started).toHaveLength(202);
    expect(queue.sqs.counts(queue.deadLetterUrl).visible).toBe(0);
    await queue.clock.runUntil(consumer.stop());
  });

  test("starts what came during the pause when it is over before that", async () => {
    const { queue, consumer, started } = await startIdleBench();
    consumer.pause();
    await queue.send(2);
    await queue.clock.advance(100);
    consumer.resume();
    await queue.clock.advance(5);
    expect(started.slice(200)).toEqual(["200", "201"]);
    expect(consumer.stats().counters.settled.release).toBe(0);
    await queue.clock.runUntil(consumer.stop());
  });

  test("stops: nothing is left, what came meanwhile is visible, and the next start is not paused", async () => {
    const { queue, consumer, started, events } = await startBench({ messages: 100, workMs: 1_000 });
    await queue.clock.advance(500);
    consumer.pause();
    await queue.clock.advance(500);
    const result = await queue.clock.runUntil(consumer.stop());
    expect(result).toMatchObject({ isDrained: true, handlersAborted: 0 });
    expect(queue.counts.inFlight).toBe(0);
    expect(queue.clock.pendingTimers).toBe(0);
    expect(consumer.stats()).toMatchObject({ state: "stopped", isPaused: false });
    await queue.clock.runUntil(consumer.start());
    expect(consumer.stats()).toMatchObject({ state: "running", isPaused: false });
    await queue.clock.runUntil(() => queue.size === 0);
    expect(started).toHaveLength(100);
    await queue.clock.runUntil(consumer.stop());
    expect(events).toEqual(["paused", "stopped", "stopped"]);
  });

  test("stops with a message that a long poll brought and that was kept: it is visible then", async () => {
    const { queue, consumer } = await startIdleBench();
    consumer.pause();
    await queue.send(1);
    await queue.clock.advance(50);
    expect(consumer.stats().waiting).toBe(1);
    const result = await queue.clock.runUntil(consumer.stop());
    expect(result).toMatchObject({ isDrained: true, messagesReleased: 1 });
    expect(queue.counts).toEqual({ visible: 1, inFlight: 0, delayed: 0 });
  });

  test("counts the time since the last receive from its end", async () => {
    const { queue, consumer } = await startBench({ messages: 0, workMs: 1 });
    await queue.clock.advance(25_000);
    consumer.pause();
    await queue.clock.advance(3_600_000);
    expect(consumer.stats().sinceLastReceiveMs).toBeGreaterThan(3_500_000);
    consumer.resume();
    await queue.clock.advance(10);
    expect(consumer.stats().sinceLastReceiveMs).toBe(10);
    await queue.clock.runUntil(consumer.stop());
  });

  test("keeps the order of a group", async () => {
    const queue = await SimulatedQueue.create({ isFifo: true });
    await queue.sendTo("a1", "a2", "a3", "b1", "a4");
    const started: string[] = [];
    const consumer = queue.consume(async ({ Body = "" }) => {
      started.push(Body);
      await queue.work(1_000);
    });
    await queue.clock.runUntil(consumer.start());
    await queue.clock.advance(500);
    expect(started).toEqual(["a1", "b1"]);
    consumer.pause();
    await queue.clock.advance(5_000);
    expect(started).toEqual(["a1", "b1"]);
    expect(queue.counts).toMatchObject({ visible: 3, inFlight: 0 });
    await queue.sendTo("a5");
    consumer.resume();
    await queue.clock.runUntil(() => queue.size === 0);
    expect(started).toEqual(["a1", "b1", "a2", "a3", "a4", "a5"]);
    await queue.clock.runUntil(consumer.stop());
  });

  test("does not start what comes in one go with something that went back, though it was resumed in between", async () => {
    const { runner, consumer, started, clock } = await LaneBench.start();
    consumer.on("messageStarted", ({ message }) => {
      if (message !== "b1") return;
      consumer.pause();
      consumer.resume();
    });
    expect(await runner.deliverAtOnce("a1", "a2", "b1", "a3")).toBe(4);
    await clock.advance(0);
    expect([started, runner.settled]).toEqual([
      ["a1", "b1"],
      ["a2 release", "a3 release"],
    ]);
  });

  test("gives back what came in one go with something that it gave back", async () => {
    const { runner, consumer, started, clock } = await LaneBench.start();
    await runner.intake.take(1); // Something is still out by which more may come.
    consumer.on("messageStarted", ({ message }) => {
      if (message === "b1") consumer.pause();
    });
    await runner.deliverAtOnce("a1", "a2", "b1", "a3");
    await clock.advance(0);
    expect(runner.settled).toEqual(["a2 release", "a3 release"]);
    consumer.resume();
    expect(started).toEqual(["a1", "b1"]);
  });

  test.each(["fails", "cannot be confirmed"])(
    "gives back what came during the pause when the one before it in its lane %s",
    async (what) => {
      const bench = await LaneBench.start();
      const { runner, consumer, started, clock } = bench;
      await runner.deliver("a1");
      await runner.intake.take(3);
      consumer.pause();
      await clock.advance(0);
      runner.deliverTaken("a2", "b1");
      expect(consumer.stats().waiting).toBe(2);
      await bench.end("a1", what === "fails" ? new Error("no") : undefined);
      runner.confirm("a1", what === "fails" ? undefined : new Error("no"));
      await clock.advance(0);
      expect(runner.settled).toEqual([what === "fails" ? "a1 retry" : "a1 ack", "a2 release"]);
      consumer.resume();
      expect(started).toEqual(["a1", "b1"]);
    },
  );

  test("stays paused when the first message after a pause has it paused again", async () => {
    const { runner, consumer, started, clock } = await LaneBench.start();
    await runner.intake.take(2);
    consumer.pause();
    await clock.advance(0);
    runner.deliverTaken("-1");
    consumer.once("messageStarted", () => consumer.pause());
    consumer.resume();
    expect([started, consumer.stats().isPaused]).toEqual([["-1"], true]);
    let places = 0;
    void runner.intake.take(1).then((taken) => (places = taken));
    await clock.advance(1_000);
    expect(places).toBe(0);
    consumer.resume();
    await clock.advance(0);
    expect(places).toBe(1);
  });

  test("is the same with jobs in memory", async () => {
    const runner = new MemoryRunner<number>();
    const done: number[] = [];
    const consumer = new Consumer<number>((job) => void done.push(job), { runner });
    await consumer.start();
    consumer.pause();
    const job = runner.enqueue(1);
    await new Promise(setImmediate);
    expect(done).toEqual([]);
    consumer.resume();
    await job.result;
    expect(done).toEqual([1]);
    await consumer.stop();
  });
});

describe("pause and resume", () => {
  test("do nothing when they are called again, or when nothing runs", async () => {
    const queue = await SimulatedQueue.create({ messages: 1 });
    const consumer = queue.consume(() => undefined);
    const events: string[] = [];
    consumer.on("paused", () => events.push("paused"));
    consumer.on("resumed", () => events.push("resumed"));
    consumer.pause();
    consumer.resume();
    await queue.clock.runUntil(consumer.start());
    await queue.clock.runUntil(() => queue.size === 0);
    consumer.resume();
    consumer.pause();
    consumer.pause();
    consumer.resume();
    consumer.resume();
    expect(events).toEqual(["paused", "resumed"]);
    const stopping = consumer.stop();
    consumer.pause();
    await queue.clock.runUntil(stopping);
    consumer.pause();
    expect(events).toEqual(["paused", "resumed"]);
  });

  test("while it starts: it starts all the same, and begins paused", async () => {
    const queue = await SimulatedQueue.create({ messages: 20, faults: { latencyMs: [50, 50] } });
    const started: unknown[] = [];
    const consumer = queue.consume(({ Body }) => void started.push(Body));
    const starting = consumer.start();
    consumer.pause();
    await queue.clock.runUntil(starting);
    await queue.clock.advance(5_000);
    expect(consumer.stats()).toMatchObject({ state: "running", isPaused: true });
    expect([started, queue.counts]).toEqual([[], { visible: 20, inFlight: 0, delayed: 0 }]);
    consumer.resume();
    await queue.clock.runUntil(() => queue.size === 0);
    expect(started).toHaveLength(20);
    await queue.clock.runUntil(consumer.stop());
  });

  test("from listeners and handlers", async () => {
    const queue = await SimulatedQueue.create({ messages: 200 });
    const started: unknown[] = [];
    let resumes = 0;
    const consumer = queue.consume(({ Body }) => {
      started.push(Body);
      if (started.length % 7 === 0) consumer.pause();
    });
    consumer.on("paused", () => queue.clock.setTimer(() => consumer.resume(), 100));
    consumer.on("resumed", () => {
      resumes += 1;
      if (resumes % 3 === 0) consumer.pause();
    });
    await queue.clock.runUntil(consumer.start());
    await queue.clock.runUntil(() => queue.size === 0);
    expect(started).toHaveLength(200);
    expect(new Set(started).size).toBe(200);
    expect(resumes).toBeGreaterThan(10);
    await queue.clock.runUntil(consumer.stop());
  });
});
