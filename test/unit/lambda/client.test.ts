// What batchItemFailures cannot tell goes through the client: delays, releases, dead letters. The queue is simulated, and a
// mapping as Lambda's stands between it and the function.
import { ack, deadLetter, type Handler, type Message, release, retry } from "millrace";
import { describe, expect, it } from "vitest";
import { EventSourceMapping } from "../../support/event-source-mapping.js";
import { idsOf, LambdaFunction, type LambdaFunctionOptions } from "../../support/lambda-function.js";
import { SimulatedQueue, type SimulatedQueueOptions } from "../../support/simulated-queue.js";

/** A function that consumes a simulated queue, with the queue as its client. */
class Triggered {
  readonly queue: SimulatedQueue;
  readonly lambda: LambdaFunction;
  readonly #mapping: EventSourceMapping;

  private constructor(queue: SimulatedQueue, lambda: LambdaFunction) {
    this.queue = queue;
    this.lambda = lambda;
    this.#mapping = new EventSourceMapping({ sqs: queue.sqs, queueUrl: queue.url, batchSize: 100 });
  }

  static async create(
    handler: Handler<Message>,
    queueOptions: SimulatedQueueOptions,
    options: LambdaFunctionOptions = {},
  ): Promise<Triggered> {
    const queue = await SimulatedQueue.create({ attributes: { VisibilityTimeout: "300" }, ...queueOptions });
    const { clock, url, sqs } = queue;
    return new Triggered(queue, new LambdaFunction(handler, { clock, client: sqs, queueUrl: url, ...options }));
  }

  /** One event. */
  async poll(remainingMs = 30_000): Promise<number> {
    const { lambda, queue } = this;
    return queue.clock.runUntil(this.#mapping.poll((event) => lambda.call(event, lambda.contextFor(remainingMs))));
  }
}

describe("with a client", () => {
  it("a retry comes again after its delay, in whole seconds, and not after the queue's own", async () => {
    const at: number[] = [];
    const triggered = await Triggered.create(
      (_, { attempt }) => {
        at.push(triggered.queue.clock.now());
        return attempt === 1 ? retry({ afterSeconds: 19.2 }) : ack();
      },
      { messages: 1 },
    );
    const { queue } = triggered;
    await triggered.poll();
    expect(queue.counts).toEqual({ visible: 0, inFlight: 1, delayed: 0 });
    await queue.clock.advance(19_999);
    expect(await triggered.poll()).toBe(0);
    await queue.clock.advance(1);
    expect(await triggered.poll()).toBe(1);
    expect([queue.size, at]).toEqual([0, [0, 20_000]]);
  });

  it("the delays of the retry policy are applied, ten to a request, and nothing else is asked of the queue", async () => {
    const triggered = await Triggered.create(() => Promise.reject(new Error("no")), { messages: 100 });
    triggered.lambda.call.consumer.on("error", () => undefined);
    await triggered.poll();
    expect(triggered.queue.sqs.statistics.requestsByOperation).toMatchObject({ ChangeMessageVisibilityBatch: 10 });
    expect(triggered.queue.deletes).toBe(0);
  });

  it("events of which all is done ask nothing of the queue", async () => {
    const triggered = await Triggered.create(() => undefined, { messages: 100 });
    await triggered.poll();
    expect([triggered.queue.size, triggered.queue.visibilityChanges]).toEqual([0, 0]);
  });

  it("a release is visible at once", async () => {
    const triggered = await Triggered.create(() => release(), { messages: 3 });
    await triggered.poll();
    expect(triggered.queue.counts).toEqual({ visible: 3, inFlight: 0, delayed: 0 });
  });

  it("a dead letter is sent to the dead-letter queue of the redrive policy, and is then done", async () => {
    const triggered = await Triggered.create(() => deadLetter("nonsense"), { messages: 25, maxReceiveCount: 5 });
    await triggered.poll();
    const { queue, lambda } = triggered;
    expect([queue.size, queue.sqs.counts(queue.deadLetterUrl).visible]).toEqual([0, 25]);
    expect([lambda.errors, lambda.call.consumer.stats().counters.settled.deadLetter]).toEqual([[], 25]);
    const { requestsByOperation } = queue.sqs.statistics;
    // Those that filled the queue were as many batches.
    expect(requestsByOperation).toMatchObject({ GetQueueAttributes: 1, GetQueueUrl: 1, SendMessageBatch: 3 + 3 });
    await queue.send(5);
    await triggered.poll();
    expect(requestsByOperation).toMatchObject({ GetQueueAttributes: 1, GetQueueUrl: 1, SendMessageBatch: 4 + 4 });
  });

  it("a dead letter goes to deadLetterQueueUrl, if that is given", async () => {
    const elsewhere = await SimulatedQueue.create();
    const triggered = await Triggered.create(
      () => deadLetter("nonsense"),
      { messages: 1 },
      { client: elsewhere.sqs, deadLetterQueueUrl: elsewhere.deadLetterUrl },
    );
    await triggered.poll();
    expect(elsewhere.sqs.counts(elsewhere.deadLetterUrl).visible).toBe(1);
    expect(triggered.queue.size).toBe(0);
  });

  it("a dead letter that cannot be sent is reported, and comes again", async () => {
    const triggered = await Triggered.create(() => deadLetter("nonsense"), { messages: 1 });
    await triggered.poll();
    expect(triggered.lambda.errors).toMatchObject([{ code: "DEAD_LETTER_QUEUE_UNKNOWN" }]);
    expect(triggered.queue.size).toBe(1);
  });

  it("a service that does not answer delays no answer past its time, and no message is lost", async () => {
    const triggered = await Triggered.create(() => retry({ afterSeconds: 5 }), { messages: 3 });
    const { sqs, clock } = triggered.queue;
    sqs.changeMessageVisibilityBatch = () => new Promise(() => undefined);
    await triggered.poll(4_000);
    expect(clock.now()).toBe(3_750);
    expect(clock.pendingTimers).toBeLessThanOrEqual(1); // The queue's own.
    expect(triggered.lambda.errors).toMatchObject(Array.from({ length: 3 }, () => ({ code: "SETTLEMENT_FAILED" })));
    expect(triggered.queue.size).toBe(3);
  });

  it("what the deadline has cut off is made visible by the queue alone, but for what heeded its signal", async () => {
    const triggered = await Triggered.create(
      async (_, { signal }) => {
        await triggered.lambda.pause(3_000);
        signal.throwIfAborted();
      },
      { messages: 4 },
      { concurrency: 2, retry: () => retry({ afterSeconds: 0 }), deadlineMarginMs: 1_000 },
    );
    await triggered.poll(6_500);
    expect(triggered.queue.counts).toEqual({ visible: 2, inFlight: 0, delayed: 0 });
  });

  it("FIFO: order is kept over events, with failures, delays and dead letters", async () => {
    const log: string[] = [];
    const triggered = await Triggered.create(
      async ({ Body = "" }, { attempt }) => {
        log.push(Body);
        await triggered.lambda.pause(10);
        if (Body === "a2" && attempt < 3) throw new Error("no");
        return Body === "b1" ? deadLetter("nonsense") : ack();
      },
      { isFifo: true, maxReceiveCount: 10 },
      { retry: () => retry({ afterSeconds: 2 }) },
    );
    await triggered.queue.sendTo("a1", "a2", "b1", "a3", "b2", "a4");
    while (triggered.queue.size > 0) {
      if ((await triggered.poll()) === 0) await triggered.queue.clock.advance(500);
    }
    expect(log.filter((body) => body.startsWith("a"))).toEqual(["a1", "a2", "a2", "a2", "a3", "a4"]);
    expect(log.filter((body) => body.startsWith("b"))).toEqual(["b1", "b2"]);
    expect(triggered.queue.sqs.counts(triggered.queue.deadLetterUrl).visible).toBe(1);
    expect(triggered.lambda.errors).toEqual([]);
  });

  it("FIFO: what stands behind a failure is visible when that is, whether or not there was a slot for it", async () => {
    const seenAt: Array<readonly [body: string | undefined, seconds: number]> = [];
    const triggered = await Triggered.create(
      ({ Body }, { attempt }) => {
        seenAt.push([Body, triggered.queue.clock.now() / 1_000]);
        return attempt === 1 ? retry({ afterSeconds: 2 }) : ack();
      },
      { isFifo: true },
      { concurrency: 1 },
    );
    const { queue } = triggered;
    await queue.sendTo("a1", "a2", "a3");
    await triggered.poll();
    await queue.clock.advance(2_000);
    await triggered.poll();
    expect(seenAt).toEqual([
      ["a1", 0],
      ["a1", 2],
      ["a2", 2],
      ["a3", 2],
    ]);
    expect([queue.size, triggered.lambda.errors]).toEqual([0, []]);
  });

  it("the queue's URL is made from its ARN, as AWS has it", async () => {
    const urls = new Set<string>();
    const queue = await SimulatedQueue.create();
    const client = queue.portWith({
      changeMessageVisibilityBatch: async ({ QueueUrl, Entries }) => {
        urls.add(QueueUrl);
        return { Successful: Entries };
      },
    });
    const lambda = new LambdaFunction(() => release(), { client });
    for (const queueArn of [
      "arn:aws:sqs:eu-west-1:123456789012:orders",
      "arn:aws-cn:sqs:cn-north-1:123456789012:a.fifo",
    ]) {
      await lambda.invoke(["a"], { queueArn });
    }
    expect([...urls]).toEqual([
      "https://sqs.eu-west-1.amazonaws.com/123456789012/orders",
      "https://sqs.cn-north-1.amazonaws.com.cn/123456789012/a.fifo",
    ]);
  });

  it.each<[string, () => unknown, string]>([
    ["throws", () => new URL("no"), "Invalid URL"],
    ["rejects", () => Promise.reject(new Error("no")), "queueUrl: expected a function that makes"],
    ["answers with no URL", () => "orders", "queueUrl: expected a function that makes"],
  ])("a function for the queue's URL that %s costs its message only, and only where it is needed", async (...row) => {
    const [, queueUrl, text] = row;
    const queue = await SimulatedQueue.create();
    const lambda = new LambdaFunction(({ Body }) => (Body === "back" ? release() : undefined), {
      client: queue.sqs,
      queueUrl: queueUrl as () => string,
    });
    expect(await lambda.invoke(["back", "done"])).toEqual(idsOf(1));
    expect(lambda.errors).toMatchObject([
      { code: "SETTLEMENT_FAILED", cause: { message: expect.stringContaining(text) as string } },
    ]);
  });
});

describe("without a client", () => {
  it("a delay that a handler asks for is said once to be out of reach, and the message is reported as failed", async () => {
    const lambda = new LambdaFunction(() => retry({ afterSeconds: 60 }));
    expect(await lambda.invoke(["a", "b"])).toEqual(idsOf(1, 2));
    expect(await lambda.invoke(["c"])).toEqual(idsOf(1));
    expect(lambda.errors).toMatchObject([{ code: "CLIENT_MISSING" }]);
  });

  it("a failure is nothing to complain about: the queue's visibility timeout is its delay", async () => {
    const lambda = new LambdaFunction(() => Promise.reject(new Error("no")), {
      retry: () => retry({ afterSeconds: 5 }),
    });
    expect(await lambda.invoke(["a"])).toEqual(idsOf(1));
    expect(lambda.errors).toEqual([]);
  });

  it("each dead letter is reported, and comes again", async () => {
    const lambda = new LambdaFunction(() => deadLetter("nonsense"));
    expect(await lambda.invoke(["a"])).toEqual(idsOf(1));
    expect(lambda.errors).toMatchObject([{ code: "DEAD_LETTER_FAILED", cause: { code: "CLIENT_MISSING" } }]);
  });
});
