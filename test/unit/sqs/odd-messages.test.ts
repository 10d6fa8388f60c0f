// Messages and answers that SQS would not give: each has its defined end, and none costs another.
import type { Handler, Message, MillraceError, SqsPort } from "millrace";
import { describe, expect, it } from "vitest";
import { SimulatedQueue, type TestConsumer } from "../../support/simulated-queue.js";

const MEBIBYTE = 1_048_576;

/** What the first receive brings instead of what is in the queue; what came of it is in the rest. */
class Odd {
  readonly handled: Message[] = [];
  readonly attempts: number[] = [];
  readonly deleted: string[] = [];
  readonly returned: string[] = [];
  readonly queue: SimulatedQueue;
  readonly consumer: TestConsumer;

  private constructor(queue: SimulatedQueue, answer: unknown, options: object) {
    this.queue = queue;
    let receives = 0;
    const client: SqsPort = {
      receiveMessage: (input, callOptions) => {
        receives += 1;
        return receives === 1 ? Promise.resolve(answer as never) : queue.sqs.receiveMessage(input, callOptions);
      },
      deleteMessageBatch: ({ Entries }) => {
        this.deleted.push(...Entries.map(({ ReceiptHandle }) => ReceiptHandle));
        return Promise.resolve({ Successful: Entries });
      },
      changeMessageVisibilityBatch: ({ Entries }) => {
        this.returned.push(...Entries.map(({ ReceiptHandle }) => ReceiptHandle));
        return Promise.resolve({ Successful: Entries });
      },
      sendMessageBatch: ({ Entries }) => Promise.resolve({ Successful: Entries }),
    };
    const handler: Handler<Message> = (message, { attempt }) => {
      this.handled.push(message);
      this.attempts.push(attempt);
    };
    this.consumer = queue.consume(handler, { client, ...options });
  }

  static async run(answer: unknown, options: object = {}): Promise<Odd> {
    const queue = await SimulatedQueue.create();
    const odd = new Odd(queue, answer, options);
    await queue.clock.runUntil(odd.consumer.start());
    await queue.clock.advance(1_000);
    return odd;
  }

  get codes(): string[] {
    return this.consumer.reported.map(({ code }: MillraceError) => code);
  }
}

/** Stops it: nothing may be left. */
async function assertEnd({ consumer, queue }: Odd): Promise<void> {
  await queue.clock.runUntil(consumer.stop());
  queue.sqs.close();
  const { running, waiting, bytesInFlight } = consumer.stats();
  expect([running, waiting, bytesInFlight, queue.clock.pendingTimers]).toEqual([0, 0, 0, 0]);
}

const good = (id: string): Message => ({ MessageId: id, ReceiptHandle: `handle of ${id}`, Body: id });
const ids = (messages: readonly Message[]): unknown[] => messages.map(({ MessageId }) => MessageId);

describe("a message", () => {
  it.each<[string, unknown]>([
    ["no body", undefined],
    ["a body that is null", null],
    ["an empty body", ""],
    ["a body with half of a surrogate pair", "\uD800"],
    ["a body with a NUL", "\u0000"],
    ["a body of 1 MiB", "x".repeat(MEBIBYTE)],
    ["a body that is no text", { a: 5 }],
  ])("with %s is handed over as it came, and deleted", async (_name, Body) => {
    for (const options of [{}, { maxInFlightBytes: 10 * MEBIBYTE }]) {
      const odd = await Odd.run({ Messages: [{ ...good("a"), Body }, good("b")] }, options);
      expect(odd.handled.map((message) => message.Body)).toEqual([Body, "b"]);
      expect(odd.deleted).toEqual(["handle of a", "handle of b"]);
      expect(odd.codes).toEqual([]);
      await assertEnd(odd);
    }
  });

  it.each<[string, object]>([
    ["no receipt handle", { ReceiptHandle: undefined }],
    ["a receipt handle that is null", { ReceiptHandle: null }],
    ["an empty receipt handle", { ReceiptHandle: "" }],
    ["a receipt handle that is a number", { ReceiptHandle: 5 }],
    ["no id", { MessageId: undefined }],
    ["an id that is null", { MessageId: null }],
    ["an id that is an object", { MessageId: {} }],
  ])("with %s cannot be deleted: it is left alone and told, and the others are done", async (_name, changed) => {
    const odd = await Odd.run({ Messages: [good("a"), { ...good("odd"), ...changed }, good("b")] });
    expect(ids(odd.handled)).toEqual(["a", "b"]);
    expect(odd.codes).toEqual(["REQUEST_FAILED"]);
    await assertEnd(odd);
  });

  it.each([[null], [undefined], [5], ["text"], [[]], [{}], [true]])(
    "that is none (%o) is told, and the others are done",
    async (none) => {
      const odd = await Odd.run({ Messages: [none, good("a"), none, good("b")] });
      expect(ids(odd.handled)).toEqual(["a", "b"]);
      expect(odd.codes).toEqual(["REQUEST_FAILED", "REQUEST_FAILED"]);
      await assertEnd(odd);
    },
  );

  it.each<[unknown, number]>([
    ["3", 3],
    [undefined, 1],
    [null, 1],
    ["", 1],
    ["many", 1],
    ["-5", 1],
    ["2.5", 1],
    ["1e400", 1],
    [{}, 1],
    [["7"], 7],
  ])("with a receive count of %o is at attempt %d", async (ApproximateReceiveCount, attempt) => {
    const odd = await Odd.run({ Messages: [{ ...good("a"), Attributes: { ApproximateReceiveCount } }] });
    expect(odd.attempts).toEqual([attempt]);
    await assertEnd(odd);
  });

  it.each<[string, object]>([
    ["attributes that are null", { Attributes: null, MessageAttributes: null }],
    ["attributes that are no objects", { Attributes: 5, MessageAttributes: "text" }],
    ["attributes that are nothing", { Attributes: { MessageGroupId: null }, MessageAttributes: { a: null } }],
    ["attributes of other types", { MessageAttributes: { a: { DataType: 5, StringValue: [], BinaryValue: "?" } } }],
    ["attributes that nobody knows", { Attributes: { New: "x" }, More: { a: 5 }, ["__proto__"]: { admin: true } }],
  ])("with %s is done, also where bytes and tenants are counted", async (_name, changed) => {
    for (const options of [{}, { maxInFlightBytes: 10 * MEBIBYTE, tenants: { maxRunning: 5 } }]) {
      const odd = await Odd.run({ Messages: [{ ...good("a"), ...changed }, good("b")] }, options);
      expect(ids(odd.handled)).toEqual(["a", "b"]);
      expect(odd.deleted).toHaveLength(2);
      expect(odd.codes).toEqual([]);
      await assertEnd(odd);
    }
  });

  it("that comes ten times in one receive is handled once, and deleted with the newest handle", async () => {
    const Messages = Array.from({ length: 10 }, (_, index) => ({ ...good("a"), ReceiptHandle: `handle ${index}` }));
    const odd = await Odd.run({ Messages });
    expect(odd.handled).toHaveLength(1);
    expect(odd.deleted.at(-1)).toBe("handle 9");
    expect(odd.consumer.stats().counters.redelivered).toBe(9);
    await assertEnd(odd);
  });
});

describe("an answer", () => {
  it.each([
    [undefined],
    [null],
    [{}],
    [{ Messages: undefined }],
    [{ Messages: null }],
    [{ Messages: [] }],
    [5],
    ["text"],
  ])("of %o brings nothing", async (answer) => {
    const odd = await Odd.run(answer);
    expect([odd.handled, odd.codes]).toEqual([[], []]);
    await assertEnd(odd);
  });

  it.each([[{}], ["text"], [5], [true], [{ length: 1, 0: good("a") }]])(
    "whose messages are no list (%o) is a failed request",
    async (Messages) => {
      const odd = await Odd.run({ Messages });
      expect([odd.handled, odd.codes]).toEqual([[], ["REQUEST_FAILED"]]);
      await assertEnd(odd);
    },
  );

  it("with more messages than were asked for has the others given back", async () => {
    const odd = await Odd.run({ Messages: Array.from({ length: 25 }, (_, index) => good(String(index))) });
    expect(odd.handled).toHaveLength(10);
    await assertEnd(odd);
    expect(odd.deleted).toHaveLength(10);
    expect(odd.returned).toHaveLength(15);
  });
});

describe("an answer to a batch", () => {
  it.each<[string, unknown]>([
    ["nothing", undefined],
    ["null", null],
    ["a text", "done"],
    ["lists that are none", { Successful: 5, Failed: {} }],
    ["entries that are none", { Successful: [null, 5], Failed: [null] }],
    [
      "entries that were not asked for",
      { Successful: [{ Id: "77" }, { Id: "-1" }, { Id: "length" }, {}], Failed: [{ Id: "99" }] },
    ],
    [
      "an error for each entry",
      { Failed: Array.from({ length: 3 }, (_, Id) => ({ Id: String(Id), Code: null, Message: {} })) },
    ],
  ])("that is %s confirms nothing: it is sent again", async (_name, answer) => {
    const queue = await SimulatedQueue.create({ messages: 3 });
    let deletes = 0;
    const client = queue.portWith({
      deleteMessageBatch: (input) => {
        deletes += 1;
        return deletes === 1 ? Promise.resolve(answer as never) : queue.sqs.deleteMessageBatch(input);
      },
    });
    const consumer = queue.consume(() => undefined, { client });
    await queue.clock.runUntil(consumer.start());
    await queue.clock.runUntil(() => queue.size === 0);
    expect(deletes).toBe(2);
    await queue.clock.runUntil(consumer.stop());
    expect(consumer.stats().counters).toMatchObject({ settled: { ack: 3 }, settlementsLost: 0 });
  });
});
