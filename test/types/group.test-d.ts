// What a group's queues may be, and what its handlers and listeners are called with.
import {
  type Consumer,
  ConsumerGroup,
  type GroupQueue,
  inBatches,
  MemoryRunner,
  type Message,
  PoolWorker,
  SqsRunner,
} from "millrace";
import { describe, expectTypeOf, it } from "vitest";

const queueUrl = "https://sqs.eu-central-1.amazonaws.com/000000000000/jobs";
const handler = (): void => {};

interface Job {
  readonly id: number;
}

describe("a group", () => {
  it("hands over SQS messages, the context and the queue's name", () => {
    const group = new ConsumerGroup(
      (message, { signal }, queue) => {
        expectTypeOf(message).toEqualTypeOf<Message>();
        expectTypeOf(signal).toEqualTypeOf<AbortSignal>();
        expectTypeOf(queue).toEqualTypeOf<string>();
      },
      { queues: [{ queueUrl, weight: 8, maxRunning: 5, visibilityTimeoutSeconds: 60 }] },
    );
    expectTypeOf(group.get("jobs")).toEqualTypeOf<Consumer | undefined>();
    new ConsumerGroup(
      inBatches(() => undefined),
      {},
    );
  });

  it("says what the pool's workers own", () => {
    const pool = new PoolWorker({ onWorkerStart: () => new Map<string, number>() });
    new ConsumerGroup((_message, { resource }) => expectTypeOf(resource).toEqualTypeOf<Map<string, number>>(), {
      pool,
    });
    new ConsumerGroup(handler, { pool: new PoolWorker() });
  });

  it("takes other sources, with a handler of their own", () => {
    const queues: GroupQueue[] = [
      { queueUrl },
      { runner: new MemoryRunner<Job>(), name: "jobs", handler: (job: Job) => job.id },
      { runner: new SqsRunner({ queueUrl }), name: "by hand" },
    ];
    // @ts-expect-error -- It has no name.
    queues.push({ runner: new SqsRunner({ queueUrl }) });
    // @ts-expect-error -- The group's handler takes messages of SQS.
    queues.push({ runner: new MemoryRunner<Job>(), name: "jobs" });
    // @ts-expect-error -- A runner knows its own source.
    queues.push({ runner: new SqsRunner({ queueUrl }), queueUrl, name: "both" });
    // @ts-expect-error -- There is nothing to consume.
    queues.push({ weight: 3 });
  });

  it("refuses what is the group's, of a queue, and what is a queue's, of the group", () => {
    // @ts-expect-error -- maxRunning limits one queue.
    new ConsumerGroup(handler, { queues: [{ queueUrl, concurrency: 5 }] });
    // @ts-expect-error -- A queue's.
    new ConsumerGroup(handler, { weight: 5 });
    // @ts-expect-error -- It is called weight.
    new ConsumerGroup(handler, { queues: [{ queueUrl, wieght: 5 }] });
  });

  it("tells its listeners which queue it is", () => {
    const group = new ConsumerGroup(handler, {});
    group.on("error", (error, queue) => {
      expectTypeOf(error.code).toExtend<string>();
      expectTypeOf(queue).toEqualTypeOf<string | undefined>();
    });
    group.on("messageFailed", ({ message }, queue) => {
      expectTypeOf(message).toEqualTypeOf<Message>();
      expectTypeOf(queue).toEqualTypeOf<string>();
    });
    group.once("queueRemoved", (queue, result) => {
      expectTypeOf(queue).toEqualTypeOf<string>();
      expectTypeOf(result.isDrained).toEqualTypeOf<boolean>();
    });
    // @ts-expect-error -- The workers are the pool's.
    group.on("workerSpawned", () => {});
  });
});
