// The option maxInFlightBytes: what is here, and what may come by receives that are out, is never more.
import { Consumer, MemoryRunner, retry, type Runner, type SqsPort } from "millrace";
import { seededRandom } from "millrace/testing";
import { describe, expect, test } from "vitest";
import { SimulatedQueue } from "../../support/simulated-queue.js";

const KIB = 1_024;
const MIB = 1_048_576;
const VISIBILITY_SECONDS = 60;

/** Counts the bytes that a consumer has, or may be sent, judged by its requests alone. */
class Ledger {
  readonly port: SqsPort;
  mostBytes = 0;
  mostMessages = 0;
  readonly #sizes = new Map<string, number>();
  #promised = 0;

  constructor(queue: SimulatedQueue, largest: number) {
    const { sqs } = queue;
    this.port = queue.portWith({
      receiveMessage: async (input, options) => {
        this.#promised += input.MaxNumberOfMessages * largest;
        this.#note();
        const answer = await sqs.receiveMessage(input, options);
        this.#promised -= input.MaxNumberOfMessages * largest;
        for (const { ReceiptHandle = "", Body = "" } of answer.Messages ?? []) {
          this.#sizes.set(ReceiptHandle, Buffer.byteLength(Body));
        }
        this.#note();
        return answer;
      },
      deleteMessageBatch: async (input) => {
        const answer = await sqs.deleteMessageBatch(input);
        for (const { ReceiptHandle } of input.Entries) this.#sizes.delete(ReceiptHandle);
        return answer;
      },
      changeMessageVisibilityBatch: async (input) => {
        const answer = await sqs.changeMessageVisibilityBatch(input);
        for (const { ReceiptHandle, VisibilityTimeout } of input.Entries) {
          if (VisibilityTimeout < VISIBILITY_SECONDS) this.#sizes.delete(ReceiptHandle);
        }
        return answer;
      },
    });
  }

  get bytesHere(): number {
    return [...this.#sizes.values()].reduce((sum, size) => sum + size, 0);
  }

  #note(): void {
    this.mostBytes = Math.max(this.mostBytes, this.bytesHere + this.#promised);
    this.mostMessages = Math.max(this.mostMessages, this.#sizes.size);
  }
}

describe("a budget of bytes", () => {
  test("is never exceeded, and everything gets through, in random histories", async () => {
    for (let seed = 1; seed <= 40; seed += 1) {
      const random = seededRandom(seed);
      const oneOf = <Value>(...values: readonly Value[]): Value =>
        values[Math.floor(random() * values.length)] as Value;
      const largest = 4 * KIB;
      const budget = largest * oneOf(1, 1, 2, 3, 10, 25) + Math.floor(random() * largest);
      const queue = await SimulatedQueue.create({ seed });
      const ledger = new Ledger(queue, largest);
      const count = 120;
      for (let index = 0; index < count; index += 1) {
        const bytes = oneOf(1, 100, 2_000, largest - 1, largest);
        await queue.sqs.sendMessage({ QueueUrl: queue.url, MessageBody: "x".repeat(bytes) });
      }
      queue.sqs.faults.latencyMs = [1, 30];
      let acknowledged = 0;
      const consumer = queue.consume(
        async () => {
          const dice = random();
          await queue.work(oneOf(0, 1, 20, 500));
          if (dice < 0.1) throw new Error("failed");
          if (dice < 0.2) return retry({ afterSeconds: oneOf(0, 1, 5) });
          acknowledged += 1;
          return undefined;
        },
        {
          client: ledger.port,
          maxInFlightBytes: budget,
          maxMessageBytes: largest,
          concurrency: oneOf(1, 5, 50),
          visibilityTimeoutSeconds: VISIBILITY_SECONDS,
          retry: () => retry({ afterSeconds: 1 }),
        },
      );
      await queue.clock.runUntil(consumer.start());
      const pausedAt = oneOf(0, 50, 1_000);
      await queue.clock.advance(pausedAt);
      consumer.pause();
      await queue.clock.advance(2_000);
      consumer.resume();
      await queue.clock.runUntil(() => queue.size === 0);
      await queue.clock.runUntil(() => consumer.stats().settlementsPending === 0); // The last delete is answered.
      expect([seed, acknowledged, consumer.reported]).toEqual([seed, count, []]);
      expect(consumer.stats().bytesInFlight).toBe(0);
      expect(ledger.mostBytes).toBeLessThanOrEqual(budget);
      expect(ledger.mostBytes).toBeGreaterThan(budget / 3);
      await queue.clock.runUntil(consumer.stop());
    }
  });

  test("counts bytes and attributes as SQS does, and none of it when the outcome is confirmed", async () => {
    const queue = await SimulatedQueue.create();
    await queue.sqs.sendMessage({
      QueueUrl: queue.url,
      MessageBody: "ä",
      MessageAttributes: { name: { DataType: "String", StringValue: "value" } },
    });
    const seen: number[] = [];
    const consumer = queue.consume(() => void seen.push(consumer.stats().bytesInFlight), { maxInFlightBytes: MIB });
    await queue.clock.runUntil(consumer.start());
    await queue.clock.runUntil(() => queue.size === 0);
    expect(seen).toEqual([2 + "name".length + "String".length + "value".length]);
    expect(consumer.stats().bytesInFlight).toBe(0);
    await queue.clock.runUntil(consumer.stop());
  });

  test("of one message lets the largest through, one after the other", async () => {
    const queue = await SimulatedQueue.create();
    const ledger = new Ledger(queue, MIB);
    for (let index = 0; index < 3; index += 1) {
      await queue.sqs.sendMessage({ QueueUrl: queue.url, MessageBody: "x".repeat(MIB) });
    }
    const consumer = queue.consume(() => queue.work(100), { client: ledger.port, maxInFlightBytes: MIB });
    await queue.clock.runUntil(consumer.start());
    await queue.clock.runUntil(() => queue.size === 0);
    expect([ledger.mostMessages, ledger.mostBytes]).toEqual([1, MIB]);
    await queue.clock.runUntil(consumer.stop());
  });

  test("keeps the bytes of a handler that was given up on until it ends", async () => {
    const queue = await SimulatedQueue.create({ messages: 1 });
    const bodyBytes = 1;
    const consumer = queue.consume(() => queue.work(60_000), {
      maxInFlightBytes: MIB,
      handlerTimeoutMs: 1_000,
      retry: () => retry({ afterSeconds: 3_600 }),
    });
    await queue.clock.runUntil(consumer.start());
    await queue.clock.advance(30_000);
    expect(consumer.stats()).toMatchObject({ bytesInFlight: bodyBytes, settlementsPending: 0, running: 1 });
    await queue.clock.advance(31_000);
    expect(consumer.stats()).toMatchObject({ bytesInFlight: 0, running: 0 });
    await queue.clock.runUntil(consumer.stop());
  });
});

describe("maxInFlightBytes is refused", () => {
  const queueUrl = "https://sqs.eu-west-1.amazonaws.com/123456789012/orders";
  const refusalOf = (options: object): unknown => {
    try {
      new Consumer(() => undefined, options as never);
    } catch (error) {
      return (error as Error).message;
    }
    return undefined;
  };

  test("when it has no room for one message", () => {
    expect(refusalOf({ queueUrl, maxInFlightBytes: MIB - 1 })).toBe(
      "Option maxInFlightBytes: expected a whole number of at least 1048576, the most bytes of one message, got 1048575.",
    );
    expect(refusalOf({ queueUrl, maxInFlightBytes: KIB, maxMessageBytes: KIB })).toBeUndefined();
  });

  test.each([0, 1.5 * MIB + 0.5, Number.NaN, Infinity, "2 MiB", null])("when it is %o", (maxInFlightBytes) => {
    expect(refusalOf({ queueUrl, maxInFlightBytes })).toContain("Option maxInFlightBytes: expected a whole number");
  });

  test("when the runner does not say how large its messages can be", () => {
    const reason = "as the runner does not say how large its messages can be (maxMessageBytes)";
    expect(refusalOf({ runner: new MemoryRunner(), maxInFlightBytes: MIB })).toContain(reason);
  });

  test("when what the runner says makes no sense", () => {
    const runner: Runner = { run: async () => {}, maxMessageBytes: 0 };
    expect(refusalOf({ runner, maxInFlightBytes: MIB })).toContain(
      "Option runner: expected a runner whose maxMessageBytes",
    );
  });
});

describe("a runner of one's own", () => {
  test("that delivers more than it said, or nothing that makes sense, stops nothing", async () => {
    const queue = await SimulatedQueue.create();
    const asked: number[] = [];
    const sizes: unknown[] = [500, undefined, Number.NaN, -5, 10];
    const runner: Runner = {
      maxMessageBytes: 100,
      run: async (intake) => {
        while (sizes.length > 0) {
          const places = await intake.take(4);
          if (places === 0) return;
          asked.push(places);
          const sizeBytes = sizes.shift();
          const delivery = { message: sizeBytes, attempt: 1, receivedAt: new Date(), sizeBytes: sizeBytes as number };
          intake.deliver({ ...delivery, settle: () => undefined });
          intake.giveBack(places - 1);
        }
      },
    };
    const handled: unknown[] = [];
    const consumer = new Consumer<unknown>(
      async (message) => {
        handled.push([message, consumer.stats().bytesInFlight]);
        await queue.work(100);
      },
      { runner, clock: queue.clock, maxInFlightBytes: 250, concurrency: 4 },
    );
    const stopped = new Promise((resolve) => consumer.once("stopped", resolve));
    await queue.clock.runUntil(consumer.start());
    await queue.clock.runUntil(stopped);
    expect(asked).toEqual([2, 2, 1, 1, 1]);
    expect(handled).toEqual([
      [500, 500],
      [undefined, 100],
      [Number.NaN, 200],
      [-5, 200],
      [10, 110],
    ]);
  });
});
