// Over HTTP with the real SDK: the groups of a FIFO queue are handled in order, failures and faults notwithstanding.
import { SqsServer } from "millrace/testing";
import { beforeEach, expect, it } from "vitest";
import { batchesOf, drainLedger } from "../support/fifo-ledger.js";
import { eventually, isolateAwsEnvironment } from "../support/http-queue.js";

const LEDGER = { groups: 100, messagesAGroup: 200 };

beforeEach(() => isolateAwsEnvironment());

it("100 groups of 200 messages, with failures and lost answers, in order", async () => {
  await using server = new SqsServer({ seed: 5 });
  await server.start();
  const { sqs } = server;
  const { QueueUrl } = await sqs.createQueue({ QueueName: "ledger.fifo", Attributes: { FifoQueue: "true" } });
  for (const Entries of batchesOf(LEDGER)) await sqs.sendMessageBatch({ QueueUrl, Entries });
  Object.assign(sqs.faults, { lostAnswers: 0.01, connectionResets: 0.01, failedEntries: 0.01 });
  const isEmpty = (): boolean => {
    const { visible, inFlight, delayed } = sqs.counts(QueueUrl);
    return visible + inFlight + delayed === 0;
  };
  const account = await drainLedger({ queueUrl: QueueUrl, emptied: () => eventually(isEmpty) });
  expect(account.violations).toEqual([]);
  expect(account.lastOfGroups).toEqual(Array.from({ length: LEDGER.groups }, () => LEDGER.messagesAGroup));
  expect(account.failures).toBe((LEDGER.groups * LEDGER.messagesAGroup) / 25);
  expect(account.mostGroups).toBeGreaterThan(10);
});
