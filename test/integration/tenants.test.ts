// Over HTTP with the real SDK: a noisy tenant and quiet ones, failures of handlers and of the service, and a stop in the middle.
import { Consumer, constantRetry, type HandlerContext, type Message } from "millrace";
import { beforeEach, describe, expect, it } from "vitest";
import { eventually, HttpQueue, isolateAwsEnvironment } from "../support/http-queue.js";

const NOISY = 3_000;
const QUIET = 20;
const OF_EACH = 10;
const LIMIT = 4;

describe("tenants over HTTP", () => {
  beforeEach(() => isolateAwsEnvironment());

  it("keep their limit as handlers see it, and nothing is lost or started beside itself", async () => {
    await using queue = await HttpQueue.create();
    const { sqs } = queue.server;
    const chance = 0.02;
    const faults = { serverErrors: chance, throttling: chance, failedEntries: chance, latencyMs: [0, 10] } as const;
    const send = async (tenant: string, from: number, count: number): Promise<void> => {
      sqs.clearFaults(); // They are the consumer's.
      for (let first = from; first < from + count; first += 10) {
        const Entries = Array.from({ length: Math.min(10, from + count - first) }, (_, index) => ({
          Id: String(index),
          MessageBody: `${tenant} ${first + index}`,
          MessageGroupId: tenant,
        }));
        await sqs.sendMessageBatch({ QueueUrl: queue.url, Entries });
      }
      Object.assign(sqs.faults, faults);
    };
    await send("noisy", 0, NOISY);

    const running = new Map<string, Set<string>>();
    const done = new Set<string>();
    const violations: string[] = [];
    let noisyMost = 0;
    const handle = async ({ Body = "" }: Message, { groupId = "", attempt }: HandlerContext): Promise<void> => {
      const ofTenant = running.get(groupId) ?? new Set();
      running.set(groupId, ofTenant);
      if (ofTenant.has(Body)) violations.push(`${Body} runs twice`);
      ofTenant.add(Body);
      if (ofTenant.size > LIMIT) violations.push(`${ofTenant.size} of ${groupId}`);
      if (groupId === "noisy") noisyMost = Math.max(noisyMost, ofTenant.size);
      await new Promise((resolve) => setTimeout(resolve, 4));
      ofTenant.delete(Body);
      if (attempt === 1 && Body.endsWith("7")) throw new Error("once");
      done.add(Body);
    };
    const consumer = new Consumer(handle, {
      queueUrl: queue.url,
      concurrency: 10,
      tenants: { maxRunning: LIMIT, maxWaitMs: 200 },
      retry: constantRetry({ delaySeconds: 0 }),
      visibilityTimeoutSeconds: 5,
      pollGraceMs: 100,
      waitTimeSeconds: 1,
    });
    await consumer.start();
    for (let round = 0; round < OF_EACH; round += 1) {
      for (let tenant = 0; tenant < QUIET; tenant += 1) await send(`quiet-${tenant}`, round, 1);
    }
    await eventually(() => done.size >= NOISY / 3);
    const stopped = await consumer.stop();
    expect(stopped).toMatchObject({ handlersAborted: 0, handlersAbandoned: 0 });
    expect([...running.values()].every(({ size }) => size === 0)).toBe(true);
    expect(consumer.stats()).toMatchObject({ running: 0, waiting: 0, settlementsPending: 0 });
    expect(queue.size).toBeGreaterThan(0);

    await consumer.start();
    await eventually(() => queue.size === 0);
    await consumer.stop();
    expect(violations).toEqual([]);
    expect(noisyMost).toBe(LIMIT);
    expect(done.size).toBe(NOISY + QUIET * OF_EACH);
    expect(consumer.stats().counters.settled.retry).toBeGreaterThan(NOISY / 10); // Failures, and what was sent back.
  });
});
