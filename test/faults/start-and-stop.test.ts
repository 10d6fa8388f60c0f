// A server that is out of order from before the start until after the stop: neither waits for it.
import { setTimeout as sleep } from "node:timers/promises";
import { Consumer } from "millrace";
import { beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../../src/internal/clock.js";
import { isolateAwsEnvironment } from "../support/http-queue.js";
import { CLIENTS, type ClientKind } from "./clients.js";
import { FaultyService } from "./faulty-service.js";
import { FAULTS, type FaultCase } from "./faults.js";
import { until } from "./play.js";
import { TimerCount } from "./watch.js";

const REQUEST_TIMEOUT_MS = 500;

/** Faults in which no request ever succeeds. */
const OUTAGES = FAULTS.filter(({ name }) => ["refused", "black hole", "503", "stalled body"].includes(name));
const CASES = OUTAGES.flatMap((fault) =>
  CLIENTS.map((client) => ({ fault, client, name: fault.name, over: client.name })),
);

async function withConsumer(
  fault: FaultCase,
  kind: ClientKind,
  use: (consumer: Consumer, service: FaultyService) => Promise<void>,
): Promise<void> {
  await using service = await FaultyService.start(fault);
  await service.send(20);
  await service.set(true);
  const made = kind.create({ requestTimeoutMs: REQUEST_TIMEOUT_MS });
  const clock = new TimerCount(systemClock);
  const consumer = new Consumer(() => undefined, {
    queueUrl: service.queueUrl,
    client: made.client,
    requestTimeoutMs: REQUEST_TIMEOUT_MS,
    waitTimeSeconds: 1,
    pollGraceMs: 100,
    clock,
  });
  await use(consumer, service);
  await consumer.stop();
  expect(clock.pending).toBe(0);
  await made.destroy();
  await service.set(false);
  await until("the connections are closed", () => service.tcp.openConnections === 0);
  expect(consumer.stats()).toMatchObject({ state: "stopped", running: 0 });
}

describe.concurrent("while the server is out of order", () => {
  beforeEach(() => isolateAwsEnvironment());

  it.each(CASES)("a consumer starts, and consumes when that is over: $name, $over", async ({ fault, client }) => {
    await withConsumer(fault, client, async (consumer, service) => {
      await consumer.start();
      expect(consumer.stats().counters.errors).toBeGreaterThan(0);
      await service.set(false);
      await until("the queue is empty", () => service.size === 0);
    });
  });

  it.each(CASES)("a consumer that has started stops, and leaves nothing: $name, $over", async ({ fault, client }) => {
    await withConsumer(fault, client, async (consumer) => {
      await consumer.start();
      const result = await consumer.stop({ timeoutMs: 200 });
      expect(result).toMatchObject({ isDrained: true, handlersAborted: 0, settlementsLost: 0 });
    });
  });

  it.each(CASES)("a consumer stops while it starts: $name, $over", async ({ fault, client }) => {
    await withConsumer(fault, client, async (consumer) => {
      const started = consumer.start().then(
        () => "started",
        () => "stopped",
      );
      await sleep(50); // So that there is a request under way, or just refused.
      await consumer.stop({ timeoutMs: 200 });
      expect(["started", "stopped"]).toContain(await started);
    });
  });
});
