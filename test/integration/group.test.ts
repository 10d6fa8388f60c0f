// Over HTTP with the real SDK: many queues, of which some come, go, pause and change while they are drained.
import { SQSClient } from "@aws-sdk/client-sqs";
import { constantRetry, ConsumerGroup, MillraceError } from "millrace";
import { seededRandom, SqsServer } from "millrace/testing";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { eventually, isolateAwsEnvironment } from "../support/http-queue.js";

/** A server with so many queues, `jobs-0` and so on, of so many messages each. */
async function serve(count: number, messages: number): Promise<{ server: SqsServer; queueUrls: string[] }> {
  const server = new SqsServer({ journal: true });
  await server.start();
  const queueUrls: string[] = [];
  for (let number = 0; number < count; number += 1) {
    const { QueueUrl } = await server.sqs.createQueue({ QueueName: `jobs-${number}` });
    queueUrls.push(QueueUrl);
    for (let first = 0; first < messages; first += 10) {
      const Entries = Array.from({ length: Math.min(10, messages - first) }, (_, index) => ({
        Id: String(index),
        MessageBody: `${number}/${first + index}`,
      }));
      await server.sqs.sendMessageBatch({ QueueUrl, Entries });
    }
  }
  return { server, queueUrls };
}

function left(server: SqsServer, queueUrls: readonly string[]): number {
  return queueUrls.reduce((sum, url) => {
    const { visible, inFlight, delayed } = server.sqs.counts(url);
    return sum + visible + inFlight + delayed;
  }, 0);
}

beforeEach(() => isolateAwsEnvironment());

describe("30 queues over HTTP", () => {
  it("with failures and faults, while queues are added, removed, paused and changed: nothing is lost or done twice", async () => {
    const QUEUES = 30;
    const MESSAGES = 100;
    const { server, queueUrls } = await serve(QUEUES, MESSAGES);
    await using _ = server;
    const chance = 0.02;
    Object.assign(server.sqs.faults, {
      serverErrors: chance,
      connectionResets: chance,
      lostAnswers: chance,
      throttling: chance,
      failedEntries: chance,
      latencyMs: [0, 20],
    });
    const random = seededRandom(11);
    const upTo = (limit: number): number => Math.floor(random() * limit);
    const done = new Map<string, number>();
    const wrongQueue: string[] = [];
    const group = new ConsumerGroup(
      async ({ Body = "" }, { attempt }, queue) => {
        if (queue !== `jobs-${Body.split("/")[0]}`) wrongQueue.push(Body);
        await new Promise((resolve) => {
          setTimeout(resolve, upTo(15));
        });
        if (attempt === 1 && random() < 0.1) throw new Error("once");
        done.set(Body, (done.get(Body) ?? 0) + 1);
      },
      {
        concurrency: 40,
        queues: queueUrls.slice(0, 20).map((queueUrl, index) => ({ queueUrl, weight: 1 + (index % 3) })),
        retry: constantRetry({ delaySeconds: 0 }),
        waitTimeSeconds: 1,
        pollGraceMs: 100,
        visibilityTimeoutSeconds: 8, // The answers of receives that are lost hide messages for so long.
      },
    );
    await group.start();
    const gone = new Set(queueUrls.slice(20));
    const changes = [
      async () => {
        const [queueUrl] = gone;
        if (queueUrl === undefined || !gone.delete(queueUrl)) return;
        await group.add({ queueUrl });
      },
      async () => {
        const name = group.names[upTo(group.names.length)];
        if (name === undefined || group.names.length < 10) return;
        const result = await group.remove(name);
        expect(result).toMatchObject({ isDrained: true, settlementsLost: 0 });
        gone.add(queueUrls[Number(name.slice("jobs-".length))] ?? "");
      },
      () => group.pause(group.names[upTo(group.names.length)]),
      () => group.resume(group.names[upTo(group.names.length)]),
      () => group.update(group.names[upTo(group.names.length)] ?? "", { weight: 1 + upTo(8), priority: upTo(2) }),
    ];
    const failures: unknown[] = [];
    const attempt = async (change: (() => unknown) | undefined): Promise<void> => {
      try {
        await change?.();
      } catch (error) {
        const wasRemovedMeanwhile = error instanceof MillraceError && error.code === "STOPPED";
        if (!wasRemovedMeanwhile) failures.push(error);
      }
    };
    const changing: Array<Promise<void>> = [];
    for (let round = 0; round < 60; round += 1) {
      changing.push(attempt(changes[round % changes.length]));
      await new Promise((resolve) => {
        setTimeout(resolve, 20);
      });
    }
    await Promise.all(changing);
    expect(failures).toEqual([]);
    for (const queueUrl of gone) await group.add({ queueUrl });
    group.resume();
    await eventually(() => left(server, queueUrls) === 0);
    server.sqs.clearFaults();
    const result = await group.stop();

    expect(wrongQueue).toEqual([]);
    expect(done.size).toBe(QUEUES * MESSAGES);
    expect([...done].filter(([, times]) => times !== 1)).toEqual([]);
    expect(result).toMatchObject({ handlersAborted: 0, settlementsLost: 0 });
    expect(Object.keys(result.queues)).toHaveLength(QUEUES);
    const deleted = (server.sqs.journal?.entries ?? []).filter(({ kind }) => kind === "deleted");
    expect(new Set(deleted.map(({ messageId }) => messageId)).size).toBe(QUEUES * MESSAGES);
  });
});

describe("the default clients of a group", () => {
  it("are two for all queues of one place, and are let go of at the stop", async () => {
    const [first, second] = [await serve(6, 20), await serve(3, 20)];
    await using _first = first.server;
    await using _second = second.server;
    const destroyed = vi.spyOn(SQSClient.prototype, "destroy");
    const queueUrls = [...first.queueUrls, ...second.queueUrls];
    const queues = queueUrls.map((queueUrl, index) => ({ queueUrl, name: `q-${index}` }));
    const group = new ConsumerGroup(() => undefined, { queues, waitTimeSeconds: 1, pollGraceMs: 0 });
    for (const round of [1, 2]) {
      await group.start();
      await eventually(() => left(first.server, first.queueUrls) + left(second.server, second.queueUrls) === 0);
      expect(await group.stop()).toMatchObject({ isDrained: true });
      expect(destroyed).toHaveBeenCalledTimes(round * 4);
    }
  });

  it("find the queues of a prefix", async () => {
    const { server, queueUrls } = await serve(12, 10);
    await using _ = server;
    isolateAwsEnvironment({ AWS_ENDPOINT_URL_SQS: server.endpoint });
    const destroyed = vi.spyOn(SQSClient.prototype, "destroy");
    const discover = { queueNamePrefix: "jobs-1" };
    const group = new ConsumerGroup(() => undefined, { discover, waitTimeSeconds: 1, pollGraceMs: 0 });
    await group.start();
    expect(group.names.toSorted()).toEqual(["jobs-1", "jobs-10", "jobs-11"]);
    await eventually(() => left(server, queueUrls) === 90);
    await group.stop();
    // One that looks, and two for the queues.
    expect(destroyed).toHaveBeenCalledTimes(3);
  });
});
