// Who watches the ledger? What it must notice, and what it must let pass, in records made by hand.
import type { SqsPort } from "millrace";
import { SimulatedSqs } from "millrace/testing";
import { describe, expect, it } from "vitest";
import { type Account, type Run, settleAccount } from "./ledger.js";
import { RequestLog } from "./watch.js";

/** One message, and whoever plays the consumer. */
class Stage {
  readonly #sqs = new SimulatedSqs({ journal: true });
  readonly #log = new RequestLog();
  readonly #port: SqsPort = this.#log.watch(this.#sqs);
  readonly #runs: Run[] = [];
  #queueUrl = "";
  #messageId = "";
  #handle = "";

  static async create(): Promise<Stage> {
    const stage = new Stage();
    stage.#queueUrl = (await stage.#sqs.createQueue({ QueueName: "jobs" })).QueueUrl;
    await stage.#sqs.sendMessage({ QueueUrl: stage.#queueUrl, MessageBody: "0" });
    return stage;
  }

  /** Its visibility ends at once, so that it can be received again. */
  async receive(options: { isSeen?: boolean } = {}): Promise<void> {
    const input = {
      QueueUrl: this.#queueUrl,
      MaxNumberOfMessages: 1,
      WaitTimeSeconds: 0,
      VisibilityTimeout: 0,
      MessageAttributeNames: [],
      MessageSystemAttributeNames: [],
    };
    const port = options.isSeen === false ? this.#sqs : this.#port;
    const { Messages: [message] = [] } = await port.receiveMessage(input);
    this.#messageId = message?.MessageId ?? "";
    this.#handle = message?.ReceiptHandle ?? "";
  }

  run(isHandled: boolean, moments: Partial<Pick<Run, "startedAtMs" | "endedAtMs">> = {}): void {
    const now = performance.now();
    const facts = { messageId: this.#messageId, receiptHandle: this.#handle, isHandled };
    this.#runs.push({ ...facts, startedAtMs: now, endedAtMs: now, ...moments });
  }

  async delete(): Promise<void> {
    const Entries = [{ Id: "0", ReceiptHandle: this.#handle }];
    await this.#port.deleteMessageBatch({ QueueUrl: this.#queueUrl, Entries });
  }

  /** A call of the given operation that fails. */
  async fail(operation: "receiveMessage" | "deleteMessageBatch"): Promise<void> {
    const service = new SimulatedSqs({ faults: { connectionResets: 1 } });
    const port = this.#log.watch(service);
    const input = { QueueUrl: "a queue", MaxNumberOfMessages: 1, Entries: [{ Id: "0", ReceiptHandle: this.#handle }] };
    await port[operation](input as never).catch(() => undefined);
  }

  account(settlementsLost = 0): Account {
    const { journal } = this.#sqs;
    if (journal === undefined) throw new Error("there is a journal");
    const records = { log: this.#log, runs: this.#runs, spoilt: new Set<string>(), givenUpAfterMs: 60_000 };
    return settleAccount({ ...records, journal, settlementsLost });
  }
}

describe("the ledger", () => {
  it("has nothing against a message that was handled and deleted", async () => {
    const stage = await Stage.create();
    await stage.receive();
    stage.run(true);
    await stage.delete();
    const cameAgain = { givenBack: 0, answerLost: 0, leaseEnded: 0 };
    const all = { sent: 1, handled: 1, deleted: 1, lost: 0, runTwice: 0, cameAgain, violations: [] };
    expect(stage.account()).toEqual(all);
  });

  it("notices a message that was not deleted", async () => {
    const stage = await Stage.create();
    await stage.receive();
    stage.run(true);
    expect(stage.account()).toMatchObject({ lost: 1, violations: [expect.stringContaining("was not deleted")] });
  });

  it("notices a message that was deleted though its handler had failed", async () => {
    const stage = await Stage.create();
    await stage.receive();
    stage.run(false);
    await stage.delete();
    const { lost, violations } = stage.account();
    expect([lost, violations]).toEqual([1, [expect.stringContaining("before its handler said so")]]);
  });

  it("notices a message that was deleted before its handler had ended", async () => {
    const stage = await Stage.create();
    await stage.receive();
    await stage.delete();
    stage.run(true, { endedAtMs: performance.now() + 1 });
    expect(stage.account().violations).toEqual([expect.stringContaining("before its handler said so")]);
  });

  it("notices two runs for one receive, and two at a time", async () => {
    const stage = await Stage.create();
    await stage.receive();
    stage.run(true, { endedAtMs: performance.now() + 10 });
    stage.run(true);
    await stage.delete();
    expect(stage.account()).toMatchObject({
      runTwice: 1,
      violations: [expect.stringContaining("ran twice for one receive"), expect.stringContaining("ran beside itself")],
    });
  });

  it("wants to know why a message came again: a request that failed, or a stop that could not tell", async () => {
    const stage = await Stage.create();
    await stage.receive();
    stage.run(true);
    await stage.receive();
    stage.run(true);
    await stage.delete();
    expect(stage.account().violations).toEqual([expect.stringContaining("no request for it had failed")]);
    expect(stage.account(1)).toMatchObject({ runTwice: 1, cameAgain: { leaseEnded: 1 }, violations: [] });

    const other = await Stage.create();
    await other.receive();
    other.run(true);
    await other.fail("deleteMessageBatch");
    await other.receive();
    await other.delete();
    expect(other.account()).toMatchObject({ runTwice: 0, cameAgain: { leaseEnded: 1 }, violations: [] });
  });

  it("wants to know where a message went that did not arrive: into a receive that failed", async () => {
    const stage = await Stage.create();
    await stage.receive({ isSeen: false });
    await stage.receive();
    stage.run(true);
    await stage.delete();
    expect(stage.account().violations).toEqual([expect.stringContaining("failed receives explain 0")]);
    await stage.fail("receiveMessage");
    expect(stage.account()).toMatchObject({ cameAgain: { answerLost: 1 }, violations: [] });
  });
});
