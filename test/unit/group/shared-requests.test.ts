// What the queues of a group share in requests: receives beyond the first of each, and those that settle.
import type { ConsumerGroupOptions, SqsPort } from "millrace";
import { describe, expect, it, vi } from "vitest";
import { collectGarbage } from "../../support/collect-garbage.js";
import { SimulatedQueues, type TestGroup } from "../../support/simulated-queues.js";

// Thousands of messages a second: slow machines need more than the usual time for it.
vi.setConfig({ testTimeout: 60_000 });

const LATENCY_MS = 20;

/** Calls that are out, by what they do. */
interface Out {
  readonly receives: Map<string, number>;
  mostReceives: number;
  settling: number;
  mostSettling: number;
}

/** So many queues with messages and a pool that could take them all, through a client that counts. */
async function start(
  full: number,
  options: ConsumerGroupOptions,
): Promise<{ queues: SimulatedQueues; group: TestGroup; out: Out }> {
  const queues = new SimulatedQueues();
  const { sqs } = queues;
  const out: Out = { receives: new Map(), mostReceives: 0, settling: 0, mostSettling: 0 };
  const settle = async <Answer>(answering: Promise<Answer>): Promise<Answer> => {
    out.settling += 1;
    out.mostSettling = Math.max(out.mostSettling, out.settling);
    return answering.finally(() => (out.settling -= 1));
  };
  const client: SqsPort = {
    receiveMessage: async (input, callOptions) => {
      const change = (by: number): unknown =>
        out.receives.set(input.QueueUrl, (out.receives.get(input.QueueUrl) ?? 0) + by);
      change(1);
      out.mostReceives = Math.max(
        out.mostReceives,
        [...out.receives.values()].reduce((sum, count) => sum + count, 0),
      );
      return sqs.receiveMessage(input, callOptions).finally(() => change(-1));
    },
    deleteMessageBatch: (input) => settle(sqs.deleteMessageBatch(input)),
    changeMessageVisibilityBatch: (input) => settle(sqs.changeMessageVisibilityBatch(input)),
    sendMessageBatch: (input) => settle(sqs.sendMessageBatch(input)),
  };
  const listed = [];
  for (let number = 0; number < 20; number += 1) {
    listed.push({ queueUrl: await queues.create(`q-${number}`, number < full ? 1_500 : 0) });
  }
  sqs.faults.latencyMs = LATENCY_MS;
  const group = queues.consume(() => queues.work(5), { concurrency: 1_000, queues: listed, client, ...options });
  await queues.clock.runUntil(group.start());
  return { queues, group, out };
}

describe("receives", () => {
  it("beyond the first of each queue are shared, and no queue goes without its first", async () => {
    const { queues, group, out } = await start(10, { sharedReceives: 5 });
    for (let look = 0; look < 40; look += 1) {
      await queues.clock.advance(25);
      for (const idle of group.names.slice(10)) expect(out.receives.get(queues.url(idle))).toBe(1);
    }
    expect(out.mostReceives).toBe(20 + 5);
    await queues.clock.runUntil(group.stop());
  });

  it("of one full queue are as many as it needs, while the others are idle", async () => {
    const { queues, group, out } = await start(1, { sharedReceives: 5 });
    await queues.clock.runUntil(() => queues.size(queues.url("q-0")) < 750);
    expect(out.mostReceives).toBe(20 + 5);
    await queues.clock.runUntil(group.stop());
  });

  it("are free for another queue soon after those that had them have run empty", async () => {
    const { queues, group, out } = await start(10, { sharedReceives: 5 });
    await queues.clock.runUntil(() => group.stats().counters.settled.ack === 15_000);
    await queues.clock.advance(4_000);
    const late = queues.url("q-15");
    await queues.send(late, 3_000);
    let most = 0;
    for (let look = 0; look < 20; look += 1) {
      await queues.clock.advance(25);
      most = Math.max(most, out.receives.get(late) ?? 0);
    }
    expect(most).toBe(1 + 5);
    await queues.clock.runUntil(group.stop());
  });

  it("with none to share, there is one for each queue", async () => {
    const { queues, group, out } = await start(10, { sharedReceives: 0 });
    await queues.clock.runUntil(() => group.stats().counters.settled.ack > 3_000);
    expect(out.mostReceives).toBe(20);
    await queues.clock.runUntil(group.stop());
  });

  it("keep nothing of a queue that was removed while it waited for one", async () => {
    const queues = new SimulatedQueues();
    const leaving = await queues.create("leaving", 100);
    const idle = await queues.create("idle");
    const group = queues.consume(() => queues.work(5), {
      queues: [{ queueUrl: leaving }, { queueUrl: idle }],
      sharedReceives: 0,
    });
    await queues.clock.runUntil(group.start());
    await queues.clock.runUntil(() => queues.size(leaving) === 0);
    const consumer = new WeakRef<object>(group.get("leaving") ?? {});
    await queues.clock.runUntil(group.remove("leaving"));
    await collectGarbage();
    expect(consumer.deref()).toBeUndefined();
    await queues.clock.runUntil(group.stop());
  });
});

describe("requests that settle", () => {
  it("are bounded for all queues together", async () => {
    const { queues, group, out } = await start(20, { sharedSettleRequests: 7 });
    await queues.clock.runUntil(() => group.stats().counters.settled.ack > 3_000);
    expect(out.mostSettling).toBe(7);
    await queues.clock.runUntil(group.stop());
    expect(out.settling).toBe(0);
  });

  it("go on when one of the queues is stopped at once", async () => {
    const { queues, group } = await start(20, { sharedSettleRequests: 7 });
    await queues.clock.advance(1_000);
    await queues.clock.runUntil(group.remove("q-0", { timeoutMs: 0 }));
    const before = group.stats().counters.settled.ack;
    await queues.clock.advance(1_000);
    expect(group.stats().counters.settled.ack).toBeGreaterThan(before + 1_000);
    expect(await queues.clock.runUntil(group.stop())).toMatchObject({ isDrained: true });
  });

  it("go on though a queue was removed whose requests were never answered", async () => {
    const queues = new SimulatedQueues();
    const { clock, sqs } = queues;
    const silent = await queues.create("silent", 10);
    const other = await queues.create("other", 10);
    const idle = await queues.create("idle"); // Keeps the connection from being made anew.
    const client: SqsPort = {
      receiveMessage: (input, callOptions) => sqs.receiveMessage(input, callOptions),
      deleteMessageBatch: (input) =>
        input.QueueUrl === silent ? new Promise(() => {}) : sqs.deleteMessageBatch(input),
      changeMessageVisibilityBatch: (input) => sqs.changeMessageVisibilityBatch(input),
      sendMessageBatch: (input) => sqs.sendMessageBatch(input),
    };
    const listed = [{ queueUrl: silent }, { queueUrl: idle }];
    const group = queues.consume(() => undefined, { queues: listed, client, sharedSettleRequests: 1 });
    await clock.runUntil(group.start());
    await clock.advance(1_000);
    await clock.runUntil(group.remove("silent", { timeoutMs: 0 }));
    await clock.runUntil(group.add({ queueUrl: other }));
    await clock.runUntil(() => queues.size(other) === 0, { timeoutMs: 60_000 });
    await clock.runUntil(group.stop());
    expect(clock.pendingTimers).toBe(0);
  });
});
