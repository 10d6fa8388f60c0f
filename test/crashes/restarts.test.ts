// The service goes away and comes back underneath a consumer, over HTTP: nothing is lost, nothing done twice, and it goes on by
// itself.
import { setTimeout as sleep } from "node:timers/promises";
import { Consumer, type ErrorCode } from "millrace";
import type { SqsServer } from "millrace/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { eventually, HttpQueue, isolateAwsEnvironment } from "../support/http-queue.js";
import { CLIENTS, createClient } from "./clients.js";

interface Disturbance {
  readonly name: string;
  readonly visibilityTimeoutSeconds: number;
  readonly disturb: (server: SqsServer) => Promise<void>;
}

const MESSAGES = 1_000;

async function again(times: number, everyMs: number, action: () => Promise<void> | void): Promise<void> {
  for (let time = 0; time < times; time += 1) {
    await sleep(everyMs);
    await action();
  }
}

async function awayFor(server: SqsServer, durationMs: number): Promise<void> {
  await server.stop();
  await sleep(durationMs);
  await server.start();
}

const DISTURBANCES: readonly Disturbance[] = [
  {
    name: "idle connections are closed, ten times",
    visibilityTimeoutSeconds: 10,
    disturb: (server) => again(10, 150, () => server.closeConnections("idle")),
  },
  {
    name: "all connections are closed, ten times",
    visibilityTimeoutSeconds: 10,
    disturb: (server) => again(10, 150, () => server.closeConnections("all")),
  },
  {
    name: "it is away for a second, three times",
    visibilityTimeoutSeconds: 10,
    disturb: (server) => again(3, 300, () => awayFor(server, 1_000)),
  },
  {
    name: "its port refuses for ten seconds",
    visibilityTimeoutSeconds: 25,
    disturb: (server) => again(1, 400, () => awayFor(server, 10_000)),
  },
];

describe.concurrent.each(DISTURBANCES)("the service: $name", ({ visibilityTimeoutSeconds, disturb }) => {
  beforeEach(() => isolateAwsEnvironment());

  it.each(CLIENTS)("the %s client drains its queue all the same", async (name) => {
    await using queue = await HttpQueue.create({ messages: MESSAGES, faults: { latencyMs: [1, 20] } });
    const calls = new Map<string, number>();
    const errors: ErrorCode[] = [];
    const consumer = new Consumer(
      async ({ Body = "" }) => {
        calls.set(Body, (calls.get(Body) ?? 0) + 1);
        await sleep(30);
      },
      { queueUrl: queue.url, client: createClient(name), visibilityTimeoutSeconds, concurrency: 20, pollGraceMs: 0 },
    );
    consumer.on("error", ({ code }) => errors.push(code));
    await consumer.start();
    await disturb(queue.server);
    await eventually(() => queue.size === 0, 80_000);
    expect(await consumer.stop()).toMatchObject({ isDrained: true, settlementsLost: 0 });
    expect(calls.size).toBe(MESSAGES);
    expect([...calls.values()].filter((count) => count > 1)).toEqual([]);
    expect(errors.filter((code) => code !== "NETWORK")).toEqual([]);
    expect(errors.length).toBeLessThan(100);
  });
});
