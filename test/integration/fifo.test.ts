// Over HTTP with the real SDK: the groups of a FIFO queue are handled in order, failures and faults notwithstanding.
import { constantRetry, Consumer } from "millrace";
import { SqsServer } from "millrace/testing";
import { beforeEach, expect, it } from "vitest";
import { eventually, isolateAwsEnvironment } from "../support/http-queue.js";

const GROUPS = 100;
const MESSAGES = 50;

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
  const running = new Set<string>();
  const violations: string[] = [];
  let mostGroups = 0;
  const consumer = new Consumer(
    async ({ Body }, { groupId = "", attempt }) => {
      const before = done.get(groupId) ?? 0;
      if (Number(Body) > before + 1) violations.push(`${groupId}: ${Body} after ${before}`);
      if (running.has(groupId)) violations.push(`${groupId}: two at once`);
      running.add(groupId);
      mostGroups = Math.max(mostGroups, running.size);
      await new Promise(setImmediate);
      running.delete(groupId);
      if (attempt === 1 && Number(Body) % 25 === 0) throw new Error("once");
      done.set(groupId, Math.max(before, Number(Body)));
    },
    {
      queueUrl: QueueUrl,
      concurrency: 50,
      retry: constantRetry({ delaySeconds: 0 }),
      waitTimeSeconds: 1,
      pollGraceMs: 0,
    },
  );
  await consumer.start();
  await eventually(() => {
    const { visible, inFlight, delayed } = sqs.counts(QueueUrl);
    return visible + inFlight + delayed === 0;
  });
  await consumer.stop();
  expect(violations).toEqual([]);
  expect([...done.values()]).toEqual(Array.from({ length: GROUPS }, () => MESSAGES));
  expect(mostGroups).toBeGreaterThan(10);
});
