// Handlers in threads are handlers: their module's default export has the same type as any.
import { Consumer, type Handler, MemoryRunner, type Message, PoolWorker, withSchema } from "millrace";
import { inThreads } from "millrace/threads";
import { describe, expectTypeOf, it } from "vitest";
import * as z from "zod";

const queueUrl = "https://sqs.eu-central-1.amazonaws.com/000000000000/jobs";
const module = new URL("./resize.js", import.meta.url);

describe("a handler in threads", () => {
  it("is one of a queue's messages", () => {
    new Consumer(inThreads(module), { queueUrl });
    new Consumer(inThreads("./resize.js", { maxThreads: 4 }), { queueUrl });
    expectTypeOf(inThreads(module)).toExtend<Handler<Message>>();
  });

  it("is one of a runner's messages when they are named", () => {
    const runner = new MemoryRunner<{ readonly name: string }>();
    new Consumer(inThreads<{ readonly name: string }>(module), { runner });
    // @ts-expect-error -- The messages of this runner are no numbers.
    new Consumer(inThreads<number>(module), { runner });
    // @ts-expect-error -- A queue has no such messages.
    new Consumer(inThreads<{ readonly name: string }>(module), { queueUrl });
  });

  it("may be wrapped, and stand under any worker", () => {
    new Consumer(withSchema(z.object({ key: z.string() }), inThreads<{ key: string }>(module)), { queueUrl });
    const worker = new PoolWorker({ onWorkerStart: () => ({ connection: 1 }) });
    new Consumer(inThreads(module), { queueUrl, worker });
    new Consumer<Message>(async (message, context) => inThreads(module)(message, context), { queueUrl });
  });

  it("can be closed, and counts its threads", () => {
    expectTypeOf(inThreads(module).threads).toEqualTypeOf<number>();
    expectTypeOf(inThreads(module).close()).toEqualTypeOf<Promise<void>>();
    expectTypeOf(inThreads(module)).toExtend<AsyncDisposable>();
  });

  it("takes options that exist", () => {
    // @ts-expect-error -- It is called maxThreads.
    inThreads(module, { threads: 2 });
    // @ts-expect-error -- A handler is named by its module.
    inThreads(() => undefined);
  });
});
