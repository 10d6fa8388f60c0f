// What goes wrong in other consumers of several queues. The numbers are those of docs/known-defects.md.
import { describe, expect, it } from "vitest";
import { createClasses, SimulatedQueues } from "../../support/simulated-queues.js";

const LATENCY_MS = 10;

describe("many queues", () => {
  it("61: an empty queue holds up no other", async () => {
    const queues = new SimulatedQueues();
    const listed = await createClasses(queues, 30, [{ name: "jobs", messages: 0 }]);
    queues.sqs.faults.latencyMs = LATENCY_MS;
    const waits: number[] = [];
    let sentAt = 0;
    const group = queues.consume(() => waits.push(queues.clock.now() - sentAt), { queues: listed });
    await queues.clock.runUntil(group.start());
    for (let number = 1; number <= 30; number += 1) {
      await queues.clock.advance(1_700);
      sentAt = queues.clock.now();
      await queues.send(queues.url(`jobs-${number}`), 1);
    }
    await queues.clock.advance(100);
    expect(waits).toHaveLength(30);
    // The long poll of its own is out already: its answer has half a round trip to go.
    expect(Math.max(...waits)).toBeLessThanOrEqual(LATENCY_MS);
    await queues.clock.runUntil(group.stop());
  });

  it("62: strict priority leaves the low queues their part", async () => {
    const queues = new SimulatedQueues();
    const [high, low] = [await queues.create("high", 6_000), await queues.create("low", 500)];
    const group = queues.consume(() => queues.work(50), {
      concurrency: 10,
      queues: [{ queueUrl: high, priority: 1 }, { queueUrl: low }],
    });
    await queues.clock.runUntil(group.start());
    for (let second = 0; second < 20; second += 1) {
      const before = group.stats().queues["low"]?.counters.started ?? 0;
      await queues.clock.advance(1_000);
      expect(group.stats().queues["low"]?.counters.started).toBeGreaterThan(before);
    }
    const { handlerTimeMs, queues: each } = group.stats();
    expect((each["high"]?.handlerTimeMs ?? 0) / handlerTimeMs).toBeGreaterThan(0.94);
    await queues.clock.runUntil(group.stop());
  });

  it("62: a high queue that fills is seen while a low one is worked on", async () => {
    const queues = new SimulatedQueues();
    const [high, low] = [await queues.create("high"), await queues.create("low", 3_000)];
    queues.sqs.faults.latencyMs = LATENCY_MS;
    const WORK_MS = 200;
    const waits: number[] = [];
    let sentAt = 0;
    const group = queues.consume(() => queues.work(WORK_MS), {
      concurrency: 10,
      queues: [
        { queueUrl: low },
        {
          queueUrl: high,
          priority: 1,
          handler: () => {
            waits.push(queues.clock.now() - sentAt);
            return queues.work(WORK_MS);
          },
        },
      ],
    });
    await queues.clock.runUntil(group.start());
    await queues.clock.advance(5_000);
    for (let probe = 0; probe < 50; probe += 1) {
      sentAt = queues.clock.now();
      await queues.send(high, 1);
      await queues.clock.advance(733);
    }
    expect(waits).toHaveLength(50);
    expect(group.stats().running).toBe(10);
    expect(Math.max(...waits)).toBeLessThanOrEqual(WORK_MS + LATENCY_MS);
    await queues.clock.runUntil(group.stop());
  });
});
