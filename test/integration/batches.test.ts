// Over HTTP with the real SDK: batches with partial failures, stops in the middle, time-outs and lost leases.
import { setTimeout as sleep } from "node:timers/promises";
import { type BatchHandler, constantRetry, Consumer, inBatches, type Message, retry } from "millrace";
import { SqsServer } from "millrace/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { eventually, HttpQueue, isolateAwsEnvironment } from "../support/http-queue.js";

const retryAtOnce = constantRetry({ delaySeconds: 0 });

describe.concurrent("batches over HTTP", () => {
  beforeEach(() => isolateAwsEnvironment());

  it("of any size from any number of receives, with partial failures: every message is handled, and none is lost", async () => {
    await using queue = await HttpQueue.create({
      messages: 2_000,
      seed: 3,
      faults: { latencyMs: [1, 10], failedEntries: 0.01, connectionResets: 0.01 },
    });
    const done = new Set<string>();
    const sizes: number[] = [];
    const handler: BatchHandler<Message> = async (items) => {
      sizes.push(items.length);
      await sleep(20);
      return items.map(({ message: { Body = "" }, context: { attempt } }) => {
        if (attempt === 1 && Number(Body) % 50 === 0) return new Error("the first time it fails");
        if (attempt === 1 && Number(Body) % 50 === 1) return retry();
        done.add(Body);
        return undefined;
      });
    };
    const consumer = new Consumer(inBatches(handler, { size: 100, waitMs: 200 }), {
      queueUrl: queue.url,
      retry: retryAtOnce,
    });
    await consumer.start();
    await eventually(() => queue.size === 0);
    const result = await consumer.stop();
    const { failed, settled } = consumer.stats().counters;
    expect(done.size).toBe(2_000);
    expect(Math.max(...sizes)).toBe(100);
    expect(sizes.filter((size) => size === 100).length).toBeGreaterThanOrEqual(10);
    expect([failed, settled.retry]).toEqual([40, 80]);
    expect(result).toMatchObject({ isDrained: true, handlersAborted: 0 });
  });

  it("that a stop interrupts are handed over as they are, and acknowledged", async () => {
    await using queue = await HttpQueue.create({ messages: 130 });
    const sizes: number[] = [];
    const handler = inBatches(
      async (items) => {
        sizes.push(items.length);
        await sleep(100);
      },
      { size: 100, waitMs: 3_600_000 },
    );
    const consumer = new Consumer(handler, { queueUrl: queue.url, pollGraceMs: 0 });
    await consumer.start();
    await eventually(() => consumer.stats().counters.started === 130);
    const result = await consumer.stop();
    expect(sizes).toEqual([100, 30]);
    expect(result).toMatchObject({ isDrained: true, messagesReleased: 0 });
    expect(queue.size).toBe(0);
  });

  it("that a stop has no time for are told to end, and their messages are visible at once", async () => {
    await using queue = await HttpQueue.create({ messages: 50 });
    const reasons: unknown[] = [];
    const handler = inBatches(
      async (_items, { signal }) => {
        await new Promise((resolve) => {
          signal.addEventListener("abort", resolve);
        });
        reasons.push(signal.reason);
        return retry();
      },
      { size: 20, waitMs: 3_600_000, key: () => "one at a time" },
    );
    const consumer = new Consumer(handler, { queueUrl: queue.url, concurrency: 50, pollGraceMs: 0 });
    await consumer.start();
    await eventually(() => consumer.stats().counters.started === 50);
    const result = await consumer.stop({ timeoutMs: 200 });
    expect(reasons).toMatchObject([{ code: "STOPPED" }]);
    expect(result).toMatchObject({ handlersAborted: 50, handlersAbandoned: 0 });
    expect(queue.counts).toEqual({ visible: 50, inFlight: 0, delayed: 0 });
  });

  it("that run too long are told to end, and their messages come again", async () => {
    await using queue = await HttpQueue.create({ messages: 10 });
    const attempts: number[] = [];
    const handler = inBatches(
      async (items, { signal }) => {
        attempts.push(...items.map(({ context }) => context.attempt));
        if (attempts.length === 10) await sleep(60_000, undefined, { signal });
      },
      { size: 10, waitMs: 1_000 },
    );
    const consumer = new Consumer(handler, {
      queueUrl: queue.url,
      handlerTimeoutMs: 300,
      retry: retryAtOnce,
      pollGraceMs: 0,
    });
    await consumer.start();
    await eventually(() => queue.size === 0);
    await consumer.stop();
    expect(attempts).toEqual([...Array.from({ length: 10 }, () => 1), ...Array.from({ length: 10 }, () => 2)]);
    expect(consumer.stats().counters.timedOut).toBe(10);
  });

  it("keep the leases of the messages that wait for them", async () => {
    await using queue = await HttpQueue.create({ messages: 3 });
    const handed: number[] = [];
    const handler = inBatches((items) => void handed.push(items.length), { size: 10, waitMs: 7_000 });
    const consumer = new Consumer(handler, { queueUrl: queue.url, visibilityTimeoutSeconds: 5, pollGraceMs: 0 });
    await consumer.start();
    await eventually(() => queue.size === 0);
    await consumer.stop();
    expect(handed).toEqual([3]);
    expect(queue.server.sqs.statistics.messagesReceived).toBe(3);
  });

  it("do not have messages whose leases were lost while they waited", async () => {
    await using queue = await HttpQueue.create({ messages: 3 });
    const handed: string[][] = [];
    const handler = inBatches(
      (items) => void handed.push(items.map(({ message, context }) => `${message.Body} ${context.attempt}`)),
      { size: 10, waitMs: 9_000 },
    );
    const consumer = new Consumer(handler, { queueUrl: queue.url, visibilityTimeoutSeconds: 5, pollGraceMs: 0 });
    const lost: unknown[] = [];
    consumer.on("messageRevoked", ({ error }) => lost.push(error));
    await consumer.start();
    await eventually(() => consumer.stats().counters.started === 3);
    Object.assign(queue.server.sqs.faults, { failedEntries: 1 }); // No extension succeeds.
    await eventually(() => lost.length === 3);
    queue.server.sqs.clearFaults();
    await eventually(() => queue.size === 0);
    await consumer.stop();
    expect(lost).toMatchObject([{ code: "LEASE_LOST" }, { code: "LEASE_LOST" }, { code: "LEASE_LOST" }]);
    expect(handed.map((names) => names.toSorted())).toEqual([["0 2", "1 2", "2 2"]]);
  });
});

describe("batches of a FIFO queue over HTTP", () => {
  const GROUPS = 20;
  const MESSAGES = 40;

  beforeEach(() => isolateAwsEnvironment());

  it(`${GROUPS} groups of ${MESSAGES} messages, with failures and lost answers, in order`, async () => {
    await using server = new SqsServer({ seed: 5 });
    await server.start();
    const { sqs } = server;
    const { QueueUrl } = await sqs.createQueue({ QueueName: "ledger.fifo", Attributes: { FifoQueue: "true" } });
    for (let number = 1; number <= MESSAGES; number += 1) {
      for (let first = 0; first < GROUPS; first += 10) {
        const Entries = Array.from({ length: 10 }, (_, index) => ({
          Id: String(index),
          MessageBody: String(number),
          MessageGroupId: `g${first + index}`,
          MessageDeduplicationId: `${first + index}-${number}`,
        }));
        await sqs.sendMessageBatch({ QueueUrl, Entries });
      }
    }
    Object.assign(sqs.faults, { lostAnswers: 0.01, connectionResets: 0.01, failedEntries: 0.01 });
    const done = new Map<string, number>();
    const violations: string[] = [];
    let mostOfGroup = 0;
    const handler: BatchHandler<Message> = async (items) => {
      const last = new Map(done);
      const counts = new Map<string, number>();
      for (const { message, context } of items) {
        const { groupId = "" } = context;
        const number = Number(message.Body);
        if (number > (last.get(groupId) ?? 0) + 1) violations.push(`${groupId}: ${number} after ${last.get(groupId)}`);
        last.set(groupId, Math.max(last.get(groupId) ?? 0, number));
        counts.set(groupId, (counts.get(groupId) ?? 0) + 1);
      }
      mostOfGroup = Math.max(mostOfGroup, ...counts.values());
      await sleep(5);
      const ended = new Set<string>();
      return items.map(({ message, context: { groupId = "", attempt } }) => {
        if (attempt === 1 && Number(message.Body) % 13 === 0) {
          ended.add(groupId);
          return new Error("once");
        }
        if (!ended.has(groupId)) done.set(groupId, Math.max(done.get(groupId) ?? 0, Number(message.Body)));
        return undefined;
      });
    };
    const consumer = new Consumer(inBatches(handler, { size: 50, waitMs: 20 }), {
      queueUrl: QueueUrl,
      retry: retryAtOnce,
      waitTimeSeconds: 1,
      pollGraceMs: 0,
    });
    await consumer.start();
    await eventually(() => {
      const { visible, inFlight, delayed } = sqs.counts(QueueUrl);
      return visible + inFlight + delayed === 0;
    });
    await consumer.stop();
    expect(violations).toEqual([]);
    expect([...done.values()]).toEqual(Array.from({ length: GROUPS }, () => MESSAGES));
    expect(mostOfGroup).toBeGreaterThan(1);
  });
});
