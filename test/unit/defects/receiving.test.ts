// What goes wrong in other consumers while they receive. The numbers are those of docs/known-defects.md.
import { type MillraceError, OptionError, Consumer, type ReceiveMessageInput } from "millrace";
import { SqsServiceError } from "millrace/testing";
import { describe, expect, it } from "vitest";
import { SimulatedQueue } from "../../support/simulated-queue.js";

describe("receiving", () => {
  it("1: the next receive does not wait for the slowest message", async () => {
    const queue = await SimulatedQueue.create({ messages: 100 });
    let done = 0;
    const consumer = queue.consume(async ({ Body }) => {
      await queue.work(Body === "0" ? 60_000 : 10);
      done += 1;
    });
    await consumer.start();
    await queue.clock.advance(2_000);
    expect(done).toBe(99);
    await queue.clock.runUntil(consumer.stop({ timeoutMs: Infinity }));
    expect(done).toBe(100);
  });

  it("2: receives stay full though slots become free one at a time", async () => {
    const queue = await SimulatedQueue.create({ messages: 3_000, faults: { latencyMs: 10 } });
    let done = 0;
    const consumer = queue.consume(async () => {
      await queue.work(50 + (done % 7) * 15);
      done += 1;
    });
    await queue.clock.runUntil(consumer.start());
    await queue.clock.runUntil(() => done === 3_000);
    expect(queue.receives / done).toBeLessThan(0.125);
    await queue.clock.runUntil(consumer.stop());
  });

  it("3: free slots do not wait behind a slow message until a full batch would fit", async () => {
    const queue = await SimulatedQueue.create({ messages: 91 });
    let done = 0;
    const consumer = queue.consume(async ({ Body }) => {
      await queue.work(Body === "0" ? 60_000 : 1_000);
      done += 1;
    });
    await consumer.start();
    await queue.clock.runUntil(() => done === 90);
    // 90 messages of a second in nine slots.
    expect(queue.clock.now()).toBe(10_000);
    await queue.clock.runUntil(consumer.stop({ timeoutMs: Infinity }));
  });

  it("4: throughput is not capped at ten messages a round trip", async () => {
    const queue = await SimulatedQueue.create({ messages: 10_000, faults: { latencyMs: 50 } });
    let done = 0;
    const consumer = queue.consume(
      async () => {
        await queue.work(50);
        done += 1;
      },
      { concurrency: 200 },
    );
    await queue.clock.runUntil(consumer.start());
    await queue.clock.runUntil(() => done === 10_000);
    // One receive at a time would take 50 s for them; the slots alone take 2.5 s.
    expect(queue.clock.now()).toBeLessThan(5_000);
    await queue.clock.runUntil(consumer.stop());
  });

  it("5: a refused connection is backed off from, not tried hundreds of times a second", async () => {
    const refused = Object.assign(new Error("connect ECONNREFUSED 127.0.0.1:1"), { code: "ECONNREFUSED" });
    const queue = await SimulatedQueue.create({
      messages: 1,
      faults: { script: () => ({ kind: "error", error: refused }) },
    });
    let done = 0;
    const consumer = queue.consume(() => (done += 1));
    await consumer.start();
    await queue.clock.advance(60_000);
    expect(queue.receives).toBeGreaterThan(2);
    expect(queue.receives).toBeLessThan(20);
    expect(consumer.reported).toHaveLength(queue.receives);
    expect(new Set(consumer.reported.map(({ code }) => code))).toEqual(new Set(["NETWORK"]));

    queue.sqs.clearFaults();
    await queue.clock.advance(20_000);
    expect(done).toBe(1);
    await queue.clock.runUntil(consumer.stop());
  });

  it("6: a receive that never answers is given up, and polling goes on", async () => {
    const queue = await SimulatedQueue.create();
    let receives = 0;
    let done = 0;
    const client = queue.portWith({
      receiveMessage: (input, options) => {
        receives += 1;
        // It does not even heed the abort signal.
        return receives === 2 ? new Promise(() => undefined) : queue.sqs.receiveMessage(input, options);
      },
    });
    const consumer = queue.consume(() => (done += 1), { client });
    await consumer.start();
    await queue.send(1);
    await queue.clock.advance(60_000);
    expect(done).toBe(1);
    expect(consumer.reported.map(({ code }) => code)).toEqual(["REQUEST_TIMEOUT"]);
    await queue.clock.runUntil(consumer.stop());
  });

  it("7: after start, stop, start there is one loop that polls", async () => {
    const queue = await SimulatedQueue.create();
    const consumer = queue.consume(() => undefined);
    for (let round = 0; round < 3; round += 1) {
      await consumer.start();
      await queue.clock.runUntil(consumer.stop());
    }
    await consumer.start();
    await consumer.start();
    const before = queue.receives;
    await queue.clock.advance(3_599_999);
    expect(queue.receives - before).toBe(179);
    expect(consumer.stats().receivesInFlight).toBe(1);
    await queue.clock.runUntil(consumer.stop());
  });

  it.each([
    ["visibilityTimeoutSeconds", 12.5],
    ["visibilityTimeoutSeconds", 50_000],
    ["visibilityTimeoutSeconds", 0],
    ["waitTimeSeconds", 0],
    ["waitTimeSeconds", 21],
    ["concurrency", 0],
    ["concurrency", 2.5],
    ["maxReceives", 0],
    ["concurrency", Number.NaN],
    ["concurrency", "10"],
    ["batchSize", 0],
  ])("8: an option that cannot be used is refused at construction: %s %s", async (name, value) => {
    const queue = await SimulatedQueue.create();
    const options = { queueUrl: queue.url, client: queue.sqs, [name]: value };
    const construct = (): Consumer => new Consumer(() => undefined, options);
    expect(construct).toThrow(OptionError);
    expect(construct).toThrow(name);
  });

  it("9: a region that is not the queue's is refused instead of replacing it", () => {
    const queueUrl = "https://sqs.eu-west-1.amazonaws.com/000000000000/jobs";
    expect(() => new Consumer(() => undefined, { queueUrl, region: "us-east-1" })).toThrow(/region.*eu-west-1/u);
  });

  it("10: receive count, group and trace header are asked for without being told to", async () => {
    const asked: ReceiveMessageInput[] = [];
    const queue = await SimulatedQueue.create({
      faults: {
        script: ({ operation, input }) => {
          if (operation === "ReceiveMessage") asked.push(input as ReceiveMessageInput);
          return undefined;
        },
      },
    });
    await queue.sqs.sendMessage({
      QueueUrl: queue.url,
      MessageBody: "traced",
      MessageGroupId: "tenant",
      MessageAttributes: { colour: { DataType: "String", StringValue: "red" } },
      MessageSystemAttributes: { AWSTraceHeader: { DataType: "String", StringValue: "Root=1-abc" } },
    });
    const seen: unknown[] = [];
    const consumer = queue.consume(({ Attributes, MessageAttributes }, { attempt, groupId }) => {
      seen.push([attempt, groupId, Attributes?.["AWSTraceHeader"], MessageAttributes?.["colour"]?.StringValue]);
      if (attempt === 1) throw new Error("once more");
    });
    await consumer.start();
    await queue.clock.advance(5_000);
    expect(seen).toEqual([
      [1, "tenant", "Root=1-abc", "red"],
      [2, "tenant", "Root=1-abc", "red"],
    ]);
    expect(asked[0]?.MessageSystemAttributeNames).toContain("SentTimestamp");
    await queue.clock.runUntil(consumer.stop());
  });

  it("12: many receives at once print no warning about leaking listeners", async () => {
    const warnings: string[] = [];
    const onWarning = (warning: Error): void => void warnings.push(warning.name);
    process.on("warning", onWarning);
    const queue = await SimulatedQueue.create({ messages: 5_000, faults: { latencyMs: 200 } });
    const client = queue.portWith({
      receiveMessage: (input, options) => {
        // As the SDK does.
        options?.abortSignal?.addEventListener("abort", () => undefined);
        return queue.sqs.receiveMessage(input, options);
      },
    });
    let most = 0;
    const consumer = queue.consume(() => queue.work(1), { client, concurrency: 500, maxReceives: 60 });
    consumer.on("received", () => (most = Math.max(most, consumer.stats().receivesInFlight)));
    await queue.clock.runUntil(consumer.start());
    await queue.clock.runUntil(() => queue.size === 0);
    expect(most).toBeGreaterThan(11);
    await queue.clock.runUntil(consumer.stop());
    process.off("warning", onWarning);
    expect(warnings).toEqual([]);
  });

  it("a fatal failure while running is told once in a while, and is over when its cause is", async () => {
    const denied = new SqsServiceError("AccessDeniedException", "no", { httpStatusCode: 403 });
    const queue = await SimulatedQueue.create();
    let done = 0;
    const consumer = queue.consume(() => (done += 1));
    await consumer.start();
    queue.sqs.faults.script = () => ({ kind: "error", error: denied });
    await queue.clock.advance(120_000);
    const codes = consumer.reported.map(({ code }: MillraceError) => code);
    expect(new Set(codes)).toEqual(new Set(["ACCESS_DENIED"]));
    expect(codes.length).toBeLessThan(20);
    queue.sqs.clearFaults();
    await queue.send(1);
    await queue.clock.advance(20_000);
    expect(done).toBe(1);
    await queue.clock.runUntil(consumer.stop());
  });
});
