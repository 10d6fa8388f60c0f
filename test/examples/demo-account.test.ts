// The demo's proof proves something: it fails when the server's journal and the handlers disagree.
import { describe, expect, it } from "vitest";
import { type Account, drawUpAccount } from "../../scripts/demo/account.js";
import { Ledger } from "../../scripts/demo/ledger.js";
import type { Queues } from "../../scripts/demo/queues.js";
import { SimulatedSqs } from "../../src/testing/index.js";

interface Received {
  readonly MessageId: string;
  readonly ReceiptHandle: string;
}

/** A queue of three messages, all of them received. */
async function receiveThree(): Promise<{ queues: Queues; ledger: Ledger; messages: readonly Received[] }> {
  const sqs = new SimulatedSqs({ journal: true });
  const { QueueUrl: queueUrl } = await sqs.createQueue({ QueueName: "jobs" });
  const { QueueUrl: deadLetterQueueUrl } = await sqs.createQueue({ QueueName: "dead" });
  for (const id of [0, 1, 2]) await sqs.sendMessage({ QueueUrl: queueUrl, MessageBody: JSON.stringify({ id }) });
  const { Messages: messages = [] } = await sqs.receiveMessage({ QueueUrl: queueUrl, MaxNumberOfMessages: 10 });
  const dispose = async (): Promise<void> => undefined;
  const queues = { sqs, name: "jobs", endpoint: sqs.endpoint, queueUrl, deadLetterQueueUrl };
  return { queues: { ...queues, [Symbol.asyncDispose]: dispose }, ledger: new Ledger(), messages };
}

function wrongsOf({ wrongs }: Account): Record<string, number> {
  return Object.fromEntries(wrongs.filter(([, times]) => times > 0));
}

async function finishAll(): ReturnType<typeof receiveThree> {
  const all = await receiveThree();
  for (const { MessageId, ReceiptHandle } of all.messages) {
    all.ledger.finished(MessageId, "done");
    await all.queues.sqs.deleteMessage({ QueueUrl: all.queues.queueUrl, ReceiptHandle });
  }
  return all;
}

describe("the demo's account", () => {
  it("is proven when each message was handled and deleted once", async () => {
    const { queues, ledger } = await finishAll();
    const account = await drawUpAccount(queues, ledger);
    expect(account).toMatchObject({ sent: 3, done: 3, remaining: 0, isProven: true });
  });

  it("is proven when what is left is in the queue", async () => {
    const { queues, ledger } = await receiveThree();
    const account = await drawUpAccount(queues, ledger);
    expect(account).toMatchObject({ sent: 3, done: 0, remaining: 3, isProven: true });
  });

  it("is wrong when a message was deleted that no handler had finished", async () => {
    const { queues, ledger, messages } = await receiveThree();
    const ReceiptHandle = messages[0]?.ReceiptHandle ?? "";
    await queues.sqs.deleteMessage({ QueueUrl: queues.queueUrl, ReceiptHandle });
    const account = await drawUpAccount(queues, ledger);
    expect(account.isProven).toBe(false);
    expect(wrongsOf(account)).toEqual({ lost: 1, "deleted without being handled": 1 });
  });

  it("is wrong when a message was deleted twice", async () => {
    const { queues, ledger, messages } = await finishAll();
    const ReceiptHandle = messages[0]?.ReceiptHandle ?? "";
    await queues.sqs.deleteMessage({ QueueUrl: queues.queueUrl, ReceiptHandle });
    expect(wrongsOf(await drawUpAccount(queues, ledger))).toEqual({ "deleted twice": 1 });
  });

  it("is wrong when a message was handled twice, one after the other or at once", async () => {
    const { queues, ledger, messages } = await finishAll();
    const id = messages[0]?.MessageId ?? "";
    ledger.started(id);
    ledger.started(id);
    ledger.finished(id, "done");
    const wrongs = wrongsOf(await drawUpAccount(queues, ledger));
    expect(wrongs).toEqual({ "handled to the end twice": 1, "handled twice at the same time": 1 });
  });

  it("is wrong when a dead letter was deleted and is not in the dead-letter queue", async () => {
    const { queues, ledger, messages } = await receiveThree();
    const [{ MessageId, ReceiptHandle } = { MessageId: "", ReceiptHandle: "" }] = messages;
    ledger.finished(MessageId, "dead");
    await queues.sqs.deleteMessage({ QueueUrl: queues.queueUrl, ReceiptHandle });
    expect(wrongsOf(await drawUpAccount(queues, ledger))).toEqual({ "missing from the dead-letter queue": 1 });
  });

  it("is wrong when a job is in the dead-letter queue twice", async () => {
    const { queues, ledger } = await finishAll();
    const dead = { QueueUrl: queues.deadLetterQueueUrl, MessageBody: JSON.stringify({ id: 1 }) };
    await queues.sqs.sendMessage(dead);
    await queues.sqs.sendMessage(dead);
    expect(wrongsOf(await drawUpAccount(queues, ledger))).toMatchObject({ "twice in the dead-letter queue": 1 });
  });
});
