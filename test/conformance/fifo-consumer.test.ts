// Not a behaviour of SQS, but what it is all for: a consumer drains a FIFO queue of the server under test, in order.
import type { SqsPort } from "millrace";
import { seededRandom } from "millrace/testing";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { batchesOf, drainLedger } from "../support/fifo-ledger.js";
import { type ClientName, clientNames, serverName, sharedClient } from "./conformance-server.js";

/** On our own server test/integration/fifo.test.ts has the long run. */
const LEDGER = { groups: 100, messagesAGroup: serverName === "millrace" ? 25 : 200 };
const LOST_ANSWERS = 0.01;

/** The server's answers, of which some do not arrive. */
function createLossyPort(client: ClientName): SqsPort {
  const sqs = sharedClient(client) as unknown as SqsPort; // Which it is, but for the SDK's narrower types of what goes in.
  const random = seededRandom(11);
  const lossy = async <Answer>(answering: Promise<Answer>): Promise<Answer> => {
    const answer = await answering;
    if (random() < LOST_ANSWERS) throw Object.assign(new Error("socket hang up"), { code: "ECONNRESET" });
    return answer;
  };
  return {
    receiveMessage: (input, options) => lossy(sqs.receiveMessage(input, options)),
    deleteMessageBatch: (input) => lossy(sqs.deleteMessageBatch(input)),
    changeMessageVisibilityBatch: (input) => lossy(sqs.changeMessageVisibilityBatch(input)),
    sendMessageBatch: (input) => lossy(sqs.sendMessageBatch(input)),
  };
}

const statement = `a consumer handles ${LEDGER.groups} groups of ${LEDGER.messagesAGroup} messages in order, with failures and lost answers`;

test.each(clientNames)(
  `%s: ${statement}`,
  async (client) => {
    const sqs = sharedClient("the SDK");
    const name = `ledger-${process.pid}-${Date.now().toString(36)}.fifo`;
    const { QueueUrl = "" } = await sqs.createQueue({ QueueName: name, Attributes: { FifoQueue: "true" } });
    for (const Entries of batchesOf(LEDGER)) await sqs.sendMessageBatch({ QueueUrl, Entries });
    const emptied = async (): Promise<void> => {
      const AttributeNames = ["ApproximateNumberOfMessages" as const, "ApproximateNumberOfMessagesNotVisible" as const];
      for (;;) {
        const { Attributes = {} } = await sqs.getQueueAttributes({ QueueUrl, AttributeNames });
        if (AttributeNames.every((attribute) => Attributes[attribute] === "0")) return;
        await sleep(100);
      }
    };
    const account = await drainLedger({ queueUrl: QueueUrl, client: createLossyPort(client), emptied });
    await sqs.deleteQueue({ QueueUrl });
    expect(account.violations).toEqual([]);
    expect(account.lastOfGroups).toEqual(Array.from({ length: LEDGER.groups }, () => LEDGER.messagesAGroup));
    expect(account.failures).toBe((LEDGER.groups * LEDGER.messagesAGroup) / 25);
    expect(account.mostGroups).toBeGreaterThan(10);
  },
  600_000,
);
