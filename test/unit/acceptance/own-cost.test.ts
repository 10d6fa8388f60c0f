// What millrace itself makes for a message: what can be counted. CPU is measured by `npm run bench:own-cost`, as it depends on
// the machine. What the figures are made of: docs/internals/hot-path.md.
import { getHeapSpaceStatistics } from "node:v8";
import { Consumer, type Message, type SqsPort } from "millrace";
import { describe, expect, it } from "vitest";
import { collectGarbage, collectYoungGarbage } from "../../support/collect-garbage.js";
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
    const queue = new FullQueue([...createMessages(messages)]);
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

  it("nothing of a message that is done grows old: the next quick collection takes it", async () => {
    const [warmUp, messages, bodyBytes] = [5_000, 10_000, 1_000];
    let [handled, old, grown] = [0, NaN, 0];
    const consumer = new Consumer(
      () => {
        handled += 1;
        if (handled % 500 !== 0) return;
        collectYoungGarbage();
        const before = old;
        old = oldBytes();
        if (handled > warmUp) grown += Math.max(0, old - before); // Less: a full collection came by itself.
      },
      {
        queueUrl: "https://sqs.us-east-1.amazonaws.com/000000000000/jobs",
        client: new FullQueue(createMessages(warmUp + messages, bodyBytes)),
        concurrency: 10,
      },
    );
    await collectGarbage();
    await consumer.start();
    while (handled < warmUp + messages) await new Promise(setImmediate);
    await consumer.stop();
    expect(grown / messages).toBeLessThan(bodyBytes / 2);
  });
});

function oldBytes(): number {
  const space = getHeapSpaceStatistics().find(({ space_name }) => space_name === "old_space");
  return space?.space_used_size ?? NaN;
}

/** Parsed, as those of a service are: where objects of a literal grow old, V8 makes all that come after them old at once. */
function* createMessages(count: number, bodyBytes = 2): Generator<Message> {
  const Body = "0".repeat(bodyBytes);
  for (let index = 0; index < count; index += 1) {
    const id = String(index);
    const message = { MessageId: id, ReceiptHandle: id, Body, Attributes: { ApproximateReceiveCount: "1" } };
    yield JSON.parse(JSON.stringify(message)) as Message;
  }
}

/** A queue that answers at once, as long as it has messages. */
class FullQueue implements SqsPort {
  readonly #messages: Iterator<Message>;

  constructor(messages: Iterable<Message>) {
    this.#messages = messages[Symbol.iterator]();
  }

  receiveMessage(
    { MaxNumberOfMessages }: { MaxNumberOfMessages: number },
    options: { abortSignal?: AbortSignal } = {},
  ): Promise<{ Messages: Message[] }> {
    const Messages: Message[] = [];
    while (Messages.length < MaxNumberOfMessages) {
      const next = this.#messages.next();
      if (next.done === true) break;
      Messages.push(next.value);
    }
    if (Messages.length > 0) return Promise.resolve({ Messages });
    return new Promise((resolve) => {
      options.abortSignal?.addEventListener("abort", () => resolve({ Messages }));
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
