// What goes wrong in other consumers with visibility and heartbeats. The numbers are those of docs/known-defects.md.
import { Consumer, type MillraceError, PoolWorker } from "millrace";
import type { SqsOperation } from "millrace/testing";
import { describe, expect, it } from "vitest";
import { Gauge, SimulatedQueue } from "../../support/simulated-queue.js";

/** Notes when which request was made. */
function watchRequests(queue: SimulatedQueue): Array<{ operation: SqsOperation; atMs: number; entries: number }> {
  const requests: Array<{ operation: SqsOperation; atMs: number; entries: number }> = [];
  queue.sqs.faults.script = ({ operation, input }) => {
    const { Entries = [] } = input as { Entries?: unknown[] };
    if (operation !== "ReceiveMessage") requests.push({ operation, atMs: queue.clock.now(), entries: Entries.length });
    return undefined;
  };
  return requests;
}

describe("leases", () => {
  it("39: a heartbeat costs a request per ten messages, not one for each", async () => {
    const queue = await SimulatedQueue.create({ messages: 10 });
    const requests = watchRequests(queue);
    const consumer = queue.consume(() => queue.work(50_000));
    await consumer.start();
    await queue.clock.runUntil(() => queue.size === 0);
    expect(requests).toEqual([
      { operation: "ChangeMessageVisibilityBatch", atMs: 20_000, entries: 10 },
      { operation: "ChangeMessageVisibilityBatch", atMs: 40_000, entries: 10 },
      { operation: "DeleteMessageBatch", atMs: 50_000, entries: 10 },
    ]);
    await queue.clock.runUntil(consumer.stop());
  });

  it("40: no heartbeat follows the delete, and one that meets it is no error", async () => {
    const queue = await SimulatedQueue.create({ messages: 10, faults: { latencyMs: 400 } });
    const requests = watchRequests(queue);
    // They end just before, at and after the moment in which their leases are renewed.
    const consumer = queue.consume(({ Body }) => queue.work(19_000 + Number(Body) * 200));
    await queue.clock.runUntil(consumer.start());
    await queue.clock.runUntil(() => queue.size === 0);
    await queue.clock.advance(1_000);
    expect(consumer.stats().counters.settled.ack).toBe(10);
    expect(consumer.reported).toEqual([]);
    const made = requests.length;
    await queue.clock.advance(120_000);
    expect(requests).toHaveLength(made);
    await queue.clock.runUntil(consumer.stop());
  });

  it("41: a heartbeat that fails with nobody listening ends no process and no handler", async () => {
    const queue = await SimulatedQueue.create({ messages: 3 });
    queue.sqs.faults.script = ({ operation, attempt }) =>
      operation === "ChangeMessageVisibilityBatch" && attempt % 2 === 1 ? { kind: "serverError" } : undefined;
    let done = 0;
    const consumer = new Consumer(
      async () => {
        await queue.work(100_000);
        done += 1;
      },
      { queueUrl: queue.url, client: queue.sqs, clock: queue.clock },
    );
    await consumer.start();
    await queue.clock.runUntil(() => queue.size === 0);
    expect(done).toBe(3);
    expect(consumer.stats().counters.errors).toBeGreaterThan(0);
    await queue.clock.runUntil(consumer.stop());
  });

  it("42: thousands of heartbeats that are due together are sent together", async () => {
    const queue = await SimulatedQueue.create({ messages: 2_000, faults: { latencyMs: 400 } });
    let done = 0;
    const consumer = queue.consume(
      async () => {
        await queue.work(65_000);
        done += 1;
      },
      { concurrency: 2_000, visibilityTimeoutSeconds: 15 },
    );
    await queue.clock.runUntil(consumer.start());
    await queue.clock.runUntil(() => queue.size === 0);
    expect(done).toBe(2_000);
    expect(queue.sqs.statistics.messagesReceived).toBe(2_000);
    expect(consumer.stats().counters.revoked).toBe(0);
    await queue.clock.runUntil(consumer.stop());
  });

  it("43: messages that wait in memory keep their leases as well", async () => {
    const queue = await SimulatedQueue.create({ messages: 400 });
    let isSlow = false;
    const consumer = queue.consume(
      async () => {
        if (consumer.stats().counters.started > 150) isSlow = true;
        await queue.work(isSlow ? 90_000 : 10);
      },
      { worker: new PoolWorker({ maxWorkers: 2 }) },
    );
    await consumer.start();
    await queue.clock.advance(85_000);
    expect(consumer.stats().waiting).toBeGreaterThan(50);
    // A second consumer would be given whatever has lapsed.
    expect(queue.sqs.statistics.messagesReceived).toBe(consumer.stats().counters.received);
    await queue.clock.advance(400_000);
    expect(queue.counts.visible + queue.counts.inFlight + queue.sqs.statistics.messagesDeleted).toBe(400);
    expect(queue.sqs.statistics.messagesReceived).toBeLessThanOrEqual(400);
    expect(consumer.stats().counters.revoked).toBe(0);
    await queue.clock.runUntil(consumer.stop({ timeoutMs: 0 }));
  });

  it("44: leases are kept until the delete is confirmed", async () => {
    const queue = await SimulatedQueue.create({ messages: 10 });
    queue.sqs.faults.script = ({ operation }) =>
      operation === "DeleteMessageBatch" && queue.clock.now() < 120_000 ? { kind: "throttle" } : undefined;
    let started = 0;
    const consumer = queue.consume(() => void (started += 1));
    await consumer.start();
    await queue.clock.runUntil(() => queue.size === 0);
    expect(queue.clock.now()).toBeGreaterThanOrEqual(120_000);
    expect([started, queue.sqs.statistics.messagesReceived]).toEqual([10, 10]);
    expect(consumer.stats().counters).toMatchObject({ settlementsLost: 0, settled: { ack: 10 } });
    await queue.clock.runUntil(consumer.stop());
  });

  it("45: no extension is asked for past 12 hours, and the handler is told when they are over", async () => {
    const queue = await SimulatedQueue.create({ messages: 1 });
    let reason: unknown;
    let toldAt = 0;
    const consumer = queue.consume(
      async (_message, { signal }) => {
        await new Promise((resolve) => {
          signal.addEventListener("abort", resolve, { once: true });
        });
        reason = signal.reason;
        toldAt = queue.clock.now();
      },
      { visibilityTimeoutSeconds: 7_000, concurrency: 1 },
    );
    await consumer.start();
    await queue.clock.advance(43_100_000);
    expect(queue.counts.inFlight).toBe(1);
    await queue.clock.advance(200_000);
    expect(reason).toMatchObject({ code: "LEASE_LOST" });
    // A second less, for the way that a request has to go; and leases are asked for in whole seconds.
    expect(toldAt).toBeGreaterThan(43_198_000);
    expect(toldAt).toBeLessThanOrEqual(43_199_000);
    expect(consumer.reported.filter(({ code }) => code === "LEASE_EXTENSION_FAILED")).toEqual([]);
    await queue.clock.runUntil(consumer.stop());
  });

  it("45: up to the end of 12 hours a lease is extended by whole seconds, and not again for what is left of one", async () => {
    const queue = await SimulatedQueue.create({ messages: 1, faults: { latencyMs: 3 } });
    let extended = 0;
    const consumer = queue.consume(() => queue.work(43_150_000), {
      visibilityTimeoutSeconds: 8_000,
      concurrency: 1,
    });
    consumer.on("leasesExtended", ({ count }) => (extended += count));
    await queue.clock.runUntil(consumer.start());
    await queue.clock.advance(43_100_000);
    expect(extended).toBe(7);
    await queue.clock.runUntil(consumer.stop());
  });

  it("46: a message that comes again does not run beside its first run, and is deleted by its newest handle", async () => {
    const queue = await SimulatedQueue.create({ messages: 1 });
    queue.sqs.faults.script = ({ operation }) =>
      operation === "ChangeMessageVisibilityBatch" && queue.clock.now() < 40_000 ? { kind: "reset" } : undefined;
    const gauge = new Gauge();
    const reasons: unknown[] = [];
    const consumer = queue.consume((_message, { signal }) => {
      signal.addEventListener("abort", () => reasons.push((signal.reason as MillraceError).code));
      return gauge.during(() => queue.work(60_000));
    });
    let redelivered = 0;
    consumer.on("redelivered", () => (redelivered += 1));
    await consumer.start();
    await queue.clock.advance(61_000);
    expect(redelivered).toBe(1);
    expect(reasons).toEqual(["LEASE_LOST"]);
    expect(gauge).toMatchObject({ most: 1, started: 1 });
    expect(queue.size).toBe(0);
    await queue.clock.runUntil(consumer.stop());
  });

  it("46: duplicates of messages that run, wait or are being deleted are each run once", async () => {
    const queue = await SimulatedQueue.create({
      messages: 300,
      faults: { latencyMs: [5, 100], duplicates: 0.5, duplicatesInOneReceive: 0.3 },
    });
    const running = new Set<string | undefined>();
    let twins = 0;
    const consumer = queue.consume(async ({ MessageId }) => {
      if (running.has(MessageId)) twins += 1;
      running.add(MessageId);
      await queue.work(80);
      running.delete(MessageId);
    });
    await queue.clock.runUntil(consumer.start());
    await queue.clock.advance(20_000);
    queue.sqs.clearFaults();
    await queue.clock.runUntil(() => queue.size === 0);
    expect(consumer.stats().counters.redelivered).toBeGreaterThan(10);
    expect(twins).toBe(0);
    await queue.clock.runUntil(consumer.stop());
  });
});
