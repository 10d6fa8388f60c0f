// A worker of the user's that throws where it must not: that is reported, and neither the process nor a stop is lost by it.
import { type MillraceError, PoolWorker } from "millrace";
import { describe, expect, it } from "vitest";
import { LaneBench } from "../../support/lane-runner.js";
import { SimulatedQueue } from "../../support/simulated-queue.js";

const cause = new Error("no");

function fail(): never {
  throw cause;
}

describe("a worker that throws", () => {
  it("when it is asked again for places, stops the consumer as a lost source does", async () => {
    const worker = new PoolWorker({ maxWorkers: 2, waitingRoom: 0 });
    const queue = await SimulatedQueue.create({ messages: 5 });
    const consumer = queue.consume(() => queue.work(1_000), { worker });
    await queue.clock.runUntil(consumer.start());
    await queue.clock.advance(500);
    expect(consumer.stats()).toMatchObject({ running: 2, receivesInFlight: 0 });
    worker.reserve = fail;
    await queue.clock.runUntil(() => consumer.state === "stopped");
    expect(consumer.reported).toMatchObject([{ code: "RUNNER_FAILED", cause }]);
    expect(queue.counts).toEqual({ visible: 3, inFlight: 0, delayed: 0 });
    expect(queue.clock.pendingTimers).toBe(0);
  });

  it("when a timer of the rate has it asked for places, does the same", async () => {
    const worker = new PoolWorker({ maxWorkers: 2 });
    const queue = await SimulatedQueue.create({ messages: 5 });
    const consumer = queue.consume(() => undefined, { worker, rate: { perSecond: 0.1, burst: 1 } });
    await queue.clock.runUntil(consumer.start());
    await queue.clock.advance(500);
    worker.reserve = fail;
    await queue.clock.runUntil(() => consumer.state === "stopped");
    expect(consumer.reported).toMatchObject([{ code: "RUNNER_FAILED", cause }]);
  });

  it("when it is given back places, is reported", async () => {
    const worker = new PoolWorker({ maxWorkers: 10 });
    const release = worker.release.bind(worker);
    const queue = await SimulatedQueue.create({ messages: 3 });
    const consumer = queue.consume(() => undefined, { worker });
    worker.release = () => {
      worker.release = release;
      fail();
    };
    await queue.clock.runUntil(consumer.start());
    await queue.clock.runUntil(() => queue.size === 0);
    expect(consumer.reported).toMatchObject([{ code: "INTERNAL", cause }]);
    await queue.clock.runUntil(consumer.stop());
  });

  it("when it is to make a place, costs that message a receive", async () => {
    const worker = new PoolWorker({ maxWorkers: 10 });
    const bench = await LaneBench.start({ worker });
    const errors: MillraceError[] = [];
    bench.consumer.on("error", (error) => errors.push(error));
    await bench.runner.deliverAtOnce("a1", "a2");
    worker.makePlace = fail;
    await bench.finish("a1");
    expect(bench.runner.settled).toEqual(["a1 ack", "a2 release"]);
    expect(errors[0]).toMatchObject({ code: "INTERNAL", cause });
    await bench.clock.runUntil(bench.consumer.stop());
  });

  it.each(["withdraw", "drained"] as const)("in %s(), does not keep the consumer from stopping", async (method) => {
    const worker = new PoolWorker({ maxWorkers: 10 });
    const queue = await SimulatedQueue.create({ messages: 3 });
    const consumer = queue.consume(() => queue.work(1_000), { worker });
    await queue.clock.runUntil(consumer.start());
    await queue.clock.advance(500);
    worker[method] = fail;
    await queue.clock.runUntil(consumer.stop());
    expect(consumer.state).toBe("stopped");
    expect(consumer.reported).toMatchObject([{ code: "INTERNAL", cause }]);
  });
});
