// Over HTTP with the real SDK: budgets as the service sees them, and changes in the middle of a drain.
import { Consumer, retry } from "millrace";
import { seededRandom } from "millrace/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { eventually, HttpQueue, isolateAwsEnvironment } from "../support/http-queue.js";
import { mostWithin } from "../support/windows.js";

const KIB = 1_024;
const MIB = 1_048_576;

/** The most bytes that were with consumers at once, by the service's own account. */
function mostBytesInFlight({ server }: HttpQueue, sizes: ReadonlyMap<string, number>): number {
  const inFlight = new Map<string, number>();
  let most = 0;
  for (const entry of server.sqs.journal?.entries ?? []) {
    const { kind, messageId, atMs } = entry;
    if (kind === "received") inFlight.set(messageId, sizes.get(messageId) ?? NaN);
    else if (kind === "deleted") inFlight.delete(messageId);
    else if (kind === "visibilityChanged" && entry.visibleAgainAtMs <= atMs) inFlight.delete(messageId);
    most = Math.max(
      most,
      [...inFlight.values()].reduce((sum, size) => sum + size, 0),
    );
  }
  return most;
}

describe.concurrent("budgets over HTTP", () => {
  beforeEach(() => isolateAwsEnvironment());

  it.each([1, 3, 12])("large bodies: never more than %d MiB with the consumer, and all get through", async (mib) => {
    await using queue = await HttpQueue.create({ journal: true });
    const sizes = new Map<string, number>();
    for (let index = 0; index < 40; index += 1) {
      const bytes = [MIB, 300 * KIB, 40 * KIB, 1][index % 4] as number;
      const sent = await queue.server.sqs.sendMessage({ QueueUrl: queue.url, MessageBody: "x".repeat(bytes) });
      sizes.set(sent.MessageId ?? "", bytes);
    }
    const handled = new Set<string | undefined>();
    const consumer = new Consumer(
      async ({ MessageId, Body = "" }, { attempt }) => {
        await new Promise(setImmediate);
        handled.add(MessageId);
        return Body.length === 1 && attempt === 1 ? retry({ afterSeconds: 0 }) : undefined;
      },
      { queueUrl: queue.url, concurrency: 50, maxInFlightBytes: mib * MIB, pollGraceMs: 0, waitTimeSeconds: 1 },
    );
    await consumer.start();
    await eventually(() => queue.size === 0);
    expect(await consumer.stop()).toMatchObject({ isDrained: true, settlementsLost: 0 });
    expect(handled.size).toBe(40);
    const most = mostBytesInFlight(queue, sizes);
    expect(most).toBeLessThanOrEqual(mib * MIB);
    expect(most).toBeGreaterThanOrEqual(MIB);
  });

  it("a rate: no more start in any time than it allows", async () => {
    await using queue = await HttpQueue.create({ messages: 300 });
    const startedAt: number[] = [];
    const consumer = new Consumer(() => void startedAt.push(performance.now()), {
      queueUrl: queue.url,
      concurrency: 50,
      rate: { perSecond: 100, burst: 20 },
      pollGraceMs: 0,
      waitTimeSeconds: 1,
    });
    await consumer.start();
    await eventually(() => queue.size === 0);
    await consumer.stop();
    expect(startedAt).toHaveLength(300);
    for (const seconds of [0.05, 0.2, 1, 2]) {
      // A millisecond for the time between a token and the call of the handler.
      expect(mostWithin(startedAt, seconds * 1_000 - 1)).toBeLessThanOrEqual(20 + 100 * seconds);
    }
  });

  it.each([1, 2, 3])("changes in the middle of a drain lose nothing and do nothing twice (%d)", async (seed) => {
    await using queue = await HttpQueue.create({ messages: 1_500, maxReceiveCount: 50, journal: true });
    const random = seededRandom(seed);
    const runs = new Map<string, number>();
    const consumer = new Consumer(
      async ({ Body = "" }) => {
        runs.set(Body, (runs.get(Body) ?? 0) + 1);
        await new Promise(setImmediate);
        if (random() < 0.05) change();
      },
      { queueUrl: queue.url, concurrency: 20, pollGraceMs: 0, waitTimeSeconds: 1 },
    );
    const changes = [
      () => consumer.pause(),
      () => consumer.resume(),
      () => consumer.setConcurrency(1 + Math.floor(random() * 100)),
      () => consumer.setRate({ perSecond: 200 + random() * 2_000 }),
      () => consumer.setRate(undefined),
    ];
    const change = (): void => changes[Math.floor(random() * changes.length)]?.();
    consumer.on("paused", () => setTimeout(() => consumer.resume(), 20));
    await consumer.start();
    await eventually(() => queue.size === 0);
    expect(await consumer.stop()).toMatchObject({ settlementsLost: 0 });
    expect([...runs.values()].filter((count) => count !== 1)).toEqual([]);
    expect(runs.size).toBe(1_500);
    expect(queue.server.sqs.counts(queue.deadLetterUrl).visible).toBe(0);
  });
});
