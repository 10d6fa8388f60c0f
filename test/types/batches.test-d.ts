// What a handler of batches is called with, and what it may answer.
import type { Message as SdkMessage } from "@aws-sdk/client-sqs";
import {
  ack,
  type BatchContext,
  type BatchItem,
  Consumer,
  inBatches,
  type Message,
  PoolWorker,
  retry,
  type Runner,
  withSchema,
} from "millrace";
import { describe, expectTypeOf, it } from "vitest";
import * as z from "zod";

const queueUrl = "https://sqs.eu-central-1.amazonaws.com/000000000000/jobs";
declare const jobs: Runner<{ readonly name: string }>;
declare function insert(rows: readonly unknown[]): Promise<number>;

describe("a handler of batches", () => {
  it("of a queue takes items with messages of the SDK's, and a context for all", () => {
    const handler = inBatches((items, batch) => {
      expectTypeOf(items).toEqualTypeOf<ReadonlyArray<BatchItem<Message>>>();
      expectTypeOf(items.map(({ message }) => message)).toExtend<SdkMessage[]>();
      expectTypeOf(batch).toEqualTypeOf<BatchContext>();
      expectTypeOf(batch.key).toEqualTypeOf<string>();
      expectTypeOf(batch.signal).toEqualTypeOf<AbortSignal>();
    });
    new Consumer(handler, { queueUrl });
  });

  it("of a runner takes that runner's messages", () => {
    const handler = inBatches<{ readonly name: string }>((items) => void items.map(({ message }) => message.name), {
      key: (message) => message.name,
    });
    new Consumer(handler, { runner: jobs });
    // @ts-expect-error -- The messages of this handler are not those of a queue.
    new Consumer(handler, { queueUrl });
    const ofQueue = inBatches(() => undefined);
    // @ts-expect-error -- A message of a queue is none of this runner's.
    new Consumer(ofQueue, { runner: jobs });
  });

  it("finds in each item's context what its worker owns", () => {
    const worker = new PoolWorker({ maxWorkers: 200, onWorkerStart: () => ({ query: (text: string) => text.length }) });
    const handler = inBatches<Message, { query(text: string): number }>((items) => {
      for (const { context } of items) expectTypeOf(context.resource.query("")).toEqualTypeOf<number>();
    });
    new Consumer(handler, { queueUrl, worker });
    const other = new PoolWorker({ maxWorkers: 200, onWorkerStart: () => 5 });
    // @ts-expect-error -- The workers own a number.
    new Consumer(handler, { queueUrl, worker: other });
  });

  it("goes inside withSchema, where the items are bodies", () => {
    const Order = z.object({ id: z.number() });
    const handler = inBatches<z.infer<typeof Order>>((items) => void items.map(({ message }) => message.id));
    new Consumer(withSchema(Order, handler), { queueUrl });
  });
});

describe("its answer", () => {
  it("is nothing, an outcome, or a list of them", () => {
    inBatches(() => undefined);
    inBatches(async () => {});
    inBatches(() => retry());
    inBatches((items) => items.map(({ context }) => (context.attempt > 1 ? ack() : undefined)));
    inBatches(async (items) => items.map(() => new Error("no")));
  });

  it("is nothing else", () => {
    // @ts-expect-error -- What was inserted says nothing of the messages.
    inBatches((items) => insert(items));
    // @ts-expect-error -- An answer of Lambda's.
    inBatches(() => ({ batchItemFailures: [] }));
    // @ts-expect-error -- Promises are to be awaited.
    inBatches((items) => items.map(async () => undefined));
    // @ts-expect-error -- What Promise.allSettled says is to be made into outcomes.
    inBatches((items) => Promise.allSettled(items.map(async () => undefined)));
  });
});

describe("a key", () => {
  it("is a string, made of a message and its context", () => {
    inBatches(() => undefined, { key: ({ Body = "" }, { groupId }) => groupId ?? Body });
    // @ts-expect-error -- A number is none.
    inBatches(() => undefined, { key: () => 5 });
  });
});
