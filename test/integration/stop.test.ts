// Over HTTP with the real SDK: stopping under load and when idle, long polls in the way, and what is left behind.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type Clock, Consumer } from "millrace";
import { directClient } from "millrace/direct";
import { beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../../src/internal/clock.js";
import { CLIENTS } from "../support/clients.js";
import { eventually, HttpQueue, isolateAwsEnvironment } from "../support/http-queue.js";

describe.concurrent("stopping over HTTP", () => {
  beforeEach(() => isolateAwsEnvironment());

  it.each(CLIENTS)(
    "under load: what has finished is acknowledged, what has not started is visible: $name",
    async ({ create }) => {
      const { client, close } = create();
      await using queue = await HttpQueue.create({ messages: 3_000, faults: { latencyMs: [5, 30] } });
      const consumer = new Consumer(() => sleep(20), { queueUrl: queue.url, client, concurrency: 20 });
      await consumer.start();
      await eventually(() => consumer.stats().waiting > 20);
      const result = await consumer.stop();
      close();
      const { started, settled } = consumer.stats().counters;
      expect(result).toMatchObject({ isDrained: true, handlersAborted: 0, settlementsLost: 0 });
      expect(result.messagesReleased).toBeGreaterThan(0);
      expect(settled.ack).toBe(started);
      expect(queue.counts).toEqual({ visible: 3_000 - started, inFlight: 0, delayed: 0 });
    },
  );

  it.each(["the default client", "a client of the user's", "the direct client"])(
    "when idle: within the grace of its poll, %s",
    async (kind) => {
      await using queue = await HttpQueue.create();
      const ofUser = kind === "the direct client" ? directClient() : queue.createClient();
      const client = kind === "the default client" ? undefined : ofUser;
      const consumer = new Consumer(() => undefined, { queueUrl: queue.url, client, pollGraceMs: 300 });
      await consumer.start();
      await eventually(() => consumer.stats().receivesInFlight === 1);
      const askedAt = performance.now();
      const result = await consumer.stop();
      const tookMs = performance.now() - askedAt;
      void ofUser.destroy();
      expect(result.isDrained).toBe(true);
      expect(tookMs).toBeGreaterThanOrEqual(295);
      expect(tookMs).toBeLessThan(2_000);
    },
  );

  it.each(CLIENTS)("11: deletes do not wait behind sixty long polls for a socket: $name", async ({ create }) => {
    const { client, close } = create();
    // It does not tell that this process, in which the service is too, has no time to spare.
    const clock: Clock = {
      now: () => systemClock.now(),
      setTimer: (callback, delayMs) => systemClock.setTimer(callback, delayMs),
    };
    await using queue = await HttpQueue.create({ messages: 4_000, faults: { latencyMs: 50 } });
    const settledAfterMs: number[] = [];
    const endedAt = new Map<string | undefined, number>();
    const consumer = new Consumer(({ MessageId }) => void endedAt.set(MessageId, performance.now()), {
      queueUrl: queue.url,
      client,
      concurrency: 2_000,
      maxReceives: 60,
      pollGraceMs: 0,
      settleMaxAgeMs: 50,
      clock,
    });
    await consumer.start();
    await eventually(() => queue.size === 0);
    await eventually(
      () => consumer.stats().receivesInFlight >= 55 && consumer.stats().counters.settled.ack === 4_000,
      2_000,
    );
    consumer.on("settled", ({ message }) =>
      settledAfterMs.push(performance.now() - (endedAt.get(message.MessageId) ?? Number.NaN)),
    );
    for (let round = 0; round < 5; round += 1) {
      await queue.send(1);
      await eventually(() => queue.size === 0);
    }
    expect(consumer.stats().receivesInFlight).toBeGreaterThanOrEqual(50);
    await consumer.stop();
    close();
    expect(settledAfterMs).toHaveLength(5);
    expect(Math.max(...settledAfterMs)).toBeLessThan(1_500);
  });

  it("a handler longer than the visibility timeout keeps its message", async () => {
    await using queue = await HttpQueue.create({ messages: 1 });
    let started = 0;
    const options = { queueUrl: queue.url, visibilityTimeoutSeconds: 5, pollGraceMs: 0 };
    const handler = async (): Promise<void> => {
      started += 1;
      await sleep(7_000);
    };
    const consumers = [new Consumer(handler, options), new Consumer(handler, options)];
    for (const consumer of consumers) await consumer.start();
    await eventually(() => queue.size === 0);
    for (const consumer of consumers) await consumer.stop();
    expect(started).toBe(1);
    expect(queue.server.sqs.statistics.messagesReceived).toBe(1);
  });

  it.each([20, 300])("56: a process ends by itself after stop: %d messages", async (messages) => {
    await using queue = await HttpQueue.create({ messages });
    const program = fileURLToPath(new URL("../support/exiting-consumer.ts", import.meta.url));
    const child = spawn(process.execPath, ["--import", "tsx", program], {
      env: { ...process.env, QUEUE_URL: queue.url, MESSAGES: String(messages) },
      stdio: ["ignore", "pipe", "inherit"],
      timeout: 20_000,
    });
    let output = "";
    let drainedAt = 0;
    child.stdout.on("data", (chunk: Buffer) => {
      output += chunk.toString();
      drainedAt = performance.now();
    });
    const [code] = (await once(child, "exit")) as [number | null];
    expect([code, output]).toEqual([0, "drained\n"]);
    expect(performance.now() - drainedAt).toBeLessThan(1_500);
    expect(queue.size).toBe(0);
  });
});
