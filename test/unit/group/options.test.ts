// What a group refuses: by the queue's name and the option's, before anything has started.
import {
  ConsumerGroup,
  type ConsumerGroupOptions,
  type GroupHandler,
  inBatches,
  MemoryRunner,
  OptionError,
  PoolWorker,
  SqsRunner,
} from "millrace";
import { describe, expect, it } from "vitest";
import { SimulatedQueues } from "../../support/simulated-queues.js";

const queueUrl = "https://sqs.eu-west-1.amazonaws.com/123456789012/orders";
const handler = (): void => {};

function refusal(options: unknown, given: unknown = handler): OptionError {
  try {
    new ConsumerGroup(given as GroupHandler, options as ConsumerGroupOptions);
  } catch (error) {
    if (error instanceof OptionError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

describe("of a queue, naming it", () => {
  it.each([
    [{ weight: 0 }, "weight", /Queue "orders": Option weight: expected a number from 0\.000001 .*, got 0\./u],
    [{ weight: -1 }, "weight", /got -1/u],
    [{ priority: 1.5 }, "priority", /a whole number from -1000 to 1000, got 1\.5/u],
    [{ maxRunning: 0 }, "maxRunning", /got 0/u],
    [{ visibilityTimeoutSeconds: 1 }, "visibilityTimeoutSeconds", /from 5 to 43200, got 1/u],
    [{ retry: 3 }, "retry", /expected a function, got 3/u],
    [{ handler: "resize" }, "handler", /expected a function, got "resize"/u],
    [{ logger: {} }, "logger", /a logger/u],
    [{ wieght: 8 }, "wieght", /of the options of a queue of a ConsumerGroup \(.*weight/u],
    [{ concurrency: 5 }, "concurrency", /maxRunning limits one queue/u],
    [{ worker: new PoolWorker() }, "worker", /shares of the group's pool/u],
    [{ maxSettleRequests: 5 }, "maxSettleRequests", /sharedSettleRequests/u],
    [{ runner: new MemoryRunner() }, "queueUrl", /to be absent, as the option runner is given/u],
    [{ region: "us-east-1" }, "region", /"eu-west-1"/u],
    [{ deadLetterQueueUrl: `${queueUrl}.fifo` }, "deadLetterQueueUrl", /standard queue/u],
  ])("%o", (options, option, message) => {
    const error = refusal({ queues: [{ queueUrl, ...options }] });
    expect(error.option).toBe(option);
    expect(error.message).toMatch(message);
    expect(error.message).toContain('Queue "orders"');
  });

  it.each([
    [
      {},
      "queueUrl",
      /^queues\[1\]: Option queueUrl: expected the URL of a queue, or the option runner, got undefined/u,
    ],
    [{ queueUrl: "orders" }, "queueUrl", /^queues\[1\]: .*got "orders"/u],
    [{ runner: new MemoryRunner() }, "name", /^queues\[1\]: .*a name, as the queue is given by its runner/u],
    [{ queueUrl, name: "" }, "name", /^queues\[1\]/u],
    [{ queueUrl }, "name", /^queues\[1\]: .*one that no other queue of the group has, got "orders"/u],
    ["orders", "options", /^queues\[1\]: .*got "orders"/u],
  ])("by its place in the list, where it has no name of its own: %o", (queue, option, message) => {
    const error = refusal({ queues: [{ queueUrl }, queue] });
    expect(error.option).toBe(option);
    expect(error.message).toMatch(message);
  });
});

describe("of the group", () => {
  it.each([
    [{ queues: queueUrl }, "queues"],
    [{ concurrency: 0 }, "concurrency"],
    [{ pool: {} }, "pool"],
    [{ pool: new PoolWorker().share() }, "pool"],
    [{ pool: new PoolWorker(), concurrency: 5 }, "concurrency"],
    [{ pool: new PoolWorker(), lowerPriorityShare: 0.1 }, "lowerPriorityShare"],
    [{ lowerPriorityShare: 0.6 }, "lowerPriorityShare"],
    [{ sharedReceives: -1 }, "sharedReceives"],
    [{ sharedSettleRequests: 0 }, "sharedSettleRequests"],
    [{ queueUrl }, "queueUrl"],
    [{ runner: new SqsRunner({ queueUrl }) }, "runner"],
    [{ weight: 1 }, "weight"],
    [{ nonsense: 1 }, "nonsense"],
    // Defaults of the queues, though there are none as yet.
    [{ waitTimeSeconds: 21 }, "waitTimeSeconds"],
    [{ retry: "never" }, "retry"],
    [{ client: {} }, "client"],
  ])("%o", (options, option) => {
    expect(refusal(options).option).toBe(option);
  });

  it("a handler that is none", () => {
    expect(refusal({}, null).option).toBe("handler");
  });

  it("fewer slots than the handler's batches need", () => {
    const batches = inBatches(() => undefined, { size: 50 });
    expect(refusal({ concurrency: 20 }, batches).option).toBe("concurrency");
    const limited = refusal({ concurrency: 100, queues: [{ queueUrl, maxRunning: 20 }] }, batches);
    expect(limited.message).toMatch(/Queue "orders": Option worker: expected one of at least 50 slots/u);
  });

  it.each([
    [{}, "discover.queueNamePrefix"],
    [{ queueNamePrefix: "" }, "discover.queueNamePrefix"],
    [{ queueNamePrefix: "orders-", everySeconds: 0 }, "discover.everySeconds"],
    [{ queueNamePrefix: "orders-", queue: {} }, "discover.queue"],
    [{ queueNamePrefix: "orders-", prefix: 1 }, "discover.prefix"],
    ["orders-", "discover"],
  ])("discover: %o", (discover, option) => {
    expect(refusal({ discover }).option).toBe(option);
  });

  it("a client that cannot list queues, with discover", () => {
    const { sqs } = new SimulatedQueues();
    const client = {
      receiveMessage: sqs.receiveMessage.bind(sqs),
      deleteMessageBatch: sqs.deleteMessageBatch.bind(sqs),
      changeMessageVisibilityBatch: sqs.changeMessageVisibilityBatch.bind(sqs),
      sendMessageBatch: sqs.sendMessageBatch.bind(sqs),
    };
    expect(refusal({ client, discover: { queueNamePrefix: "a" } }).message).toMatch(/client.*listQueues/u);
    expect(new ConsumerGroup(handler, { client }).names).toEqual([]);
  });
});

describe("what a queue does not say", () => {
  it("is as the group says, and what neither says as ever", async () => {
    const queues = new SimulatedQueues();
    const [own, common, plain] = [
      await queues.create("own"),
      await queues.create("common"),
      await queues.create("plain"),
    ];
    const receives: Array<readonly [string, number, number]> = [];
    const client = Object.assign(Object.create(queues.sqs) as typeof queues.sqs, {
      receiveMessage: (input: { QueueUrl: string; WaitTimeSeconds: number; VisibilityTimeout: number }) => {
        receives.push([input.QueueUrl, input.WaitTimeSeconds, input.VisibilityTimeout]);
        return queues.sqs.receiveMessage(input);
      },
    });
    const group = queues.consume(handler, {
      client,
      visibilityTimeoutSeconds: 60,
      queues: [
        { queueUrl: own, visibilityTimeoutSeconds: 90, waitTimeSeconds: 5 },
        { queueUrl: common, visibilityTimeoutSeconds: undefined },
        { queueUrl: plain, name: "by another name" },
      ],
    });
    await queues.clock.runUntil(group.start());
    expect(group.names).toEqual(["own", "common", "by another name"]);
    expect(receives.slice(-3)).toEqual([
      [own, 5, 90],
      [common, 20, 60],
      [plain, 20, 60],
    ]);
    await queues.clock.runUntil(group.stop());
  });
});
