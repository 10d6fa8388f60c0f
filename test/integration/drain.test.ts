// Over HTTP with the real SDK: a queue is drained, whatever client there is and whatever goes wrong on the way.
import { constantRetry, Consumer, deadLetter, type SqsClient } from "millrace";
import { directClient } from "millrace/direct";
import { beforeEach, describe, expect, it } from "vitest";
import { eventually, HttpQueue, isolateAwsEnvironment } from "../support/http-queue.js";

interface ClientKind {
  readonly name: string;
  readonly create: (queue: HttpQueue) => (SqsClient & { destroy(): unknown }) | undefined;
}

const CLIENTS: readonly ClientKind[] = [
  { name: "the default client", create: () => undefined },
  { name: "the direct client", create: () => directClient() },
  { name: "an SQSClient of the user's", create: (queue) => queue.createClient() },
  { name: "new SQS() of the user's", create: (queue) => queue.createAggregatedClient() },
];

describe.concurrent("draining over HTTP", () => {
  beforeEach(() => isolateAwsEnvironment());

  it.each(CLIENTS)("2,000 messages, some failing, some dead letters, each deleted once: $name", async ({ create }) => {
    await using queue = await HttpQueue.create({ messages: 2_000, maxReceiveCount: 3, journal: true });
    const client = create(queue);
    const runs = new Map<number, number>();
    const consumer = new Consumer(
      ({ Body }, { attempt }) => {
        const number = Number(Body);
        runs.set(number, (runs.get(number) ?? 0) + 1);
        if (number % 100 === 7) return deadLetter("unwanted");
        if (number % 200 === 13) throw new Error("always");
        if (number % 50 === 0 && attempt === 1) throw new Error("once");
        return undefined;
      },
      {
        queueUrl: queue.url,
        client,
        concurrency: 50,
        retry: constantRetry({ delaySeconds: 0 }),
        pollGraceMs: 0,
        waitTimeSeconds: 1,
      },
    );
    await consumer.start();
    await eventually(() => queue.size === 0);
    const result = await consumer.stop();
    client?.destroy();
    expect(result).toMatchObject({ isDrained: true, settlementsLost: 0 });

    for (let number = 0; number < 2_000; number += 1) {
      const expected = number % 200 === 13 ? 3 : number % 50 === 0 ? 2 : 1;
      expect([number, runs.get(number)]).toEqual([number, expected]);
    }
    // 20 by their handler's word, 10 by the redrive policy.
    expect(queue.server.sqs.counts(queue.deadLetterUrl).visible).toBe(30);
    const deletes = (queue.server.sqs.journal?.entries ?? []).filter(({ kind }) => kind === "deleted");
    expect(deletes).toHaveLength(1_990);
    expect(new Set(deletes.map(({ messageId }) => messageId)).size).toBe(1_990);
    expect(consumer.stats().counters.settled).toMatchObject({ ack: 1_970, deadLetter: 20, release: 0 });
  });

  it.each(CLIENTS)("errors, resets, lost answers and failed entries lose nothing: $name", async ({ create }) => {
    const chance = 0.05;
    await using queue = await HttpQueue.create({
      messages: 600,
      faults: {
        serverErrors: chance,
        connectionResets: chance,
        lostAnswers: chance,
        throttling: chance,
        failedEntries: chance,
        latencyMs: [0, 20],
      },
    });
    const client = create(queue);
    const handled = new Set<string>();
    const running = new Set<string>();
    let twins = 0;
    const consumer = new Consumer(
      async ({ Body = "" }) => {
        if (running.has(Body)) twins += 1;
        running.add(Body);
        await new Promise(setImmediate);
        running.delete(Body);
        handled.add(Body);
      },
      { queueUrl: queue.url, client, concurrency: 20, visibilityTimeoutSeconds: 5, pollGraceMs: 0, waitTimeSeconds: 1 },
    );
    await consumer.start();
    await eventually(() => queue.size === 0);
    queue.server.sqs.clearFaults();
    const result = await consumer.stop();
    client?.destroy();
    expect(handled.size).toBe(600);
    expect(twins).toBe(0);
    expect(result.handlersAborted).toBe(0);
  });
});
