// Threads that end when nobody expects it, and handlers that are closed: what becomes of the other messages, and of threads.
import { randomUUID } from "node:crypto";
import { existsSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MillraceError } from "millrace";
import type { ThreadHandler } from "millrace/threads";
import { afterEach, describe, expect, it } from "vitest";
import type { HandlerHost } from "../../src/consumer/handler-life.js";
import { eventually } from "../support/http-queue.js";
import { contextWith, handlerOf } from "../support/threads.js";
import type { Wish } from "../support/thread-modules/wishes.js";

const handlers: Array<ThreadHandler<Wish>> = [];
afterEach(() => Promise.all(handlers.splice(0).map((handler) => handler.close())));

function create(options: Parameters<typeof handlerOf>[1] = {}): ThreadHandler<Wish> {
  const handler = handlerOf("wishes.js", options);
  handlers.push(handler);
  return handler;
}

/** What a consumer is to a handler, until it stops. */
class Host implements Pick<HandlerHost, "onStop" | "report"> {
  readonly errors: unknown[] = [];
  readonly #ends: Array<() => void | Promise<void>> = [];
  #hasStopped = false;

  onStop(end: () => void | Promise<void>): boolean {
    this.#ends.push(end);
    return !this.#hasStopped;
  }

  report(error: unknown): void {
    this.errors.push(error);
  }

  get context(): ReturnType<typeof contextWith> {
    return Object.assign(contextWith(), { handlerHost: this });
  }

  async stop(): Promise<void> {
    this.#hasStopped = true;
    for (const end of this.#ends.splice(0)) await end();
  }
}

/** A message whose thread is in a native call, and cannot be ended before that is over. */
class Blocked {
  readonly result: Promise<unknown>;
  readonly #file = join(tmpdir(), `millrace-${randomUUID()}`);
  readonly #controller = new AbortController();

  constructor(handler: ThreadHandler<Wish>) {
    const context = contextWith({ signal: this.#controller.signal });
    this.result = handler({ kind: "block", value: this.#file }, context);
    this.result.catch(() => undefined);
  }

  async begun(): Promise<void> {
    await eventually(() => existsSync(this.#file));
  }

  abort(): void {
    this.#controller.abort(new MillraceError("HANDLER_TIMEOUT", "too long"));
  }

  end(): void {
    rmSync(this.#file);
  }
}

describe("a thread that crashes when its message is done", () => {
  it("fails no message whose own thread is only starting, and is reported", async () => {
    const handler = create();
    const host = new Host();
    await handler({ kind: "uncaughtLater" }, host.context); // In the first thread.
    const results = [1, 2].map((value) => handler({ kind: "value", value }, host.context));
    expect(await Promise.all(results)).toEqual([1, 2]);
    await eventually(() => host.errors.length > 0);
    expect(host.errors).toMatchObject([{ code: "THREAD_CRASHED", cause: { message: "later" } }]);
  });

  it("is reported while another thread is being ended, which is not its message's doing", async () => {
    const handler = create({ abortGraceMs: 0 });
    const host = new Host();
    const blocked = new Blocked(handler);
    await blocked.begun();
    blocked.abort();
    await handler({ kind: "uncaughtLater" }, host.context); // In the other thread.
    await eventually(() => host.errors.length > 0);
    blocked.end();
    expect(host.errors).toMatchObject([{ code: "THREAD_CRASHED", cause: { message: "later" } }]);
    await expect(blocked.result).rejects.toMatchObject({ code: "THREAD_ENDED" });
  });
});

it("threads that end while they start fail the messages that wait for them", { timeout: 10_000 }, async () => {
  const handler = create({ execArgv: ["--import", "data:text/javascript,process.exit(7)"] });
  const calls = [1, 2, 3].map((value) => handler({ kind: "value", value }, contextWith()));
  for (const result of await Promise.allSettled(calls)) {
    expect(result).toMatchObject({ status: "rejected", reason: { code: "THREAD_CRASHED" } });
  }
  await eventually(() => handler.threads === 0);
});

describe("closing", () => {
  it("ends idle threads though another is in a native call that cannot be ended", async () => {
    const handler = create();
    const blocked = new Blocked(handler);
    await blocked.begun();
    await handler({ kind: "value" }, contextWith());
    expect(handler.threads).toBe(2);
    const closing = handler.close();
    await eventually(() => handler.threads === 1);
    blocked.end();
    await closing;
    expect(handler.threads).toBe(0);
    await expect(blocked.result).rejects.toMatchObject({ kind: "release" });
  });

  it.each([0, 1])("gives messages back that wait for a thread, and starts none: minThreads %i", async (minThreads) => {
    const handler = create({ maxThreads: 1, minThreads });
    const calls = [1, 2, 3].map(() => handler({ kind: "loop" }, contextWith()));
    const ended = Promise.allSettled(calls);
    await eventually(() => handler.threads === 1);
    await handler.close();
    expect(await ended).toMatchObject(calls.map(() => ({ reason: { kind: "release" } })));
    expect(handler.threads).toBe(0);
  });

  it("gives messages back whose threads are only starting", async () => {
    const handler = create();
    const calls = [1, 2, 3].map((value) => handler({ kind: "value", value }, contextWith()));
    const ended = Promise.allSettled(calls);
    await handler.close();
    expect(await ended).toMatchObject(calls.map(() => ({ reason: { kind: "release" } })));
    expect(handler.threads).toBe(0);
  });
});

it("a message of a consumer that has stopped is given back, and keeps no thread alive", async () => {
  const handler = create();
  const [stopped, other] = [new Host(), new Host()];
  await handler({ kind: "value" }, stopped.context);
  await handler({ kind: "value" }, other.context);
  await stopped.stop();
  await expect(handler({ kind: "value" }, stopped.context)).rejects.toMatchObject({ kind: "release" });
  await other.stop();
  expect(handler.threads).toBe(0);
});
