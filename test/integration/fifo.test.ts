// Over HTTP with the real SDK: the groups of a FIFO queue are handled in order, failures and faults notwithstanding.
import { SqsServer } from "millrace/testing";
import { beforeEach, expect, it } from "vitest";
import { batchesOf, drainLedger } from "../support/fifo-ledger.js";
import { CLIENTS } from "../support/clients.js";
import { eventually, isolateAwsEnvironment } from "../support/http-queue.js";

/** The long run is for the default client. */
const RUNS = CLIENTS.map(({ name, create }, index) => ({
  name,
  create,
  groups: 100,
  messagesAGroup: index === 0 ? 200 : 50,
}));

beforeEach(() => isolateAwsEnvironment());

it.each(RUNS)(
  "$groups groups of $messagesAGroup messages, with failures and lost answers, in order: $name",
  async ({ create, ...ledger }) => {
    const { client, close } = create();
    await using server = new SqsServer({ seed: 5 });
    await server.start();
    const { sqs } = server;
    const { QueueUrl } = await sqs.createQueue({ QueueName: "ledger.fifo", Attributes: { FifoQueue: "true" } });
    for (const Entries of batchesOf(ledger)) await sqs.sendMessageBatch({ QueueUrl, Entries });
    Object.assign(sqs.faults, { lostAnswers: 0.01, connectionResets: 0.01, failedEntries: 0.01 });
    const isEmpty = (): boolean => {
      const { visible, inFlight, delayed } = sqs.counts(QueueUrl);
      return visible + inFlight + delayed === 0;
    };
    const account = await drainLedger({
      queueUrl: QueueUrl,
      ...(client && { client }),
      emptied: () => eventually(isEmpty),
    });
    close();
    expect(account.violations).toEqual([]);
    expect(account.lastOfGroups).toEqual(Array.from({ length: ledger.groups }, () => ledger.messagesAGroup));
    expect(account.failures).toBe((ledger.groups * ledger.messagesAGroup) / 25);
    expect(account.mostGroups).toBeGreaterThan(10);
  },
);
