// Over HTTP with the real SDK, as much at once as fits a test. `npm run load` has the sizes of the real service.
import { Consumer } from "millrace";
import type { JournalEntry } from "millrace/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { createDeferred } from "../../src/internal/deferred.js";
import { eventually, HttpQueue, isolateAwsEnvironment } from "../support/http-queue.js";

const MIB = 1_048_576;

/** How often each message was received and renewed, and until when they would be hidden without renewals. */
class Deliveries {
  readonly received = new Map<string, number>();
  readonly renewed = new Map<string, number>();
  lastDeadlineMs = 0;
  readonly note = (entry: JournalEntry): void => {
    if (entry.kind === "received") {
      count(this.received, entry.messageId);
      this.lastDeadlineMs = Math.max(this.lastDeadlineMs, entry.visibleAgainAtMs);
    }
    if (entry.kind === "visibilityChanged" && entry.isEffective) count(this.renewed, entry.messageId);
  };
}

function count(times: Map<string, number>, id: string): void {
  times.set(id, (times.get(id) ?? 0) + 1);
}

describe("load over HTTP", () => {
  beforeEach(() => isolateAwsEnvironment());

  it("bodies of 1 MiB at concurrency 100: all come whole, and each is handled once", async () => {
    await using queue = await HttpQueue.create();
    const body = "x".repeat(MIB);
    for (let sent = 0; sent < 105; sent += 1) {
      await queue.server.sqs.sendMessage({ QueueUrl: queue.url, MessageBody: body });
    }
    const handled = new Map<string, number>();
    let spoiled = 0;
    const gate = createDeferred();
    const consumer = new Consumer(
      async ({ MessageId = "", Body }) => {
        count(handled, MessageId);
        if (Body !== body) spoiled += 1;
        await gate.promise;
      },
      { queueUrl: queue.url, concurrency: 100, pollGraceMs: 0, waitTimeSeconds: 1 },
    );
    await consumer.start();
    await eventually(() => consumer.stats().running === 100);
    gate.resolve();
    await eventually(() => queue.size === 0);
    expect(await consumer.stop()).toMatchObject({ isDrained: true, settlementsLost: 0 });
    expect(spoiled).toBe(0);
    expect(handled.size).toBe(105);
    expect([...handled.values()].every((times) => times === 1)).toBe(true);
  });

  it("as much in flight as the queue allows: leases hold for all of it, and the rest comes when there is room", async () => {
    const deliveries = new Deliveries();
    await using queue = await HttpQueue.create({ messages: 2_300, mostInFlight: 2_000, journal: deliveries.note });
    const handled = new Map<string, number>();
    const gate = createDeferred();
    const consumer = new Consumer(
      async ({ MessageId = "" }) => {
        count(handled, MessageId);
        await gate.promise;
      },
      {
        queueUrl: queue.url,
        concurrency: 3_000,
        visibilityTimeoutSeconds: 10,
        pollGraceMs: 0,
        waitTimeSeconds: 1,
      },
    );
    await consumer.start();
    await eventually(() => deliveries.renewed.size === 2_000 && performance.now() > deliveries.lastDeadlineMs);
    expect(queue.counts).toMatchObject({ visible: 300, inFlight: 2_000 });
    expect(consumer.stats()).toMatchObject({ running: 2_000, state: "running" });
    gate.resolve();
    await eventually(() => queue.size === 0);
    expect(await consumer.stop()).toMatchObject({ isDrained: true, settlementsLost: 0 });
    expect(handled.size).toBe(2_300);
    expect([...deliveries.received.values()].every((times) => times === 1)).toBe(true);
    expect(consumer.stats().counters).toMatchObject({ revoked: 0, redelivered: 0, errors: 0 });
  });

  it("10,000 handlers at once", async () => {
    await using queue = await HttpQueue.create({ messages: 10_100 });
    const handled = new Map<string, number>();
    let mostRunning = 0;
    let running = 0;
    const gate = createDeferred();
    const consumer = new Consumer(
      async ({ MessageId = "" }) => {
        count(handled, MessageId);
        running += 1;
        mostRunning = Math.max(mostRunning, running);
        await gate.promise;
        running -= 1;
      },
      { queueUrl: queue.url, concurrency: 10_000, pollGraceMs: 0, waitTimeSeconds: 1 },
    );
    await consumer.start();
    await eventually(() => running === 10_000);
    gate.resolve();
    await eventually(() => queue.size === 0);
    expect(await consumer.stop()).toMatchObject({ isDrained: true, settlementsLost: 0 });
    expect(mostRunning).toBe(10_000);
    expect(handled.size).toBe(10_100);
    expect([...handled.values()].every((times) => times === 1)).toBe(true);
  });
});
