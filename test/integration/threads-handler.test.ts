// A handler in real threads: what reaches it, what comes back, and what becomes of threads that crash or do not end.
import { MillraceError, OptionError } from "millrace";
import type { ThreadHandler } from "millrace/threads";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { isOutcome } from "../../src/runner/outcome.js";
import { eventually } from "../support/http-queue.js";
import { contextWith, handlerOf } from "../support/threads.js";
import type { Wish } from "../support/thread-modules/wishes.js";

const timeout = new MillraceError("HANDLER_TIMEOUT", "too long");

/** Where a message was handled. */
interface Place {
  readonly isMainThread: boolean;
  readonly threadId: number;
}

async function placeOf(handler: ThreadHandler<Wish>): Promise<Place> {
  return (await handler({ kind: "where" }, contextWith())) as Place;
}

describe("what reaches the thread, and what comes back", () => {
  const handler = handlerOf("wishes.js");
  const grant = (wish: Wish, context = contextWith()): Promise<unknown> => handler(wish, context);
  afterAll(() => handler.close());

  it("the handler runs in another thread", async () => {
    expect(await placeOf(handler)).toEqual({ isMainThread: false, threadId: expect.any(Number) as number });
  });

  it("messages and results are copied", async () => {
    const value = { text: "é", bytes: new Uint8Array([1, 2]), at: new Date(0), map: new Map([[1, new Set([2])]]) };
    expect(await grant({ kind: "value", value })).toEqual(value);
    expect(await grant({ kind: "value" })).toBeUndefined();
  });

  it("the context comes along, without a resource", async () => {
    const receivedAt = new Date("2026-01-02T03:04:05Z");
    const context = contextWith({ attempt: 4, groupId: "customer-7", receivedAt, resource: { connection: () => 1 } });
    const expected = { attempt: 4, groupId: "customer-7", receivedAt, resource: undefined };
    expect(await grant({ kind: "context" }, context)).toEqual(expected);
  });

  it.each<[string, unknown]>([
    ["ack", { kind: "ack", value: 12 }],
    ["retry", { kind: "retry", afterSeconds: 7 }],
    ["retryWithPause", { kind: "retry", afterSeconds: 7, pause: "queue" }],
    ["release", { kind: "release" }],
    ["drop", { kind: "drop", reason: "a duplicate" }],
  ])("the outcome %s arrives as an outcome", async (kind, expected) => {
    const outcome = await grant({ kind, value: 12 });
    expect(isOutcome(outcome)).toBe(true);
    expect(outcome).toMatchObject(expected as object);
  });

  it("an outcome that was thrown is thrown: a function that waits for a result does not take it for one", async () => {
    const outcome = await grant({ kind: "deadLetter" }).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(isOutcome(outcome)).toBe(true);
    expect(outcome).toMatchObject({ kind: "deadLetter", reason: "no such customer" });
  });

  it("errors keep class, name, message, code, stack and cause", async () => {
    const error = await grant({ kind: "throw" }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(TypeError);
    expect(error).toMatchObject({ message: "outer", code: "E_OUTER", attempts: 3 });
    expect((error as Error).stack).toContain("wishes.ts");
    expect((error as Error).cause).toBeInstanceOf(RangeError);
    expect((error as Error).cause).toMatchObject({ message: "inner", code: "E_INNER" });
  });

  it("errors of millrace are errors of millrace", async () => {
    const error = await grant({ kind: "throwOurs" }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(OptionError);
    expect(error).toMatchObject({ code: "OPTION_INVALID", option: "size", expected: "a number", received: '"many"' });
  });

  it("what is thrown need not be an error", async () => {
    await expect(grant({ kind: "throwText" })).rejects.toBe("text");
  });

  it("a message that cannot be copied fails with the place, and costs no thread", async () => {
    const { threadId } = await placeOf(handler);
    const wish = { kind: "value", value: { onDone: () => undefined } };
    await expect(grant(wish)).rejects.toMatchObject({
      code: "NOT_CLONEABLE",
      message: "This cannot be copied between threads: message.value.onDone, a function.",
    });
    expect((await placeOf(handler)).threadId).toBe(threadId);
  });

  it.each([
    ["returnFunction", "the handler's result.hooks[0], a function"],
    ["ackFunction", "the handler's result.outcome.value.again, a function"],
  ])("so does a result: %s", async (kind, place) => {
    const { threadId } = await placeOf(handler);
    await expect(grant({ kind })).rejects.toMatchObject({
      code: "NOT_CLONEABLE",
      message: `This cannot be copied between threads: ${place}.`,
    });
    expect((await placeOf(handler)).threadId).toBe(threadId);
  });

  it("extend reaches the source, and its failure the handler", async () => {
    const asked: number[] = [];
    const failure = new MillraceError("LEASE_LOST", "The message is settled: it cannot be extended.");
    const extend = (seconds: number): Promise<void> => {
      asked.push(seconds);
      return seconds > 60 ? Promise.reject(failure) : Promise.resolve();
    };
    expect(await grant({ kind: "extend", value: 45 }, contextWith({ extend }))).toBe("extended");
    const error = await grant({ kind: "extend", value: 90 }, contextWith({ extend })).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(MillraceError);
    expect(error).toMatchObject({ code: "LEASE_LOST", message: failure.message });
    expect(asked).toEqual([45, 90]);
  });

  it("the signal aborts in the thread, with its reason", async () => {
    const controller = new AbortController();
    const waiting = grant({ kind: "untilAborted" }, contextWith({ signal: controller.signal }));
    controller.abort(timeout);
    const error = await waiting.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(MillraceError);
    expect(error).toMatchObject({ code: "HANDLER_TIMEOUT", message: "too long" });
  });

  it("what a handler says after its signal has aborted counts, and its thread is kept", async () => {
    const { threadId } = await placeOf(handler);
    const controller = new AbortController();
    const waiting = grant({ kind: "cleanUp" }, contextWith({ signal: controller.signal }));
    controller.abort(timeout);
    expect(await waiting).toMatchObject({ kind: "drop", reason: "cleaned up after HANDLER_TIMEOUT" });
    expect((await placeOf(handler)).threadId).toBe(threadId);
  });

  it("a signal that has aborted before is aborted there, too", async () => {
    const context = contextWith({ signal: AbortSignal.abort(timeout) });
    await expect(grant({ kind: "untilAborted" }, context)).rejects.toMatchObject({ code: "HANDLER_TIMEOUT" });
  });
});

describe("modules of every kind", () => {
  it.each([
    ["common.cjs", "cat by CommonJS"],
    ["transpiled.cjs", "cat by a compiler"],
    ["plain.mjs", "cat by a module"],
  ])("%s", async (module, result) => {
    await using handler = handlerOf<string>(module);
    expect(await handler("cat", contextWith())).toBe(result);
  });

  it.each([
    ["no-handler.mjs", "has no handler: expected a function as its default export. It exports resize."],
    ["broken.mjs", "could not be loaded: Error: no licence"],
  ])("%s is refused, with what is wrong", async (module, text) => {
    await using handler = handlerOf<string>(module);
    const error: unknown = await handler("cat", contextWith()).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "HANDLER_MODULE_INVALID" });
    expect(String(error)).toContain(`${module} ${text}`);
  });
});

describe("a thread that ends takes only its own message along", () => {
  const handler = handlerOf("wishes.js", { abortGraceMs: 50, maxHeapMb: 64 });
  afterAll(() => handler.close());

  it.each([
    ["loop", "THREAD_ENDED", "The handler has not ended 50 ms after its signal had aborted: its thread was ended."],
    ["ignoreSignal", "THREAD_ENDED", "The handler has not ended 50 ms after its signal had aborted"],
    ["exit", "THREAD_CRASHED", "The handler's thread has ended before the handler: worker exited with code: 3"],
    ["uncaught", "THREAD_CRASHED", "The handler's thread has ended before the handler: nobody catches this"],
    ["memory", "THREAD_OUT_OF_MEMORY", "The handler's thread has run out of memory and ended."],
  ])("%s", async (kind, code, text) => {
    const controller = new AbortController();
    const ill = handler({ kind }, contextWith({ signal: controller.signal })).catch((thrown: unknown) => thrown);
    const healthy = Array.from({ length: 8 }, (_, value) => handler({ kind: "value", value }, contextWith()));
    expect(await Promise.all(healthy)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    if (code === "THREAD_ENDED") controller.abort(timeout);
    const error = (await ill) as MillraceError;
    expect(error).toBeInstanceOf(MillraceError);
    expect(error.code).toBe(code);
    expect(error.message).toContain(text);
    expect(error.cause).toBeInstanceOf(Error);
  });

  it("a thread that was ended is gone when its message fails", async () => {
    await eventually(() => handler.threads <= 1);
    const controller = new AbortController();
    const looping = handler({ kind: "loop" }, contextWith({ signal: controller.signal }));
    await placeOf(handler); // In the other thread.
    const before = handler.threads;
    controller.abort(timeout);
    await expect(looping).rejects.toMatchObject({ code: "THREAD_ENDED", cause: timeout });
    expect(handler.threads).toBe(before - 1);
  });

  it("a stop that is out of time gives the message back", async () => {
    const context = contextWith({ signal: AbortSignal.abort(new MillraceError("STOPPED", "out of time")) });
    await expect(handler({ kind: "loop" }, context)).rejects.toMatchObject({ kind: "release" });
  });
});

describe("threads grow and shrink with the work", () => {
  const handlers: Array<ThreadHandler<Wish>> = [];
  const create = (options: Parameters<typeof handlerOf>[1]): ThreadHandler<Wish> => {
    const handler = handlerOf("wishes.js", options);
    handlers.push(handler);
    return handler;
  };
  afterEach(() => Promise.all(handlers.splice(0).map((handler) => handler.close())));

  it("none before the first message, no more than there is work for, and none when idle", async () => {
    const handler = create({ maxThreads: 3, idleTimeoutMs: 50 });
    expect(handler.threads).toBe(0);
    await handler({ kind: "value" }, contextWith());
    expect(handler.threads).toBe(1);
    const controller = new AbortController();
    const busy = Array.from({ length: 5 }, () =>
      handler({ kind: "cleanUp" }, contextWith({ signal: controller.signal })),
    );
    await eventually(() => handler.threads === 3);
    controller.abort(timeout);
    await Promise.allSettled(busy);
    await eventually(() => handler.threads === 0);
  });

  it("keeps minThreads", async () => {
    const handler = create({ maxThreads: 2, minThreads: 1, idleTimeoutMs: 20, abortGraceMs: 20_000 });
    const controller = new AbortController();
    const busy = [1, 2].map(() => handler({ kind: "cleanUp" }, contextWith({ signal: controller.signal })));
    await eventually(() => handler.threads === 2);
    controller.abort(timeout);
    await Promise.all(busy);
    await eventually(() => handler.threads === 1);
    const { threadId } = await placeOf(handler);
    // The idle time of another, spent meanwhile, is over when its thread has gone.
    const other = create({ idleTimeoutMs: 60 });
    await placeOf(other);
    await eventually(() => other.threads === 0);
    expect((await placeOf(handler)).threadId).toBe(threadId);
  });

  it("a thread has one message at a time: the others wait, and may give up", async () => {
    const handler = create({ maxThreads: 1, abortGraceMs: 20_000 });
    const [first, second] = [new AbortController(), new AbortController()];
    const running = handler({ kind: "cleanUp" }, contextWith({ signal: first.signal }));
    const waiting = handler({ kind: "value" }, contextWith({ signal: second.signal }));
    const stopped = handler(
      { kind: "value" },
      contextWith({ signal: AbortSignal.abort(new MillraceError("STOPPED", "")) }),
    );
    const last = handler({ kind: "value", value: "last" }, contextWith());
    await expect(stopped).rejects.toMatchObject({ kind: "release" });
    second.abort(timeout);
    await expect(waiting).rejects.toBe(timeout);
    first.abort(timeout);
    await running;
    expect(await last).toBe("last");
    expect(handler.threads).toBe(1);
  });

  it("closing ends busy threads, and the next message has a new one", async () => {
    const handler = create({ maxThreads: 1 });
    const looping = Promise.allSettled([handler({ kind: "loop" }, contextWith())]);
    await eventually(() => handler.threads === 1);
    await handler.close();
    expect(handler.threads).toBe(0);
    expect(await looping).toMatchObject([{ reason: { kind: "release" } }]);
    expect(await handler({ kind: "value", value: "again" }, contextWith())).toBe("again");
  });

  it("closing twice, and before the first message, does nothing", async () => {
    const handler = create({});
    await handler.close();
    await Promise.all([handler.close(), handler.close()]);
    expect(handler.threads).toBe(0);
  });

  it("threads that cannot start fail the messages that wait for them", async () => {
    const handler = create({ execArgv: ["--import", "data:text/javascript,throw new Error('no preload')"] });
    const calls = [1, 2, 3].map(() => handler({ kind: "value" }, contextWith()));
    for (const result of await Promise.allSettled(calls)) {
      expect(result).toMatchObject({ status: "rejected", reason: { code: "THREAD_CRASHED" } });
      expect(String((result as PromiseRejectedResult).reason)).toContain("no preload");
    }
    await eventually(() => handler.threads === 0);
  });
});
