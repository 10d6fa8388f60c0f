// What goes wrong in other consumers while they schedule. The numbers are those of docs/known-defects.md.
import { getEventListeners } from "node:events";
import { Consumer, type Intake, PoolWorker, type Runner, SemaphoreWorker, type Worker } from "millrace";
import { VirtualClock } from "millrace/testing";
import { describe, expect, it } from "vitest";
import { collectGarbage } from "../../support/collect-garbage.js";
import { Gauge, SimulatedQueue } from "../../support/simulated-queue.js";

/** A source without messages that hands its intake to the test. */
function createIdleRunner(): { runner: Runner<string>; intake: () => Intake<string> } {
  let current: Intake<string> | undefined;
  const runner: Runner<string> = {
    run: (intake) => {
      current = intake;
      return new Promise((resolve) => {
        intake.signal.addEventListener("abort", () => resolve(), { once: true });
      });
    },
  };
  return { runner, intake: () => current as Intake<string> };
}

const strategies: ReadonlyArray<readonly [string, () => Worker]> = [
  ["pool", () => new PoolWorker({ maxWorkers: 10 })],
  ["semaphore", () => new SemaphoreWorker({ permits: 10 })],
];

describe("concurrency", () => {
  it.each(strategies)("13: the limit is enforced, and reached (%s)", async (_name, createWorker) => {
    const queue = await SimulatedQueue.create({ messages: 1_000, faults: { latencyMs: [5, 50] } });
    const gauge = new Gauge();
    const consumer = queue.consume(() => gauge.during(() => queue.work(20)), { worker: createWorker() });
    await queue.clock.runUntil(consumer.start());
    await queue.clock.runUntil(() => gauge.started === 1_000);
    expect(gauge.most).toBe(10);
    await queue.clock.runUntil(consumer.stop());
  });

  it.each(strategies)("14: no task is lost between the waiting room and a worker (%s)", async (_name, createWorker) => {
    const queue = await SimulatedQueue.create({ messages: 500, faults: { latencyMs: [0, 40] }, journal: true });
    const runs = new Map<string, number>();
    const consumer = queue.consume(
      async ({ Body = "" }) => {
        runs.set(Body, (runs.get(Body) ?? 0) + 1);
        await queue.work((Number(Body) * 37) % 90);
      },
      { worker: createWorker() },
    );
    await queue.clock.runUntil(consumer.start());
    await queue.clock.runUntil(() => queue.size === 0, { timeoutMs: 60_000 });
    expect([...runs.keys()].map(Number).sort((a, b) => a - b)).toEqual(Array.from({ length: 500 }, (_, n) => n));
    expect(new Set(runs.values())).toEqual(new Set([1]));
    await queue.clock.runUntil(consumer.stop());
  });

  it.each([-1, 0, 1])("15: a task that arrives as the last idle worker goes is run (%d ms)", async (offsetMs) => {
    const queue = await SimulatedQueue.create({ messages: 1 });
    const started: number[] = [];
    const worker = new PoolWorker({ maxWorkers: 10, idleTimeoutMs: 10_000 });
    const send = (): unknown => queue.sqs.sendMessage({ QueueUrl: queue.url, MessageBody: "next" });
    // Set before the pool sets its own timer for the same moment, and again after it.
    queue.clock.setTimer(send, 10_000 + offsetMs);
    const consumer = queue.consume(() => void started.push(queue.clock.now()), { worker });
    await consumer.start();
    await queue.clock.advance(0);
    queue.clock.setTimer(send, 10_000 + offsetMs);
    await queue.clock.advance(15_000);
    expect(started).toEqual([0, 10_000 + offsetMs, 10_000 + offsetMs]);
    await queue.clock.runUntil(consumer.stop());
  });

  it("16: a message that has left the waiting room is not kept alive by it", async () => {
    const queue = await SimulatedQueue.create({ messages: 300 });
    const messages: Array<WeakRef<object>> = [];
    let mostWaiting = 0;
    const consumer = queue.consume(async (message) => {
      messages.push(new WeakRef(message));
      mostWaiting = Math.max(mostWaiting, consumer.stats().waiting);
      await queue.work(5);
    });
    await consumer.start();
    await queue.clock.runUntil(() => queue.size === 0);
    await queue.clock.advance(60_000);
    await collectGarbage();
    expect(mostWaiting).toBeGreaterThan(20);
    expect(messages.filter((message) => message.deref() !== undefined)).toHaveLength(0);
    await queue.clock.runUntil(consumer.stop());
  });

  it("17: waiting for a place leaves no abort listener behind", async () => {
    const { runner, intake } = createIdleRunner();
    const clock = new VirtualClock();
    const consumer = new Consumer(() => undefined, { runner, clock, concurrency: 10 });
    await consumer.start();
    const { signal } = intake();
    const before = getEventListeners(signal, "abort").length;
    for (let round = 0; round < 50; round += 1) {
      const places = await intake().take(10);
      const refused = intake().take(1);
      expect(getEventListeners(signal, "abort")).toHaveLength(before);
      intake().giveBack(places);
      intake().giveBack(await refused);
    }
    void intake().take(10);
    const waiting = intake().take(1);
    await consumer.stop();
    expect(await waiting).toBe(0);
  });

  it("18: places given back after failed, empty and doubled receives do not raise the limit", async () => {
    const queue = await SimulatedQueue.create({
      messages: 600,
      faults: {
        latencyMs: [0, 30],
        duplicates: 0.2,
        duplicatesInOneReceive: 0.2,
        shortReceives: 0.5,
        lostAnswers: 0.1,
      },
    });
    Object.assign(queue.sqs.faults, { operations: ["ReceiveMessage"], throttling: 0.1, hangs: 0.02 });
    const gauge = new Gauge();
    const consumer = queue.consume(() => gauge.during(() => queue.work(20)));
    await queue.clock.runUntil(consumer.start());
    await queue.clock.runUntil(() => queue.size === 0);
    expect(gauge.most).toBe(10);

    // And none was lost: all ten are there afterwards.
    queue.sqs.clearFaults();
    await queue.send(30);
    await queue.clock.advance(60_000);
    expect(queue.size).toBe(0);
    gauge.most = 0;
    await queue.send(30);
    await queue.clock.runUntil(() => queue.size === 0);
    expect(gauge.most).toBe(10);
    await queue.clock.runUntil(consumer.stop());
  });

  it("18: a place that is given back twice is refused", async () => {
    const { runner, intake } = createIdleRunner();
    const consumer = new Consumer(() => undefined, { runner, clock: new VirtualClock(), concurrency: 10 });
    await consumer.start();
    const places = await intake().take(4);
    intake().giveBack(places);
    expect(() => intake().giveBack(places)).toThrow(expect.objectContaining({ code: "INTERNAL" }));
    await consumer.stop();
  });

  it("19: a wait for permits that a stop ends swallows none and does not spin", async () => {
    const queue = await SimulatedQueue.create({ messages: 3 });
    const gauge = new Gauge();
    const worker = new SemaphoreWorker<{ Body?: string }>({
      permits: 10,
      weight: ({ Body }) => (Body === "0" ? 5 : 8),
    });
    const consumer = queue.consume(() => gauge.during(() => queue.work(1_000)), { worker });
    await consumer.start();
    await queue.clock.advance(100);
    expect(consumer.stats()).toMatchObject({ running: 1, waiting: 2 });
    const stopped = consumer.stop();
    await queue.clock.settle();
    expect(consumer.stats()).toMatchObject({ running: 1, waiting: 0 });
    expect(await queue.clock.runUntil(stopped)).toMatchObject({ isDrained: true, messagesReleased: 2 });
    expect(queue.clock.pendingTimers).toBe(0);

    // Two of eight permits cannot run together; each alone can, if all ten permits are there.
    await consumer.start();
    await queue.clock.runUntil(() => queue.size === 0);
    expect(gauge).toMatchObject({ most: 1, started: 3 });
    await queue.clock.runUntil(consumer.stop());
  });

  it("20: an error thrown early does not let more than the limit run", async () => {
    const queue = await SimulatedQueue.create({ messages: 200 });
    const gauge = new Gauge();
    const consumer = queue.consume(
      ({ Body }) => {
        if (Number(Body) % 3 === 0) throw new Error("early");
        return gauge.during(() => queue.work(100));
      },
      { retry: () => ({}) as never },
    );
    consumer.on("messageFailed", () => {
      throw new Error("a listener, too");
    });
    await consumer.start();
    await queue.clock.runUntil(() => gauge.started >= 133 && gauge.now === 0);
    expect(gauge.most).toBe(10);
    await queue.clock.runUntil(consumer.stop());
  });
});
