// The threads themselves, over piscina: spawned for work, let go when idle, ended one by one when they must be.
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import type { Worker } from "node:worker_threads";
import type { Piscina } from "piscina";
import { MillraceError } from "../errors.js";
import type { ResolvedThreadsOptions } from "./options.js";
import type { ThreadTask } from "./protocol.js";

/** A task in a thread. */
export interface ThreadRun {
  /** Resolves when the thread has done it. Rejects when the thread has ended before, or was not given it. */
  readonly done: Promise<void>;
  /** Ends the thread and resolves when it is gone. `done` rejects. */
  end(): Promise<void>;
}

/**
 * A thread has ended by itself that had nothing to do, or was only starting. In the second case a task may have waited for it
 * that nothing else will take up: `isTaskForgotten`.
 */
type OnLost = (error: Error, isTaskForgotten: boolean) => void;

/** What runs in a thread: built beside this file, and in the same language. */
const THREAD_FILE: string = fileURLToPath(new URL(`./thread${extname(import.meta.url)}`, import.meta.url));

/**
 * A set of threads. There must never be more tasks than `maxThreads`: piscina's own queue is not used, because a task that
 * waits there is forgotten when the thread dies that it waits for.
 */
export class Threads {
  readonly #piscina: Piscina;
  /** Threads that have not exited, and their exits; those that piscina has dismissed included. */
  readonly #alive = new Map<Worker, Promise<void>>();
  readonly #onLost: OnLost;

  private constructor(piscina: Piscina, onLost: OnLost) {
    this.#piscina = piscina;
    this.#onLost = onLost;
    piscina.on("workerCreate", () => this.#watch());
    piscina.on("error", (error: Error) => onLost(error, this.#isTaskForgotten));
    this.#watch();
  }

  /**
   * Loads piscina, and starts the threads that are always kept.
   *
   * @throws MillraceError with PEER_MISSING.
   */
  static async create(options: ResolvedThreadsOptions, onLost: OnLost): Promise<Threads> {
    const { minThreads, maxThreads, idleTimeoutMs, maxHeapMb, execArgv } = options;
    const Piscina = await loadPiscina();
    const piscina = new Piscina({
      filename: THREAD_FILE,
      name: "work",
      minThreads,
      maxThreads,
      idleTimeout: idleTimeoutMs,
      // Between two tasks a thread goes on: what it waits for is its handlers' business, and a crash is nobody else's.
      atomics: "disabled",
      recordTiming: false,
      ...(maxHeapMb < Infinity && { resourceLimits: { maxOldGenerationSizeMb: maxHeapMb } }),
      ...(execArgv !== undefined && { execArgv: [...execArgv] }),
    });
    return new Threads(piscina, onLost);
  }

  /** How many there are. */
  get size(): number {
    return this.#alive.size;
  }

  /** Has a thread do it: one that is idle, or a new one. */
  run(task: ThreadTask): ThreadRun {
    const ending = new AbortController();
    const done = this.#run(task, ending.signal);
    this.#watch();
    return { done, end: () => this.#end(ending) };
  }

  /** Ends every thread, and resolves when all are gone. */
  async close(): Promise<void> {
    this.#watch();
    await this.#piscina.destroy();
    await Promise.all(this.#alive.values());
  }

  /** Whether more tasks wait than threads are starting: there are never more tasks than threads. */
  get #isTaskForgotten(): boolean {
    return this.#piscina.queueSize > 0;
  }

  async #run(task: ThreadTask, signal: AbortSignal): Promise<void> {
    await this.#piscina.run(task, { transferList: [task.port as never], signal });
  }

  async #end(ending: AbortController): Promise<void> {
    const before = this.#piscina.threads;
    ending.abort(); // Piscina ends the thread that has the task, and drops it from its list at once.
    const dismissed = before.filter((thread) => !this.#piscina.threads.includes(thread));
    for (const thread of dismissed) await this.#alive.get(thread);
  }

  /** Takes note of new threads. */
  #watch(): void {
    for (const thread of this.#piscina.threads) {
      if (this.#alive.has(thread)) continue;
      const exited = new Promise<void>((resolve) => {
        thread.once("exit", (code) => {
          this.#alive.delete(thread);
          resolve();
          // Of a thread that exits while it starts, without an error, piscina does not tell.
          if (this.#isTaskForgotten) this.#onLost(new Error(`worker exited with code: ${code}`), true);
        });
      });
      this.#alive.set(thread, exited);
    }
  }
}

async function loadPiscina(): Promise<typeof Piscina> {
  try {
    return (await import("piscina")).Piscina;
  } catch (cause) {
    const text = "The package piscina could not be loaded. Install it beside millrace: npm install piscina";
    throw new MillraceError("PEER_MISSING", text, { cause });
  }
}
