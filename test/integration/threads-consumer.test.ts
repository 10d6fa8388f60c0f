// Handlers in threads under a consumer, over HTTP with the real SDK: leases while every core computes, threads that end,
// and what a stop leaves behind.
import { availableParallelism } from "node:os";
import {
  Consumer,
  drop,
  type Handler,
  type Message,
  type MillraceError,
  retry,
  type SqsConsumerOptions,
  withSchema,
} from "millrace";
import type { ThreadHandler, ThreadsOptions } from "millrace/threads";
import { beforeEach, describe, expect, it } from "vitest";
import * as z from "zod";
import { eventually, HttpQueue, isolateAwsEnvironment } from "../support/http-queue.js";
import type { Wish } from "../support/thread-modules/wishes.js";
import { handlerOf } from "../support/threads.js";

/** A consumer that is stopped when the test ends, and what it tells. */
interface Rig extends AsyncDisposable {
  readonly consumer: Consumer;
  readonly errors: MillraceError[];
  readonly failures: Array<readonly [body: string | undefined, code: string | undefined]>;
}

async function createQueue(...wishes: readonly Wish[]): Promise<HttpQueue> {
  const queue = await HttpQueue.create();
  for (const wish of wishes) {
    await queue.server.sqs.sendMessage({ QueueUrl: queue.url, MessageBody: JSON.stringify(wish) });
  }
  return queue;
}

/**
 * With one slot: nothing is asked for while its handler runs. A long poll that a stop ends may be given what is given back
 * in the same moment, and hide it for a visibility timeout.
 */
const ONE_SLOT = { concurrency: 1 } as const;

function createRig(
  queue: HttpQueue,
  handler: Handler<Message>,
  options: Omit<SqsConsumerOptions, "queueUrl"> = {},
): Rig {
  const consumer = new Consumer(handler, { queueUrl: queue.url, pollGraceMs: 0, ...options });
  const rig: Rig = {
    consumer,
    errors: [],
    failures: [],
    async [Symbol.asyncDispose]() {
      await consumer.stop({ timeoutMs: 0 });
    },
  };
  consumer.on("error", (error) => rig.errors.push(error));
  consumer.on("messageFailed", ({ message, error }) => {
    const { kind } = JSON.parse(message.Body ?? "") as Wish;
    rig.failures.push([kind, (error as Partial<MillraceError>).code]);
  });
  return rig;
}

function wishes(options?: ThreadsOptions): ThreadHandler {
  return handlerOf<Message>("wishes.js", options);
}

describe("while every core computes", () => {
  beforeEach(() => isolateAwsEnvironment());

  it("handlers longer than the visibility timeout keep their messages", async () => {
    const cores = availableParallelism();
    await using queue = await createQueue(...Array.from({ length: cores }, () => ({ kind: "compute", ms: 8_000 })));
    await using rig = createRig(queue, wishes({ maxThreads: cores }), { visibilityTimeoutSeconds: 5 });
    const { consumer, errors } = rig;
    await consumer.start();
    await eventually(() => consumer.stats().counters.settled.ack === cores);
    expect([consumer.stats().counters.revoked, errors]).toEqual([0, []]);
    expect(queue.server.sqs.statistics.messagesReceived).toBe(cores);
  });

  it("a thread that crashes, hangs or runs out of memory fails its own message only", async () => {
    const ill = ["exit", "uncaught", "memory", "loop", "ignoreSignal"];
    await using queue = await createQueue(
      ...ill.flatMap((kind) => [{ kind }, ...Array.from({ length: 4 }, () => ({ kind: "compute", ms: 5 }))]),
    );
    const options = { handlerTimeoutMs: 5_000, retry: () => drop("ill") };
    await using rig = createRig(queue, wishes({ maxHeapMb: 64 }), options);
    const { consumer, errors, failures } = rig;
    await consumer.start();
    await eventually(() => consumer.stats().counters.settled.ack + consumer.stats().counters.settled.drop === 25);
    const { settled, received, timedOut } = consumer.stats().counters;
    expect(failures.toSorted(([one = ""], [other = ""]) => one.localeCompare(other))).toEqual([
      ["exit", "THREAD_CRASHED"],
      ["ignoreSignal", "THREAD_ENDED"],
      ["loop", "THREAD_ENDED"],
      ["memory", "THREAD_OUT_OF_MEMORY"],
      ["uncaught", "THREAD_CRASHED"],
    ]);
    expect([settled.ack, settled.drop, received, timedOut]).toEqual([20, 5, 25, 2]);
    expect(errors).toEqual([]); // No slot counted as stuck.
  });
});

describe.concurrent("threads under a consumer", () => {
  beforeEach(() => isolateAwsEnvironment());

  it("outcomes and failures of a thread are settled like any others", async () => {
    await using queue = await createQueue(
      { kind: "drop" },
      { kind: "retry" },
      { kind: "throw" },
      { kind: "value", value: 1 },
    );
    // Once is enough: a slow machine is not to see it fail twice.
    await using rig = createRig(queue, wishes(), { retry: () => retry({ afterSeconds: 600 }) });
    const { consumer, failures } = rig;
    await consumer.start();
    await eventually(() => consumer.stats().counters.settled.retry >= 2);
    await eventually(() => consumer.stats().counters.settled.drop === 1 && consumer.stats().counters.settled.ack === 1);
    expect(failures).toEqual([["throw", "E_OUTER"]]);
  });

  it("a thread that crashes when its message is done is reported, and costs no message", async () => {
    await using queue = await createQueue({ kind: "uncaughtLater" });
    await using rig = createRig(queue, wishes());
    const { consumer, errors, failures } = rig;
    await consumer.start();
    await eventually(() => queue.size === 0 && errors.length > 0);
    expect(errors).toMatchObject([{ code: "THREAD_CRASHED", cause: { message: "later" } }]);
    expect(failures).toEqual([]);
  });

  it.each<[string, number, { concurrency?: number }]>([
    ["as there are threads", 3, {}],
    ["as the user says", 5, { concurrency: 5 }],
  ])("as many handlers run at once %s", async (_what, atOnce, options) => {
    await using queue = await createQueue(...Array.from({ length: 8 }, () => ({ kind: "cleanUp" })));
    await using rig = createRig(queue, wishes({ maxThreads: 3 }), options);
    await rig.consumer.start();
    await eventually(() => rig.consumer.stats().running + rig.consumer.stats().waiting > atOnce - 1);
    expect(rig.consumer.stats().running).toBe(atOnce);
  });

  it("a module without a handler, or one that cannot be loaded, keeps the consumer from starting", async () => {
    await using queue = await createQueue({ kind: "value" });
    for (const module of ["no-handler.mjs", "broken.mjs"]) {
      const handler = handlerOf<Message>(module);
      await using rig = createRig(queue, handler);
      const { consumer } = rig;
      await expect(consumer.start()).rejects.toMatchObject({ code: "HANDLER_MODULE_INVALID" });
      expect([consumer.state, handler.threads]).toEqual(["stopped", 0]);
    }
    expect(queue.counts).toEqual({ visible: 1, inFlight: 0, delayed: 0 });
  });

  it("a consumer starts though every thread is busy with the messages of another", async () => {
    const handler = wishes({ maxThreads: 1 });
    await using queue = await createQueue({ kind: "loop" });
    await using empty = await createQueue();
    await using first = createRig(queue, handler);
    await using second = createRig(empty, handler);
    await first.consumer.start();
    await eventually(() => first.consumer.stats().running === 1);
    void second.consumer.start().catch(() => undefined); // A stop ends it, should it hang.
    await eventually(() => second.consumer.state === "running");
    expect(handler.threads).toBe(1);
  });

  it("threads that cannot start keep the consumer from starting", async () => {
    await using queue = await createQueue();
    const execArgv = ["--import", "data:text/javascript,throw new Error('no preload')"];
    const handler = wishes({ execArgv, minThreads: 2 });
    await using rig = createRig(queue, handler);
    const { consumer } = rig;
    await expect(consumer.start()).rejects.toMatchObject({ code: "THREAD_CRASHED" });
    expect([consumer.state, handler.threads]).toEqual(["stopped", 0]);
  });
});

describe.concurrent("a stop", () => {
  beforeEach(() => isolateAwsEnvironment());

  it("waits for handlers, leaves no thread, and the next start has new ones", async () => {
    const handler = wishes({ minThreads: 2 });
    await using queue = await createQueue();
    await using rig = createRig(queue, handler);
    const { consumer } = rig;
    for (let life = 1; life <= 2; life += 1) {
      await consumer.start();
      expect(handler.threads).toBe(2);
      for (const ms of [400, 400]) {
        const MessageBody = JSON.stringify({ kind: "compute", ms });
        await queue.server.sqs.sendMessage({ QueueUrl: queue.url, MessageBody });
      }
      await eventually(() => consumer.stats().running === 2);
      expect(await consumer.stop()).toMatchObject({ isDrained: true, handlersAborted: 0 });
      expect([handler.threads, queue.size, consumer.stats().counters.settled.ack]).toEqual([0, 0, 2 * life]);
    }
  });

  it("out of time, ends what hears no signal: no handler is left, and its message is visible to others", async () => {
    const handler = wishes();
    await using queue = await createQueue({ kind: "loop" }, { kind: "ignoreSignal" });
    await using rig = createRig(queue, handler);
    const { consumer, errors, failures } = rig;
    await consumer.start();
    await eventually(() => consumer.stats().running === 2);
    const result = await consumer.stop({ timeoutMs: 200 });
    expect(result).toMatchObject({ isDrained: false, handlersAborted: 2, handlersAbandoned: 0, settlementsLost: 0 });
    expect([handler.threads, errors, failures]).toEqual([0, [], []]);
    expect(queue.counts).toEqual({ visible: 2, inFlight: 0, delayed: 0 });
  });

  it("leaves no thread even when the grace of threads is longer than that of the consumer", async () => {
    const handler = wishes({ abortGraceMs: 60_000 });
    await using queue = await createQueue({ kind: "loop" });
    await using rig = createRig(queue, handler, { abortGraceMs: 50 });
    const { consumer } = rig;
    await consumer.start();
    await eventually(() => consumer.stats().running === 1);
    const result = await consumer.stop({ timeoutMs: 50 });
    expect(result).toMatchObject({ isDrained: false, handlersAborted: 1 });
    expect([handler.threads, queue.counts.visible]).toEqual([0, 1]);
  });

  it("ends the threads of a handler inside a function of the user's", async () => {
    const handler = wishes();
    await using queue = await createQueue({ kind: "value", value: 4 });
    const answers: unknown[] = [];
    await using rig = createRig(queue, async (message, context) => {
      answers.push(await handler(message, context));
    });
    const { consumer } = rig;
    await consumer.start();
    await eventually(() => queue.size === 0);
    expect(handler.threads).toBe(1);
    await consumer.stop();
    expect([handler.threads, answers]).toEqual([0, [4]]);
  });

  it("out of time, lets no function of the user's go on without the thread's result, and acknowledge", async () => {
    const handler = wishes({ abortGraceMs: 0 });
    await using queue = await createQueue({ kind: "loop" });
    const stored: unknown[] = [];
    await using rig = createRig(
      queue,
      async (message, context) => {
        stored.push(await handler(message, context));
      },
      { ...ONE_SLOT, abortGraceMs: 10_000 },
    );
    const { consumer } = rig;
    await consumer.start();
    await eventually(() => consumer.stats().running === 1);
    await consumer.stop({ timeoutMs: 0 });
    expect([stored, consumer.stats().counters.settled.ack, queue.counts.visible]).toEqual([[], 0, 1]);
  });

  it("ends the threads of a handler inside withSchema, and they are there from the start", async () => {
    const handler = handlerOf("wishes.js", { minThreads: 1 });
    await using queue = await createQueue({ kind: "value" });
    const schema = z.object({ kind: z.string() });
    await using rig = createRig(queue, withSchema(schema, handler));
    const { consumer } = rig;
    await consumer.start();
    expect(handler.threads).toBe(1);
    await eventually(() => queue.size === 0);
    await consumer.stop();
    expect(handler.threads).toBe(0);
  });

  it("of one consumer leaves the threads to another that has the same handler", async () => {
    const handler = wishes();
    await using busy = await createQueue();
    await using stuck = await createQueue({ kind: "loop" });
    await using first = createRig(busy, handler);
    await using second = createRig(stuck, handler, ONE_SLOT);
    await Promise.all([first.consumer.start(), second.consumer.start()]);
    await eventually(() => second.consumer.stats().running === 1);
    expect(await second.consumer.stop({ timeoutMs: 0 })).toMatchObject({ handlersAborted: 1, handlersAbandoned: 0 });
    expect(stuck.counts.visible).toBe(1);
    await busy.server.sqs.sendMessage({ QueueUrl: busy.url, MessageBody: JSON.stringify({ kind: "value" }) });
    await eventually(() => first.consumer.stats().counters.settled.ack === 1);
    expect(first.failures).toEqual([]);
    await first.consumer.stop();
    expect(handler.threads).toBe(0);
  });

  it("while the threads are being made ready ends them", async () => {
    const handler = wishes({ minThreads: 2 });
    await using queue = await createQueue();
    await using rig = createRig(queue, handler);
    const { consumer } = rig;
    const starting = consumer.start();
    await consumer.stop({ timeoutMs: 0 });
    await expect(starting).rejects.toMatchObject({ code: "STOPPED" });
    expect(handler.threads).toBe(0);
    await consumer.start();
    expect(handler.threads).toBe(2);
  });
});
