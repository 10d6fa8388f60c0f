// What goes wrong in other consumers when they stop. The numbers are those of docs/known-defects.md.
import { type StopResult, PoolWorker, type Worker } from "millrace";
import { describe, expect, it } from "vitest";
import { Gauge, SimulatedQueue } from "../../support/simulated-queue.js";

const CLEAN: StopResult = {
  isDrained: true,
  messagesReleased: 0,
  handlersAborted: 0,
  handlersAbandoned: 0,
  settlementsLost: 0,
};

describe("stopping", () => {
  it("47: stop resolves, and stopped is told, when the last handler has ended and not before", async () => {
    const queue = await SimulatedQueue.create({ messages: 10 });
    const gauge = new Gauge();
    const consumer = queue.consume(() => gauge.during(() => queue.work(10_000)));
    const told: Array<readonly [string, number, number]> = [];
    consumer.on("stopping", () => told.push(["stopping", queue.clock.now(), gauge.now]));
    consumer.on("stopped", () => told.push(["stopped", queue.clock.now(), gauge.now]));
    await consumer.start();
    await queue.clock.advance(1_000);
    const stopped = consumer.stop();
    expect(consumer.state).toBe("stopping");
    expect(await queue.clock.runUntil(stopped)).toEqual(CLEAN);
    expect(consumer.state).toBe("stopped");
    expect(told).toEqual([
      ["stopping", 1_000, 10],
      ["stopped", 10_000, 0],
    ]);
  });

  it("48: a stop without time does not abort the deletes of finished work", async () => {
    const queue = await SimulatedQueue.create({ messages: 10, faults: { latencyMs: 500 } });
    const consumer = queue.consume(() => queue.work(1_000));
    await queue.clock.runUntil(consumer.start());
    await queue.clock.runUntil(() => queue.deletes > 0);
    expect(await queue.clock.runUntil(consumer.stop({ timeoutMs: 0 }))).toEqual(CLEAN);
    expect(queue.size).toBe(0);
  });

  it("49: after stop has resolved no handler is called", async () => {
    const queue = await SimulatedQueue.create({ messages: 200, faults: { latencyMs: [5, 50] } });
    let started = 0;
    const consumer = queue.consume(async () => {
      started += 1;
      await queue.work(20);
    });
    await queue.clock.runUntil(consumer.start());
    await queue.clock.advance(100);
    await queue.clock.runUntil(consumer.stop());
    const before = started;
    expect(before).toBeGreaterThan(0);
    await queue.send(10);
    await queue.clock.advance(3_600_000);
    expect(started).toBe(before);
  });

  it("50: handlers that finish after the stop was asked for are acknowledged", async () => {
    const queue = await SimulatedQueue.create({ messages: 10 });
    const consumer = queue.consume(() => queue.work(5_000));
    await consumer.start();
    await queue.clock.advance(1_000);
    expect(await queue.clock.runUntil(consumer.stop())).toEqual(CLEAN);
    expect(queue.size).toBe(0);
    expect(consumer.stats().counters.settled.ack).toBe(10);
  });

  it("51: heartbeats go on for as long as handlers are waited for", async () => {
    const queue = await SimulatedQueue.create({ messages: 10 });
    const consumer = queue.consume(() => queue.work(100_000));
    await consumer.start();
    const stopped = consumer.stop({ timeoutMs: 120_000 });
    let taken = 0;
    const other = queue.consume(() => (taken += 1));
    await other.start();
    expect(await queue.clock.runUntil(stopped)).toEqual(CLEAN);
    expect([taken, queue.size]).toEqual([0, 0]);
    await queue.clock.runUntil(other.stop());
  });

  it("52: messages that were received and have not started are visible to others when stop resolves", async () => {
    const queue = await SimulatedQueue.create({ messages: 3_000 });
    const consumer = queue.consume(() => queue.work(20));
    await consumer.start();
    await queue.clock.advance(1_005);
    const { waiting, counters } = consumer.stats();
    expect(waiting).toBeGreaterThan(20);
    const result = await queue.clock.runUntil(consumer.stop());
    expect(result).toMatchObject({ isDrained: true, messagesReleased: waiting });
    expect(queue.counts).toEqual({ visible: 3_000 - counters.started, inFlight: 0, delayed: 0 });
  });

  it("52: what is given back does not come back to the stopping consumer through its own long polls", async () => {
    const queue = await SimulatedQueue.create({ messages: 300, faults: { latencyMs: 40 }, journal: true });
    const consumer = queue.consume(() => queue.work(30), { pollGraceMs: 20_000 });
    await queue.clock.runUntil(consumer.start());
    // The queue is empty, several long polls are out, and many messages wait here.
    await queue.clock.runUntil(() => queue.counts.visible === 0);
    await queue.clock.advance(100);
    const { waiting, receivesInFlight } = consumer.stats();
    expect(waiting).toBeGreaterThan(5);
    expect(receivesInFlight).toBeGreaterThan(1);
    const received = queue.sqs.statistics.messagesReceived;
    expect(await queue.clock.runUntil(consumer.stop())).toMatchObject({ isDrained: true, messagesReleased: waiting });
    expect(queue.counts).toEqual({ visible: waiting, inFlight: 0, delayed: 0 });
    expect(queue.sqs.statistics.messagesReceived).toBe(received);
  });

  it.each([0, 1_000, 5_000])("53: an idle consumer stops within pollGraceMs (%d)", async (pollGraceMs) => {
    const queue = await SimulatedQueue.create();
    const consumer = queue.consume(() => undefined, { pollGraceMs });
    await consumer.start();
    await queue.clock.advance(7_500);
    const askedAt = queue.clock.now();
    expect(await queue.clock.runUntil(consumer.stop())).toEqual(CLEAN);
    expect(queue.clock.now() - askedAt).toBe(pollGraceMs);
  });

  it("54: a second stop waits for the first, and may shorten it", async () => {
    const queue = await SimulatedQueue.create({ messages: 1 });
    const consumer = queue.consume(() => queue.work(60_000));
    consumer.on("stopping", () => void consumer.stop());
    await consumer.start();
    const first = consumer.stop({ timeoutMs: Infinity });
    const second = consumer.stop({ timeoutMs: Infinity });
    await queue.clock.advance(1_000);
    const third = consumer.stop({ timeoutMs: 2_000 });
    const results = await queue.clock.runUntil(Promise.all([first, second, third]));
    // Two seconds, and the grace for handlers that were told to end.
    expect(queue.clock.now()).toBe(4_000);
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toMatchObject({ isDrained: false, handlersAborted: 1, handlersAbandoned: 1 });
    expect(await consumer.stop()).toEqual(CLEAN);
  });

  it("55: a stop before the start does nothing", async () => {
    const queue = await SimulatedQueue.create({ messages: 1 });
    const consumer = queue.consume(() => undefined);
    expect(await consumer.stop()).toEqual(CLEAN);
    await consumer.start();
    await queue.clock.runUntil(() => queue.size === 0);
    await queue.clock.runUntil(consumer.stop());
  });

  it("55: a stop during the start ends it, and the start says so", async () => {
    const queue = await SimulatedQueue.create({ messages: 1, faults: { latencyMs: 2_000 } });
    const consumer = queue.consume(() => undefined);
    const failure = consumer.start().catch((error: unknown) => error);
    await queue.clock.advance(500);
    await queue.clock.runUntil(consumer.stop());
    expect(await failure).toMatchObject({ code: "STOPPED" });
    expect(consumer.state).toBe("stopped");
    expect(queue.clock.pendingTimers).toBe(0);
  });

  it("55: a start during the stop starts anew when the stop is over", async () => {
    const queue = await SimulatedQueue.create({ messages: 1 });
    const gauge = new Gauge();
    const consumer = queue.consume(() => gauge.during(() => queue.work(5_000)));
    await consumer.start();
    const stopped = consumer.stop();
    const startedAgain = consumer.start();
    expect(consumer.state).toBe("stopping");
    await queue.clock.runUntil(stopped);
    await queue.clock.runUntil(startedAgain);
    expect(consumer.state).toBe("running");
    await queue.send(1);
    await queue.clock.runUntil(() => queue.size === 0);
    expect(gauge.started).toBe(2);
    await queue.clock.runUntil(consumer.stop());
  });

  it("56: after stop no timer and no request is left", async () => {
    const queue = await SimulatedQueue.create({ messages: 100, faults: { latencyMs: [1, 30], failedEntries: 0.1 } });
    const worker = new PoolWorker({ maxWorkers: 10, minWorkers: 2, onWorkerStart: () => queue.work(10) });
    const consumer = queue.consume(({ Body }) => queue.work(Number(Body) * 10), {
      worker: worker as unknown as Worker,
      handlerTimeoutMs: 60_000,
      retry: () => {
        throw new Error("no policy");
      },
    });
    await queue.clock.runUntil(consumer.start());
    await queue.clock.advance(777);
    await queue.clock.runUntil(consumer.stop());
    expect(queue.clock.pendingTimers).toBe(0);
    const { requests } = queue.sqs.statistics;
    await queue.clock.advance(3_600_000);
    expect(queue.sqs.statistics.requests).toBe(requests);
    expect(consumer.stats()).toMatchObject({
      running: 0,
      waiting: 0,
      workers: 0,
      receivesInFlight: 0,
      settlementsPending: 0,
    });
  });

  it("57: a stop ends within its time, whatever handlers and service do", async () => {
    const queue = await SimulatedQueue.create({ messages: 10 });
    const consumer = queue.consume(() => new Promise(() => undefined));
    await consumer.start();
    await queue.clock.advance(10);
    queue.sqs.faults.hangs = 1;
    const result = await queue.clock.runUntil(consumer.stop({ timeoutMs: 5_000 }));
    // The time given, the grace for aborted handlers, and that for the service to confirm.
    expect(queue.clock.now()).toBe(10 + 5_000 + 1_000 + 2_000);
    expect(result).toEqual({
      isDrained: false,
      messagesReleased: 0,
      handlersAborted: 10,
      handlersAbandoned: 10,
      settlementsLost: 10,
    });
    expect(queue.clock.pendingTimers).toBe(0);
  });
});
