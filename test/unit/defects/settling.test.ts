// What goes wrong in other consumers while they acknowledge. The numbers are those of docs/known-defects.md.
import { constantRetry, deadLetter, retry } from "millrace";
import { ConnectionResetError, type Fault, type FaultableRequest } from "millrace/testing";
import { describe, expect, it } from "vitest";
import { SimulatedQueue } from "../../support/simulated-queue.js";

/** A fault of some of the delete requests, by their number from 1. */
function onDeletes(fault: (attempt: number) => Fault | undefined): (request: FaultableRequest) => Fault | undefined {
  return ({ operation, attempt }) => (operation === "DeleteMessageBatch" ? fault(attempt) : undefined);
}

describe("settling", () => {
  it("27: an entry that fails in a batch delete is tried again, by itself", async () => {
    const sizes: number[] = [];
    const queue = await SimulatedQueue.create({ messages: 10 });
    queue.sqs.faults.script = ({ operation, attempt, input }) => {
      if (operation !== "DeleteMessageBatch") return undefined;
      sizes.push((input as { Entries: unknown[] }).Entries.length);
      return attempt === 1 ? { kind: "failEntries", positions: [3] } : undefined;
    };
    let started = 0;
    const consumer = queue.consume(() => void (started += 1));
    await consumer.start();
    await queue.clock.advance(0);
    expect(consumer.stats()).toMatchObject({ settlementsPending: 1, counters: { settled: { ack: 9 } } });
    await queue.clock.advance(1_000);
    expect(consumer.stats()).toMatchObject({ settlementsPending: 0, counters: { settled: { ack: 10 } } });
    expect(sizes).toEqual([10, 1]);
    expect([queue.size, started]).toEqual([0, 10]);
    await queue.clock.runUntil(consumer.stop());
  });

  it("27: an entry that is refused for good is told once, of that message only", async () => {
    const queue = await SimulatedQueue.create({ messages: 10 });
    queue.sqs.faults.script = onDeletes((attempt) =>
      attempt === 1 ? { kind: "failEntries", positions: [3], senderFault: true } : undefined,
    );
    const settled: unknown[] = [];
    const consumer = queue.consume(() => undefined);
    consumer.on("settled", ({ message }) => settled.push(message.Body));
    await consumer.start();
    await queue.clock.advance(1_000);
    expect(settled).toHaveLength(9);
    expect(settled).not.toContain("3");
    expect(consumer.reported.map(({ code }) => code)).toEqual(["ACKNOWLEDGEMENT_LOST"]);
    await queue.clock.runUntil(consumer.stop());
  });

  it.each(["throttle", "serverError", "reset", "lostAnswer"] as const)(
    "28: a batch delete that fails is tried again, and finished work does not run again (%s)",
    async (kind) => {
      const queue = await SimulatedQueue.create({ messages: 25 });
      queue.sqs.faults.script = onDeletes((attempt) => (attempt <= 3 ? { kind } : undefined));
      let started = 0;
      const consumer = queue.consume(() => void (started += 1));
      await consumer.start();
      await queue.clock.advance(120_000);
      expect([queue.size, started]).toEqual([0, 25]);
      expect(consumer.stats().counters).toMatchObject({ settlementsLost: 0, settled: { ack: 25 } });
      await queue.clock.runUntil(consumer.stop());
    },
  );

  it("28: a delete that is never answered is given up and tried again", async () => {
    const queue = await SimulatedQueue.create({ messages: 1 });
    queue.sqs.faults.script = onDeletes((attempt) => (attempt === 1 ? { kind: "hang" } : undefined));
    let started = 0;
    const consumer = queue.consume(() => void (started += 1));
    await consumer.start();
    await queue.clock.advance(120_000);
    expect([queue.size, started]).toEqual([0, 1]);
    await queue.clock.runUntil(consumer.stop());
  });

  it("29: work whose delete failed is not made visible", async () => {
    const queue = await SimulatedQueue.create({ messages: 10 });
    queue.sqs.faults.script = onDeletes((attempt) => (attempt <= 4 ? { kind: "serverError" } : undefined));
    let started = 0;
    const consumer = queue.consume(() => void (started += 1));
    await consumer.start();
    await queue.clock.runUntil(() => queue.deletes === 5);
    expect(queue.counts.visible).toBe(0);
    await queue.clock.advance(60_000);
    expect([queue.visibilityChanges, queue.size, started]).toEqual([0, 0, 10]);
    await queue.clock.runUntil(consumer.stop());
  });

  it("30: when deletes keep failing, each acknowledgement still comes to an end, and is told", async () => {
    const queue = await SimulatedQueue.create({ messages: 10 });
    const error = new ConnectionResetError();
    queue.sqs.faults.script = ({ operation }) =>
      operation === "ReceiveMessage" ? undefined : { kind: "error", error };
    const consumer = queue.consume(() => undefined, { maxUnconfirmed: 10 });
    await consumer.start();
    await queue.clock.advance(29_000);
    expect(consumer.stats()).toMatchObject({ settlementsPending: 10 });
    // The leases have ended, and trying on is of no use.
    await queue.clock.advance(9_000);
    const lost = consumer.reported.filter(({ code }) => code === "ACKNOWLEDGEMENT_LOST");
    expect(lost).toHaveLength(10);
    expect(consumer.stats().counters.settlementsLost).toBe(10);
    queue.sqs.clearFaults();
    await queue.clock.runUntil(consumer.stop());
    expect(consumer.stats().settlementsPending).toBe(0);
  });

  it("31: a message that comes twice in one receive does not spoil the batch that deletes it", async () => {
    const queue = await SimulatedQueue.create({ messages: 25, faults: { duplicatesInOneReceive: 1 } });
    const ids: string[][] = [];
    queue.sqs.faults.script = ({ operation, input }) => {
      if (operation === "DeleteMessageBatch")
        ids.push((input as { Entries: { Id: string }[] }).Entries.map(({ Id }) => Id));
      return undefined;
    };
    let started = 0;
    const consumer = queue.consume(async () => {
      started += 1;
      await queue.work(10);
    });
    await consumer.start();
    await queue.clock.advance(60_000);
    expect([queue.size, started]).toEqual([0, 25]);
    expect(consumer.reported).toEqual([]);
    for (const batch of ids) expect(new Set(batch).size).toBe(batch.length);
    await queue.clock.runUntil(consumer.stop());
  });

  it("32: the linger counts from the first finished message and is not restarted by the next", async () => {
    const queue = await SimulatedQueue.create({ messages: 10 });
    const deletedAt: number[] = [];
    queue.sqs.faults.script = onDeletes(() => {
      deletedAt.push(queue.clock.now());
      return undefined;
    });
    const consumer = queue.consume(({ Body }) => queue.work(100 + Number(Body) * 60), { settleMaxAgeMs: 100 });
    await consumer.start();
    await queue.clock.advance(5_000);
    // Finished at 100, 160, 220, …, 640.
    expect(deletedAt).toEqual([200, 320, 440, 560, 640]);
    await queue.clock.runUntil(consumer.stop());
  });

  it("33: acknowledgements that come during a flush do not wait for the next message", async () => {
    const queue = await SimulatedQueue.create({ messages: 10, faults: { latencyMs: 1_000 } });
    const consumer = queue.consume(({ Body }) => queue.work(Body === "0" ? 60_000 : Number(Body) * 100));
    await queue.clock.runUntil(consumer.start());
    await queue.clock.runUntil(() => consumer.stats().running === 1);
    // The last of nine has waited for its age, 250 ms, and its delete takes a second.
    await queue.clock.advance(1_300);
    expect(consumer.stats()).toMatchObject({ settlementsPending: 0, counters: { settled: { ack: 9 } } });
    await queue.clock.runUntil(consumer.stop({ timeoutMs: Infinity }));
  });

  it("34: every handler that finishes while stopping is acknowledged", async () => {
    const queue = await SimulatedQueue.create({ messages: 3_000, faults: { latencyMs: [5, 80] } });
    const worker = { concurrency: 1_000 };
    const consumer = queue.consume(({ Body }) => queue.work(500 + Number(Body)), worker);
    await queue.clock.runUntil(consumer.start());
    await queue.clock.runUntil(() => consumer.stats().running === 1_000);
    const { started } = consumer.stats().counters;
    const result = await queue.clock.runUntil(consumer.stop());
    expect(result).toMatchObject({ isDrained: true, settlementsLost: 0 });
    expect(consumer.stats().counters.settled.ack).toBe(started);
    expect(queue.counts).toEqual({ visible: 3_000 - started, inFlight: 0, delayed: 0 });
  });

  it.each([1, 7, 13, 60, 110, 249, 251, 333, 500])(
    "35: the last flush misses no acknowledgement, wherever it is (%d ms)",
    async (stopAtMs) => {
      const queue = await SimulatedQueue.create({ messages: 400, faults: { latencyMs: [1, 60], failedEntries: 0.3 } });
      Object.assign(queue.sqs.faults, { throttling: 0.2, operations: ["DeleteMessageBatch"] });
      const consumer = queue.consume(({ Body }) => queue.work((Number(Body) * 17) % 50), { concurrency: 20 });
      await queue.clock.runUntil(consumer.start());
      await queue.clock.advance(stopAtMs);
      const result = await queue.clock.runUntil(consumer.stop());
      const { started, settled } = consumer.stats().counters;
      expect(result).toMatchObject({ isDrained: true, settlementsLost: 0 });
      expect(settled.ack).toBe(started);
      expect(queue.counts).toEqual({ visible: 400 - started, inFlight: 0, delayed: 0 });
    },
  );

  it("36: while acknowledgements fail, no more messages are taken than maxUnconfirmed and those under way", async () => {
    const queue = await SimulatedQueue.create({ messages: 5_000, faults: { latencyMs: 20 } });
    queue.sqs.faults.script = onDeletes(() => ({ kind: "serverError" }));
    const consumer = queue.consume(() => undefined, { maxUnconfirmed: 100, maxReceives: 5 });
    await queue.clock.runUntil(consumer.start());
    await queue.clock.advance(25_000);
    // Five receives may be out when the bound is reached.
    expect(consumer.stats().counters.received).toBeGreaterThanOrEqual(100);
    expect(consumer.stats().counters.received).toBeLessThanOrEqual(150);
    queue.sqs.clearFaults();
    await queue.clock.runUntil(() => queue.size === 0);
    expect(consumer.stats().counters.started).toBe(5_000);
    await queue.clock.runUntil(consumer.stop());
  });

  it.each(["acknowledged", "retried", "dead-lettered"])(
    "37: nothing lingers when nothing else is running (%s)",
    async (what) => {
      const queue = await SimulatedQueue.create({ messages: 1, maxReceiveCount: 2 });
      const startedAt: number[] = [];
      const consumer = queue.consume(() => {
        startedAt.push(queue.clock.now());
        if (what === "retried" && startedAt.length === 1) return retry();
        return what === "dead-lettered" ? deadLetter("unwanted") : undefined;
      });
      await consumer.start();
      await queue.clock.advance(0);
      expect([queue.size, queue.clock.now()]).toEqual([0, 0]);
      expect(startedAt).toHaveLength(what === "retried" ? 2 : 1);
      await queue.clock.runUntil(consumer.stop());
    },
  );

  it("a message that is retried at once and comes before that is confirmed is not taken for a duplicate", async () => {
    const queue = await SimulatedQueue.create({ messages: 40, faults: { latencyMs: 100, latencyBeforeWork: 0 } });
    const consumer = queue.consume(
      (_message, { attempt }) => {
        if (attempt < 3) throw new Error("again");
      },
      { retry: constantRetry({ delaySeconds: 0 }), concurrency: 100 },
    );
    await queue.clock.runUntil(consumer.start());
    await queue.clock.runUntil(() => queue.size === 0);
    // Well before the end of a visibility timeout, and no attempt was wasted.
    expect(queue.clock.now()).toBeLessThan(3_000);
    expect(consumer.stats().counters).toMatchObject({ started: 120, redelivered: 0 });
    await queue.clock.runUntil(consumer.stop());
  });

  it("38: a retry is the same message: same id, receive count rising, nothing published", async () => {
    const queue = await SimulatedQueue.create({ messages: 1 });
    const seen: Array<readonly [string | undefined, number]> = [];
    const consumer = queue.consume(
      ({ MessageId }, { attempt }) => {
        seen.push([MessageId, attempt]);
        if (attempt < 3) throw new Error("again");
      },
      { retry: constantRetry({ delaySeconds: 2 }) },
    );
    const sends = queue.sqs.statistics.messagesSent;
    await consumer.start();
    await queue.clock.runUntil(() => queue.size === 0);
    expect(seen.map(([, attempt]) => attempt)).toEqual([1, 2, 3]);
    expect(new Set(seen.map(([id]) => id)).size).toBe(1);
    expect(queue.clock.now()).toBe(4_000);
    expect(queue.sqs.statistics.messagesSent).toBe(sends);
    await queue.clock.runUntil(consumer.stop());
  });
});
