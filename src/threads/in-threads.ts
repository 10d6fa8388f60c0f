/// <reference lib="esnext.disposable" preserve="true" />
// A handler that runs in worker threads: it hands each message to a thread that is free, and its answer back.
import type { HandlerContext } from "../consumer/context.js";
import { type HandlerHost, hostOf, withTraits } from "../consumer/handler-life.js";
import { isOutcome } from "../runner/outcome.js";
import type { Message } from "../sqs/message.js";
import { type ResolvedThreadsOptions, resolveThreadsOptions, type ThreadsOptions } from "./options.js";
import { createCrashError, giveBack, isStop, ThreadCall } from "./thread-call.js";
import { Threads } from "./threads.js";
import { Turnstile } from "./turnstile.js";

/** A handler that runs in worker threads. The consumer that it is given to ends them when it stops. */
export interface ThreadHandler<SourceMessage = Message> extends AsyncDisposable {
  (message: SourceMessage, context: HandlerContext): Promise<unknown>;
  /** How many threads there are now. */
  readonly threads: number;
  /**
   * Ends all threads, and what they are doing; messages that wait for one are given back. Only needed where no consumer does
   * it: in a test of the handler, say.
   */
  close(): Promise<void>;
}

/**
 * Makes a handler of a module: its default export, a `Handler`, is called in worker threads, one message at a time in each.
 * The threads are spawned as they are needed, up to `maxThreads`, ended after a while of idleness, and all ended when the
 * consumer stops. Polling, acknowledging and heartbeats go on in the main thread meanwhile.
 *
 * The handler has the same context as any other, but no `resource`. Message and result are copied by the
 * [structured clone algorithm](https://developer.mozilla.org/en-US/docs/Web/API/Web_Workers_API/Structured_clone_algorithm).
 * A handler that has not ended `abortGraceMs` after its signal has aborted has its thread ended; so does one that runs out
 * of memory or crashes. Only its own message fails.
 *
 * Needs the package piscina, an optional peer dependency.
 *
 * @param module - The module, as `new URL("./resize.js", import.meta.url)` or as a path. Where the `.js` does not exist, the
 * `.ts` beside it is taken: for programs that run from their sources.
 * @typeParam SourceMessage - What the handler is called with: SQS messages, unless a runner brings others.
 * @throws OptionError when there is no such file, or an option cannot be used. Nothing was started then.
 */
export function inThreads<SourceMessage = Message>(
  module: URL | string,
  options: ThreadsOptions = {},
): ThreadHandler<SourceMessage> {
  const handlers = new ThreadHandlers(resolveThreadsOptions(module, options));
  const close = (): Promise<void> => handlers.close();
  const handler = (message: SourceMessage, context: HandlerContext): Promise<unknown> =>
    handlers.call(message, context);
  Object.defineProperties(handler, {
    threads: { get: () => handlers.size },
    close: { value: close },
    [Symbol.asyncDispose]: { value: close },
  });
  return withTraits(handler as ThreadHandler<SourceMessage>, handlers);
}

/** The calls of one handler, for all consumers that have it. */
class ThreadHandlers {
  /** A message more than there are threads would only wait for one. */
  readonly concurrency: number;
  readonly #options: ResolvedThreadsOptions;
  readonly #turns: Turnstile;
  readonly #hosts = new Set<HandlerHost>();
  readonly #calls = new Map<ThreadCall, HandlerHost | undefined>();
  #opening: Promise<Threads> | undefined;
  #threads: Threads | undefined;
  /** Whether the module is known to be good, since the threads were opened. */
  #isLoaded = false;

  constructor(options: ResolvedThreadsOptions) {
    this.#options = options;
    this.concurrency = options.maxThreads;
    this.#turns = new Turnstile(options.maxThreads);
  }

  get size(): number {
    return this.#threads?.size ?? 0;
  }

  /** Loads the module in the threads that are always kept, or in one: what is wrong with it is to be known at the start. */
  async prepare(host: HandlerHost): Promise<void> {
    this.#join(host);
    if (this.#isLoaded) return; // By another consumer, whose messages may have all threads for long.
    const count = Math.max(1, this.#options.minThreads);
    await Promise.all(Array.from({ length: count }, () => this.#load(host)));
  }

  async #load(host: HandlerHost): Promise<void> {
    try {
      await this.#take(new ThreadCall(this.#options), host);
      if (this.#hosts.has(host)) this.#isLoaded = true; // Otherwise its threads are being ended.
    } catch (error) {
      if (!isOutcome(error)) throw error; // Otherwise it was ended meanwhile.
    }
  }

  async call(message: unknown, context: HandlerContext): Promise<unknown> {
    const host = hostOf(context);
    if (host !== undefined && !this.#join(host)) giveBack();
    return this.#take(new ThreadCall(this.#options, { message, context }), host);
  }

  async close(): Promise<void> {
    const opening = this.#opening;
    this.#opening = undefined;
    this.#isLoaded = false;
    const callsEnded = this.#endCalls([...this.#calls.keys()]);
    const threads = await opening?.catch(() => undefined);
    await Promise.all([callsEnded, threads?.close()]); // A thread that cannot be ended keeps no other from ending.
  }

  /** False when the consumer has stopped: nothing would end the threads. */
  #join(host: HandlerHost): boolean {
    if (this.#hosts.has(host)) return true;
    if (!host.onStop(() => this.#leave(host))) return false;
    this.#hosts.add(host);
    return true;
  }

  /** The consumer has stopped: what it has left here ends, and with the last consumer all threads. */
  async #leave(host: HandlerHost): Promise<void> {
    this.#hosts.delete(host);
    if (this.#hosts.size === 0) return this.close();
    const calls = [...this.#calls].filter(([, caller]) => caller === host);
    await this.#endCalls(calls.map(([call]) => call));
  }

  async #endCalls(calls: readonly ThreadCall[]): Promise<void> {
    await Promise.all(calls.map((call) => call.end()));
  }

  /** Waits for a free thread and has it make the call. */
  async #take(call: ThreadCall, host: HandlerHost | undefined): Promise<unknown> {
    this.#calls.set(call, host);
    try {
      await this.#turns.enter(call.signal);
    } catch (reason) {
      this.#calls.delete(call);
      if (isStop(reason)) giveBack(); // Not even started.
      throw reason;
    }
    try {
      if (call.hasEnded) giveBack(); // Threads that were opened now would be ended by nobody.
      return await call.run(await this.#open(), (error) => this.#report(error));
    } finally {
      this.#calls.delete(call);
      this.#turns.leave();
    }
  }

  async #open(): Promise<Threads> {
    const opening = (this.#opening ??= this.#create());
    try {
      return await opening;
    } catch (error) {
      if (this.#opening === opening) this.#opening = undefined; // The next message tries again.
      throw error;
    }
  }

  async #create(): Promise<Threads> {
    this.#threads = await Threads.create(this.#options, (...lost) => this.#lost(...lost));
    return this.#threads;
  }

  /** A thread has ended that had no task, or not yet. */
  #lost(error: Error, isTaskForgotten: boolean): void {
    // Which of the tasks it is that waited for this thread, nothing tells.
    const affected = isTaskForgotten ? [...this.#calls.keys()].filter((call) => call.threadLost(error)) : [];
    if (affected.length === 0) this.#report(error); // Otherwise they tell it.
  }

  /** A thread has ended, and no message fails for it. */
  #report(error: unknown): void {
    for (const host of this.#hosts) host.report(createCrashError(error));
  }
}
