// A runner whose source is this process: the embedded job queue.
import { type Clock, systemClock } from "../internal/clock.js";
import { DeadlineScheduler } from "../internal/deadline-scheduler.js";
import { createDeferred, type Deferred } from "../internal/deferred.js";
import { OptionReader } from "../internal/options.js";
import { Registry } from "../internal/registry.js";
import type { Intake, Runner } from "../runner/runner.js";
import { RingBuffer } from "../worker/ring-buffer.js";
import { type Job, type JobHost, MemoryJob } from "./memory-job.js";

export type { Job, JobStatus } from "./memory-job.js";

/** What a `MemoryRunner` is made with. */
export interface MemoryRunnerOptions {
  /** How many times a job is tried before it has failed. 1 to Infinity; default 3. */
  maxAttempts?: number | undefined;
  /** For tests: where time comes from. Give the consumer the same. */
  clock?: Clock | undefined;
}

/** The most jobs that are handed over at once, between two looks at whether to stop. */
const MAX_JOBS_AT_ONCE = 100;

/**
 * Jobs that are enqueued in this process, for a consumer in this process. They are kept in memory: a job that has not ended
 * when the process does is gone. `stop()` of the consumer leaves those that have not started in the queue, for the next
 * `start()`.
 *
 * @typeParam Payload - What the handler is called with.
 * @typeParam Result - What the handler returns.
 */
export class MemoryRunner<Payload = unknown, Result = unknown> implements Runner<Payload> {
  readonly #maxAttempts: number;
  readonly #clock: Clock;
  readonly #ready = new RingBuffer<MemoryJob<Payload, Result>>();
  readonly #delayed: DeadlineScheduler<MemoryJob<Payload, Result>>;
  readonly #unfinished = new Registry<MemoryJob<Payload, Result>, MemoryJob<Payload, Result>>();
  readonly #host: JobHost<Payload, Result>;
  #intake: Intake<Payload> | undefined;
  #change: Deferred<void> | undefined;
  #lastId = 0;

  /** @throws OptionError when an option cannot be used. */
  constructor(options: MemoryRunnerOptions = {}) {
    const reader = new OptionReader("MemoryRunner", options);
    this.#maxAttempts = reader.integer("maxAttempts", { min: 1, max: Infinity, fallback: 3 });
    this.#clock = reader.object<Clock>("clock", "a clock", ["now", "setTimer"]) ?? systemClock;
    reader.finish();
    this.#delayed = new DeadlineScheduler(this.#clock, (job) => this.#makeReady(job));
    this.#delayed.pause(); // Nothing is set before a consumer runs.
    this.#host = {
      now: () => this.#clock.now(),
      requeue: (job, delayMs) => this.#requeue(job, delayMs),
      revoke: (job, reason) => this.#intake?.revoke(job, reason),
      ended: (job) => this.#forget(job),
    };
  }

  /** Jobs that have not come to their end. */
  get unfinished(): number {
    return this.#unfinished.size;
  }

  /**
   * Adds a job. It may be added before the consumer is started, and while it is stopped.
   *
   * @param options - `delayMs`: how long it waits before it may start, in milliseconds. 0 or more; default 0.
   * @throws OptionError when an option cannot be used.
   */
  enqueue(payload: Payload, options: { delayMs?: number } = {}): Job<Payload, Result> {
    const reader = new OptionReader("enqueue", options);
    const delayMs = reader.number("delayMs", { min: 0, max: Number.MAX_SAFE_INTEGER, fallback: 0 });
    reader.finish();
    this.#lastId += 1;
    const job = new MemoryJob<Payload, Result>(
      { id: this.#lastId, payload, maxAttempts: this.#maxAttempts },
      this.#host,
    );
    this.#unfinished.add(job);
    this.#requeue(job, delayMs);
    return job;
  }

  /** Halts every job that has not ended. One job is halted by its own `halt`. */
  halt(reason?: string): void {
    for (const job of this.#unfinished.values()) job.halt(reason);
  }

  async run(intake: Intake<Payload>): Promise<void> {
    this.#intake = intake;
    intake.signal.addEventListener("abort", () => this.#wake(), { once: true });
    this.#delayed.resume();
    while (!intake.signal.aborted) {
      if (this.#ready.size === 0) {
        await (this.#change ??= createDeferred()).promise;
        continue;
      }
      const places = await intake.take(Math.min(this.#ready.size, MAX_JOBS_AT_ONCE));
      intake.giveBack(places - this.#deliver(intake, places));
    }
    this.#delayed.pause();
  }

  #deliver(intake: Intake<Payload>, places: number): number {
    let used = 0;
    while (used < places) {
      const job = this.#ready.shift();
      if (job === undefined) break;
      if (job.hasEnded) continue; // Halted while it waited.
      used += 1;
      job.prepareDelivery();
      intake.deliver(job);
    }
    return used;
  }

  #requeue(job: MemoryJob<Payload, Result>, delayMs: number): void {
    if (delayMs > 0) this.#delayed.schedule(job, this.#clock.now() + delayMs);
    else this.#makeReady(job);
  }

  #makeReady(job: MemoryJob<Payload, Result>): void {
    this.#ready.push(job);
    this.#wake();
  }

  #forget(job: MemoryJob<Payload, Result>): void {
    this.#delayed.cancel(job);
    this.#unfinished.delete(job);
  }

  #wake(): void {
    this.#change?.resolve();
    this.#change = undefined;
  }
}
