// The option tenants of a consumer, and setTenants.
import { Consumer, MemoryRunner, OptionError, PoolWorker, retry, type TenantOptions } from "millrace";
import { describe, expect, test } from "vitest";
import { Gauge, SimulatedQueue } from "../../support/simulated-queue.js";

describe("the option tenants", () => {
  test("limits each tenant, by the message's group unless it is said otherwise", async () => {
    const queue = await SimulatedQueue.create();
    await queue.send(50, { MessageGroupId: "a" });
    await queue.send(50, { MessageGroupId: "b" });
    const gauges: Record<string, Gauge> = { a: new Gauge(), b: new Gauge() };
    const consumer = queue.consume((_message, { groupId = "" }) => gauges[groupId]?.during(() => queue.work(100)), {
      concurrency: 10,
      tenants: { maxRunning: 3 },
    });
    await queue.clock.runUntil(consumer.start());
    await queue.clock.runUntil(() => queue.size === 0);
    expect([gauges["a"]?.most, gauges["b"]?.most]).toEqual([3, 3]);
    await queue.clock.runUntil(consumer.stop());
    expect(consumer.reported).toEqual([]);
    expect(consumer.stats().counters.settled.ack).toBe(100);
  });

  test("a handler pauses its tenant by its outcome, and no other", async () => {
    const queue = await SimulatedQueue.create();
    await queue.send(20, { MessageGroupId: "limited" });
    await queue.send(20, { MessageGroupId: "other" });
    const startedAt: Record<string, number[]> = { limited: [], other: [] };
    const consumer = queue.consume(
      (_message, { groupId = "" }) => {
        startedAt[groupId]?.push(queue.clock.now());
        const isFirst = groupId === "limited" && startedAt[groupId]?.length === 1;
        return isFirst ? retry({ afterSeconds: 30, pause: "key" }) : undefined;
      },
      { tenants: {} },
    );
    await queue.clock.runUntil(consumer.start());
    await queue.clock.runUntil(() => queue.size === 0);
    await queue.clock.runUntil(consumer.stop());
    expect(startedAt["limited"]).toHaveLength(21);
    expect(startedAt["limited"]?.[1]).toBeGreaterThanOrEqual(30_000);
    expect(startedAt["other"]).toHaveLength(20);
    expect(Math.max(...(startedAt["other"] ?? []))).toBeLessThan(30_000);
  });

  test.each([
    ["not an object", 5, /tenants/u],
    ["with a limit of nothing", { maxRunning: 0 }, /Option tenants\.maxRunning|Option maxRunning/u],
    ["with an option that does not exist", { maxRunnning: 1 }, /maxRunnning/u],
    ["whose key is no function", { key: "tenant" }, /key/u],
  ])("%s is refused", (_what, tenants, message) => {
    const create = (): unknown =>
      new Consumer(() => {}, { runner: new MemoryRunner(), tenants: tenants as TenantOptions });
    expect(create).toThrow(OptionError);
    expect(create).toThrow(message);
  });

  test("is refused together with a worker", () => {
    const runner = new MemoryRunner();
    expect(() => new Consumer(() => {}, { runner, worker: new PoolWorker(), tenants: {} })).toThrow(
      "Option tenants: expected to be absent, as the worker says how tenants share it",
    );
  });
});

describe("setTenants", () => {
  test("changes the limits at once", async () => {
    const queue = await SimulatedQueue.create({ faults: { latencyMs: 20 } });
    await queue.send(2_000, { MessageGroupId: "a" });
    const consumer = queue.consume(() => queue.work(100), { concurrency: 10, tenants: { maxRunning: 2 } });
    await queue.clock.runUntil(consumer.start());
    await queue.clock.advance(1_000);
    expect(consumer.stats().running).toBe(2);
    consumer.setTenants({ maxRunning: 5 });
    expect(consumer.stats().running).toBe(5);
    consumer.setTenants({ maxRunning: 8 });
    await queue.clock.advance(200);
    expect(consumer.stats().running).toBe(8);
    consumer.setTenants({});
    await queue.clock.advance(200);
    expect(consumer.stats().running).toBe(10);
    consumer.setTenants({ maxRunning: 1 });
    await queue.clock.advance(100);
    expect(consumer.stats().running).toBe(1);
    await queue.clock.runUntil(consumer.stop());
    expect(queue.size).toBe(2_000 - consumer.stats().counters.settled.ack);
  });

  test("is refused where there were none, and where a worker was given", () => {
    const runner = new MemoryRunner();
    expect(() => new Consumer(() => {}, { runner }).setTenants({ maxRunning: 1 })).toThrow(
      "expected to be absent, as there were none when the worker or consumer was made",
    );
    expect(() => new Consumer(() => {}, { runner, worker: new PoolWorker() }).setTenants({})).toThrow(
      "expected to be changed on the worker that was given",
    );
  });
});
