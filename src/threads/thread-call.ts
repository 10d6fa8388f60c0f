// One message's way through a thread, seen from the main thread.
import { MessageChannel, type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import type { HandlerContext } from "../consumer/context.js";
import { MillraceError } from "../errors.js";
import { ack, deadLetter, drop, type Outcome, release, retry } from "../runner/outcome.js";
import { findCloneError } from "./cloneable.js";
import { fromPortable, toPortable } from "./portable-error.js";
import type { Answer, FromThread, PortableOutcome, ThreadCallFacts, ToThread } from "./protocol.js";
import type { ResolvedThreadsOptions } from "./options.js";
import type { ThreadRun, Threads } from "./threads.js";

/** What the handler is called with. */
export interface ThreadCallInput {
  readonly message: unknown;
  readonly context: HandlerContext;
}

/** Why a thread was ended by us. */
type EndReason = { readonly kind: "aborted" } | { readonly kind: "closed" } | { readonly kind: "lost"; error: Error };

/** One message in a thread. */
export class ThreadCall {
  readonly #options: Pick<ResolvedThreadsOptions, "moduleUrl" | "abortGraceMs">;
  readonly #input: ThreadCallInput | undefined;
  #port: MessagePort | undefined;
  #run: ThreadRun | undefined;
  #hasStarted = false;
  #answer: Answer | undefined;
  #ended: { readonly reason: EndReason; readonly gone: Promise<void> } | undefined;
  #graceTimer: NodeJS.Timeout | undefined;

  /** @param input - The message and its context; without them, the module is only loaded. */
  constructor(options: Pick<ResolvedThreadsOptions, "moduleUrl" | "abortGraceMs">, input?: ThreadCallInput) {
    this.#options = options;
    this.#input = input;
  }

  get signal(): AbortSignal | undefined {
    return this.#input?.context.signal;
  }

  /** Whether `end` was called. */
  get hasEnded(): boolean {
    return this.#ended !== undefined;
  }

  /**
   * Resolves with what the handler has returned; rejects with what it has thrown, or with `release` when it was ended.
   *
   * @param onCrash - Called when the thread has ended by itself right after its answer, which counts.
   */
  async run(threads: Threads, onCrash: (error: unknown) => void): Promise<unknown> {
    if (this.hasEnded) giveBack();
    const { signal } = this;
    const { port1, port2 } = new MessageChannel();
    const onAbort = (): void => this.#abort(signal?.reason);
    this.#port = port1;
    port1.on("message", (message: FromThread) => this.#receive(message));
    signal?.addEventListener("abort", onAbort, { once: true });
    this.#run = threads.run({ moduleUrl: this.#options.moduleUrl, call: this.#facts, port: port2 });
    if (signal?.aborted === true) onAbort();
    const failure = await this.#run.done.catch((error: unknown) => error);
    this.#receiveAll(port1); // That the thread is done, or gone, may be known before what it has said.
    clearTimeout(this.#graceTimer);
    signal?.removeEventListener("abort", onAbort);
    port1.close();
    if (this.#answer === undefined) return this.#explain(failure);
    if (failure !== undefined && this.#ended === undefined) onCrash(failure);
    return resultOf(this.#answer);
  }

  /** Ends the thread, whatever the handler is doing. A call that has none yet gets none. */
  async end(): Promise<void> {
    this.#end({ kind: "closed" });
    await this.#ended?.gone;
  }

  /** A thread was lost that had not started: this call may have waited for it. Answers whether it ends for that. */
  threadLost(error: Error): boolean {
    return this.#run !== undefined && !this.#hasStarted && this.#end({ kind: "lost", error });
  }

  get #facts(): ThreadCallFacts | undefined {
    if (this.#input === undefined) return undefined;
    const { message, context } = this.#input;
    const { attempt, groupId, receivedAt } = context;
    return { message, attempt, groupId, receivedAt };
  }

  #abort(reason: unknown): void {
    this.#tell({ kind: "abort", reason: toPortable(reason) });
    this.#graceTimer = setTimeout(() => this.#end({ kind: "aborted" }), this.#options.abortGraceMs);
  }

  /** Answers whether it ends for this reason. */
  #end(reason: EndReason): boolean {
    if (this.#ended !== undefined) return false;
    this.#ended = { reason, gone: this.#run?.end() ?? Promise.resolve() };
    return true;
  }

  #receiveAll(port: MessagePort): void {
    for (;;) {
      const received = receiveMessageOnPort(port);
      if (received === undefined) return;
      this.#receive(received.message as FromThread);
    }
  }

  #receive(message: FromThread): void {
    this.#hasStarted = true;
    if (message.kind === "extend") void this.#extend(message);
    else if (message.kind !== "started") this.#answer = message;
  }

  async #extend({ id, seconds }: { readonly id: number; readonly seconds: number }): Promise<void> {
    try {
      await this.#input?.context.extend(seconds);
      this.#tell({ kind: "extended", id });
    } catch (error) {
      this.#tell({ kind: "extended", id, error: toPortable(error) });
    }
  }

  #tell(message: ToThread): void {
    this.#port?.postMessage(message);
  }

  /** The thread has ended before the handler, or was not given the message. */
  async #explain(error: unknown): Promise<never> {
    if (this.#ended === undefined) throw this.#explainCrash(error);
    const { reason, gone } = this.#ended;
    await gone; // A message whose thread still computes has not ended.
    if (reason.kind === "lost") throw createCrashError(reason.error);
    const cause: unknown = this.signal?.reason;
    // As with any handler that runs when a stop's time is over: it is not its fault.
    if (reason.kind === "closed" || isStop(cause)) giveBack();
    const text = `The handler has not ended ${this.#options.abortGraceMs} ms after its signal had aborted: its thread was ended.`;
    throw new MillraceError("THREAD_ENDED", text, { cause });
  }

  #explainCrash(error: unknown): MillraceError {
    const cloneError = this.#hasStarted ? undefined : findCloneError(this.#input?.message, "message", error);
    return cloneError ?? createCrashError(error);
  }
}

/**
 * Gives the message back, by throwing: a function of the user's that waits for a result must not take this for one, go on,
 * and have the message acknowledged.
 */
export function giveBack(): never {
  // oxlint-disable-next-line only-throw-error -- outcomes may be thrown
  throw release();
}

/** Whether a stop is out of time. */
export function isStop(reason: unknown): boolean {
  return reason instanceof MillraceError && reason.code === "STOPPED";
}

/** A thread has ended by itself. */
export function createCrashError(cause: unknown): MillraceError {
  if ((cause as { readonly code?: unknown } | undefined)?.code === "ERR_WORKER_OUT_OF_MEMORY") {
    return new MillraceError("THREAD_OUT_OF_MEMORY", "The handler's thread has run out of memory and ended.", {
      cause,
    });
  }
  const text = cause instanceof Error ? cause.message : String(cause);
  return new MillraceError("THREAD_CRASHED", `The handler's thread has ended before the handler: ${text}`, { cause });
}

function resultOf(answer: Answer): unknown {
  if (answer.kind === "threw") throw fromPortable(answer.error);
  if (answer.kind === "returned") return answer.value;
  const outcome = outcomeFrom(answer.outcome);
  // oxlint-disable-next-line only-throw-error -- outcomes may be thrown
  if (answer.isThrown) throw outcome;
  return outcome;
}

function outcomeFrom(outcome: PortableOutcome): Outcome {
  switch (outcome.kind) {
    case "ack":
      return ack(outcome.value);
    case "retry":
      return retry({ afterSeconds: outcome.afterSeconds, pause: outcome.pause });
    case "release":
      return release();
    case "drop":
      return drop(outcome.reason);
    case "deadLetter":
      return deadLetter(outcome.reason);
  }
}
