// The queues of a group start and stop together: what one that fails does to the others, and what a stop tells.
import { Consumer, MemoryRunner, PoolWorker, retry } from "millrace";
import { SqsServiceError } from "millrace/testing";
import { describe, expect, it } from "vitest";
import { SimulatedQueues } from "../../support/simulated-queues.js";

describe("start()", () => {
  it("hands each message to its handler, with its queue's name", async () => {
    const queues = new SimulatedQueues();
    const runner = new MemoryRunner<string>({ clock: queues.clock });
    const seen: string[] = [];
    const group = queues.consume((message, { attempt }, queue) => seen.push(`${queue} ${message.Body} ${attempt}`), {
      queues: [
        { queueUrl: await queues.create("a", 1) },
        { queueUrl: await queues.create("b", 1), handler: (_message, _context, queue) => seen.push(`own of ${queue}`) },
        { runner, name: "jobs", handler: (job: string, _context, queue) => seen.push(`${queue}: ${job}`) },
      ],
    });
    runner.enqueue("a job");
    await group.start();
    await queues.clock.advance(1_000);
    expect(seen.toSorted()).toEqual(["a 0 1", "jobs: a job", "own of b"]);
    await queues.clock.runUntil(group.stop());
    expect(queues.clock.pendingTimers).toBe(0);
  });

  it("rejects when listed queues are not there, names them, and leaves nothing running", async () => {
    const queues = new SimulatedQueues();
    const there = await queues.create("there", 3);
    const group = queues.consume(() => queues.work(500), {
      queues: [{ queueUrl: there }, { queueUrl: queues.url("typo") }, { queueUrl: queues.url("other") }],
    });
    const failure = await queues.clock.runUntil(group.start().catch((error: unknown) => error));
    expect(failure).toMatchObject({ code: "QUEUE_NOT_FOUND", cause: { errorClass: "fatal" } });
    expect((failure as Error).message).toMatch(/^Queue "typo": .*Nor could these.*"other" \(QUEUE_NOT_FOUND\)\.$/u);
    // What had started was not cut off.
    expect(queues.size(there)).toBe(0);
    expect(group.state).toBe("stopped");
    expect(queues.clock.pendingTimers).toBe(0);

    // And it can be started when they are there.
    await queues.create("typo");
    await queues.create("other");
    await queues.clock.runUntil(group.start());
    expect(group.state).toBe("running");
    await queues.clock.runUntil(group.stop());
  });

  it("goes on when a queue cannot be reached for a while", async () => {
    const queues = new SimulatedQueues();
    const [bad, good] = [await queues.create("bad", 1), await queues.create("good", 1)];
    queues.sqs.faults.script = ({ input }) =>
      (input as { QueueUrl?: string }).QueueUrl === bad
        ? { kind: "error", error: new SqsServiceError("InternalFailure", "Try again.", { httpStatusCode: 500 }) }
        : undefined;
    const group = queues.consume(() => undefined, { queues: [{ queueUrl: bad }, { queueUrl: good }] });
    await queues.clock.runUntil(group.start());
    await queues.clock.advance(1_000);
    expect([queues.size(bad), queues.size(good)]).toEqual([1, 0]);
    expect(new Set(group.reported.map(([queue]) => queue))).toEqual(new Set(["bad"]));
    queues.sqs.clearFaults();
    await queues.clock.advance(20_000);
    expect(queues.size(bad)).toBe(0);
    await queues.clock.runUntil(group.stop());
  });

  it("does nothing more when called again, and starts anew during and after a stop", async () => {
    const queues = new SimulatedQueues();
    const queueUrl = await queues.create("a", 1);
    const group = queues.consume(() => queues.work(1_000), { queues: [{ queueUrl }] });
    await Promise.all([group.start(), group.start()]);
    await group.start();
    await queues.clock.advance(100);
    const stopped = group.stop();
    const again = group.start();
    await queues.clock.runUntil(Promise.all([stopped, again]));
    expect(group.state).toBe("running");
    await queues.send(queueUrl, 1);
    await queues.clock.runUntil(() => queues.size(queueUrl) === 0);
    await queues.clock.runUntil(group.stop());
    expect(group.stats().counters.settled.ack).toBe(2);
  });

  it("is ended by a stop, and says so", async () => {
    const queues = new SimulatedQueues();
    const queueUrl = await queues.create("a");
    queues.sqs.faults.latencyMs = 100;
    const group = queues.consume(() => undefined, { queues: [{ queueUrl }] });
    const started = group.start().catch((error: unknown) => error);
    await queues.clock.advance(50);
    await queues.clock.runUntil(group.stop());
    expect(await started).toMatchObject({ code: "STOPPED" });
    expect([group.state, queues.clock.pendingTimers]).toEqual(["stopped", 0]);
  });

  it("fails once for workers that cannot be started, and can be tried again", async () => {
    const queues = new SimulatedQueues();
    let isBroken = true;
    const pool = new PoolWorker<unknown>({
      minWorkers: 1,
      onWorkerStart: async () => {
        if (isBroken) throw new Error("no database");
      },
    });
    const listed = [{ queueUrl: await queues.create("a") }, { queueUrl: await queues.create("b") }];
    const group = queues.consume(() => undefined, { pool, queues: listed });
    await expect(queues.clock.runUntil(group.start())).rejects.toMatchObject({ code: "WORKER_START_FAILED" });
    isBroken = false;
    await queues.clock.runUntil(group.start());
    expect(group.stats().workers).toBe(1);
    await queues.clock.runUntil(group.stop());
    expect(pool.stats().workers).toBe(0);
  });

  it("shares a pool with consumers that are not of the group", async () => {
    const queues = new SimulatedQueues();
    const pool = new PoolWorker<unknown>({ maxWorkers: 10 });
    const [a, b] = [await queues.create("a", 2_000), await queues.create("b", 2_000)];
    const handler = (): Promise<void> => queues.work(100);
    const group = queues.consume(handler, { pool, queues: [{ queueUrl: a, weight: 3 }] });
    const { clock, sqs } = queues;
    const consumer = new Consumer(handler, { queueUrl: b, client: sqs, clock, worker: pool.share() });
    await Promise.all([group.start(), consumer.start()]);
    await clock.advance(10_000);
    expect(group.stats().counters.started / consumer.stats().counters.started).toBeCloseTo(3, 0);
    await clock.runUntil(Promise.all([group.stop(), consumer.stop()]));
  });
});

describe("stop()", () => {
  it("stops all at once within one time, and tells what was left, in all and of each", async () => {
    const queues = new SimulatedQueues();
    const listed = [
      { queueUrl: await queues.create("quick", 1), handler: () => queues.work(100) },
      { queueUrl: await queues.create("slow", 1), handler: () => queues.work(60_000) },
      { queueUrl: await queues.create("idle") },
    ];
    const group = queues.consume(() => undefined, { queues: listed });
    await queues.clock.runUntil(group.start());
    await queues.clock.advance(50);
    const before = queues.clock.now();
    const result = await queues.clock.runUntil(group.stop({ timeoutMs: 2_000 }));
    expect(queues.clock.now() - before).toBeLessThan(4_000);
    expect(result).toMatchObject({ isDrained: false, handlersAborted: 1, handlersAbandoned: 1 });
    expect(result.queues).toMatchObject({
      quick: { isDrained: true },
      slow: { isDrained: false, handlersAborted: 1 },
      idle: { isDrained: true },
    });
    await queues.clock.advance(60_000);
    expect(queues.clock.pendingTimers).toBe(0);
  });

  it("before the start, and twice, does nothing; a second one shortens the first", async () => {
    const queues = new SimulatedQueues();
    const queueUrl = await queues.create("a", 1);
    const group = queues.consume((_message, { signal }) => untilAborted(signal), { queues: [{ queueUrl }] });
    expect(await group.stop()).toMatchObject({ isDrained: true, queues: {} });
    await queues.clock.runUntil(group.start());
    await queues.clock.advance(50);
    const first = group.stop({ timeoutMs: 600_000 });
    const before = queues.clock.now();
    const second = group.stop({ timeoutMs: 100 });
    expect(await queues.clock.runUntil(first)).toBe(await second);
    expect(queues.clock.now() - before).toBeLessThan(2_000);
    expect(await group.stop()).toMatchObject({ isDrained: true });
    await expect(group.stop({ timeoutMs: -1 })).rejects.toThrow(/timeoutMs/u);
  });

  it("is what the end of an await using block does", async () => {
    const queues = new SimulatedQueues();
    const queueUrl = await queues.create("a");
    const group = queues.consume(() => undefined, { queues: [{ queueUrl }] });
    await group.start();
    await queues.clock.runUntil(group[Symbol.asyncDispose]());
    expect(group.state).toBe("stopped");
  });
});

describe("a queue's own settings", () => {
  it("hold for it alone: retry policy, time-out, limit", async () => {
    const queues = new SimulatedQueues();
    const outcomes: string[] = [];
    let [running, most] = [0, 0];
    const group = queues.consume(() => Promise.reject(new Error("no")), {
      retry: () => retry({ afterSeconds: 100 }),
      queues: [
        { queueUrl: await queues.create("common", 1) },
        { queueUrl: await queues.create("own", 1), retry: () => retry({ afterSeconds: 7 }) },
        {
          queueUrl: await queues.create("limited", 20),
          maxRunning: 2,
          handler: async () => {
            running += 1;
            most = Math.max(most, running);
            await queues.work(10);
            running -= 1;
          },
        },
      ],
    });
    group.on("messageFailed", ({ outcome }, queue) => {
      if (outcome.kind === "retry") outcomes.push(`${queue} ${outcome.afterSeconds}`);
    });
    await queues.clock.runUntil(group.start());
    await queues.clock.advance(1_000);
    expect(outcomes.toSorted()).toEqual(["common 100", "own 7"]);
    expect([most, group.stats().queues["limited"]?.counters.settled.ack]).toEqual([2, 20]);
    await queues.clock.runUntil(group.stop());
  });
});

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
