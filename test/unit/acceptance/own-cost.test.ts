// What millrace itself makes for a message: what can be counted. CPU is measured by `npm run bench:own-cost`, as it depends on
// the machine. What the figures are made of: docs/internals/hot-path.md.
import { Consumer, type Message, type SqsPort } from "millrace";
import { describe, expect, it } from "vitest";
import { collectGarbage } from "../../support/collect-garbage.js";
import { measureConsumer } from "../../support/own-cost.js";

const MESSAGES = 20_000;

async function countPromises(concurrency: number, handler?: () => unknown): Promise<number> {
  const options = { messages: MESSAGES, concurrency, countsPromises: true };
  const { promises } = await measureConsumer(handler === undefined ? options : { ...options, handler });
  return promises;
}

/** They are whole promises: only the sum of the fractions is not exact. */
function whole(promises: number): number {
  return Number(promises.toFixed(3));
}

describe("the library's own cost of a message", () => {
  it.each([10, 100])("no promise but those of requests: 24 for ten messages (concurrency %d)", async (concurrency) => {
    expect(whole(await countPromises(concurrency))).toBeLessThanOrEqual(2.4);
  });

  it.each([10, 100])("one promise more for a handler that returns one (concurrency %d)", async (concurrency) => {
    const ofHandler = 1;
    const promises = await countPromises(concurrency, () => Promise.resolve());
    expect(whole(promises - ofHandler)).toBeLessThanOrEqual(3.4);
  });

  it.each([10, 100, 1_000])("no timer: one for each request, to give it up (concurrency %d)", async (concurrency) => {
    const { timers, requests } = await measureConsumer({ messages: MESSAGES, concurrency, countsPromises: false });
    expect(requests).toBeLessThanOrEqual(0.205);
    // And now and then one for the age of a batch, the leases and the handlers' deadlines.
    expect(timers).toBeLessThanOrEqual(requests + 0.01);
  });

  it("1,050 bytes for a message that runs, beside the message", async () => {
    const messages = 10_000;
    const forever = new Promise(() => undefined);
    const queue = new FullQueue(messages);
    const consumer = new Consumer(() => forever, {
      queueUrl: "https://sqs.us-east-1.amazonaws.com/000000000000/jobs",
      client: queue,
      concurrency: messages,
      pollGraceMs: 0,
      abortGraceMs: 0,
    });
    await collectGarbage();
    const before = process.memoryUsage().heapUsed;
    await consumer.start();
    while (consumer.stats().running < messages) await new Promise(setImmediate);
    await collectGarbage();
    const kept = process.memoryUsage().heapUsed - before;
    await consumer.stop({ timeoutMs: 0 });
    expect(kept / messages).toBeLessThan(1_050);
  });
});

/** A queue whose messages are in memory already. */
class FullQueue implements SqsPort {
  readonly #messages: Message[];
  #next = 0;

  constructor(messages: number) {
    this.#messages = Array.from({ length: messages }, (_, index) => {
      const id = String(index);
      return { MessageId: id, ReceiptHandle: id, Body: "{}", Attributes: { ApproximateReceiveCount: "1" } };
    });
  }

  receiveMessage(
    { MaxNumberOfMessages }: { MaxNumberOfMessages: number },
    { abortSignal }: { abortSignal?: AbortSignal } = {},
  ): Promise<{ Messages: Message[] }> {
    const Messages = this.#messages.slice(this.#next, this.#next + MaxNumberOfMessages);
    this.#next += Messages.length;
    if (Messages.length > 0) return Promise.resolve({ Messages });
    return new Promise((resolve) => {
      abortSignal?.addEventListener("abort", () => resolve({ Messages }));
    });
  }

  deleteMessageBatch({ Entries }: { Entries: Array<{ Id: string }> }): Promise<{ Successful: Array<{ Id: string }> }> {
    return Promise.resolve({ Successful: Entries });
  }

  changeMessageVisibilityBatch(input: {
    Entries: Array<{ Id: string }>;
  }): Promise<{ Successful: Array<{ Id: string }> }> {
    return this.deleteMessageBatch(input);
  }

  sendMessageBatch(): Promise<never> {
    return Promise.reject(new Error("nothing was to be sent"));
  }
}
