// The semaphore strategy: a message starts when its permits are free, and nothing is kept in memory ahead of that.
import { Semaphore } from "async-mutex";
import { describeValue, MillraceError } from "../errors.js";
import { createDeferred, type Deferred } from "../internal/deferred.js";
import { invariant } from "../internal/invariant.js";
import { OptionReader } from "../internal/options.js";
import { Registry } from "../internal/registry.js";
import { silence } from "../internal/silence.js";
import type { Task, Worker, WorkerHost, WorkerStats } from "./worker.js";

/** What a semaphore is made with. */
export interface SemaphoreWorkerOptions<Message = unknown> {
  /** Permits in all; the most handlers that run at once when each message weighs 1. 1 to 100,000; default 10. */
  permits?: number | undefined;
  /**
   * How many permits a message takes: a whole number of at least 1. A message that weighs more than all the permits runs
   * alone. Default: 1 for each. When it throws or answers with something else, that is reported and the message weighs 1.
   */
  weight?: ((message: Message) => number) | undefined;
}

/**
 * A weighted semaphore. Messages start in the order in which they came; one that is waiting for many permits is not
 * overtaken. A receive asks for no more messages than permits are free, so under load it brings few at a time: use the
 * pool unless messages differ in weight or none may wait in memory.
 */
export class SemaphoreWorker<Message = unknown> implements Worker<undefined> {
  declare readonly resourceType?: undefined;
  readonly #permits: number;
  readonly #weight: ((message: Message) => number) | undefined;
  readonly #waiting = new Registry<Task, Task>();
  readonly #semaphore: Semaphore;
  #host: WorkerHost | undefined;
  #running = 0;
  #reserved = 0;
  #permitsTaken = 0;
  #permitsAwaited = 0;
  #onDrained: Deferred<void> | undefined;

  /** @throws OptionError when an option cannot be used. */
  constructor(options: SemaphoreWorkerOptions<Message> = {}) {
    const reader = new OptionReader("SemaphoreWorker", options);
    this.#permits = reader.integer("permits", { min: 1, max: 100_000, fallback: 10 });
    this.#weight = reader.function<(message: Message) => number>("weight");
    reader.finish();
    this.#semaphore = new Semaphore(this.#permits);
  }

  /** The most handlers that run at once, when each message weighs 1. */
  get slots(): number {
    return this.#permits;
  }

  async start(host: WorkerHost): Promise<void> {
    this.#host = host;
  }

  reserve(atMost: number): number {
    const free = this.#permits - this.#permitsTaken - this.#permitsAwaited - this.#reserved;
    const places = Math.max(0, Math.min(atMost, free));
    this.#reserved += places;
    return places;
  }

  release(places: number): void {
    invariant(places <= this.#reserved, "more places were released than are reserved");
    this.#reserved -= places;
    this.#host?.placesFreed();
  }

  makePlace(): void {
    this.#reserved += 1;
  }

  accept(task: Task): void {
    invariant(this.#reserved > 0, "a task was accepted without a reserved place");
    this.#reserved -= 1;
    const weight = this.#weigh(task);
    this.#waiting.add(task);
    this.#permitsAwaited += weight;
    void this.#run(task, weight);
  }

  withdraw(): Task[] {
    const tasks = this.#waiting.values();
    for (const task of tasks) this.#waiting.delete(task);
    this.#permitsAwaited = 0;
    this.#semaphore.cancel();
    this.#settleIfDrained();
    this.#host?.placesFreed();
    return tasks;
  }

  async drained(): Promise<void> {
    if (this.#running + this.#waiting.size === 0) return;
    this.#onDrained ??= createDeferred();
    await this.#onDrained.promise;
  }

  async stop(): Promise<void> {
    this.#host = undefined;
  }

  /** What it is doing now. */
  stats(): WorkerStats {
    return { running: this.#running, waiting: this.#waiting.size, workers: this.#running };
  }

  async #run(task: Task, weight: number): Promise<void> {
    try {
      await this.#semaphore.acquire(weight);
    } catch {
      return; // Withdrawn while it waited: async-mutex rejects those with E_CANCELED.
    }
    if (!this.#waiting.delete(task)) {
      // Withdrawn in the very moment in which its permits came.
      this.#semaphore.release(weight);
      return;
    }
    this.#permitsAwaited -= weight;
    this.#permitsTaken += weight;
    this.#running += 1;
    await new Promise<void>((resolve) => task.run(undefined, resolve));
    this.#running -= 1;
    this.#permitsTaken -= weight;
    this.#semaphore.release(weight);
    this.#settleIfDrained();
    this.#host?.placesFreed();
  }

  #weigh(task: Task): number {
    if (this.#weight === undefined) return 1;
    try {
      const weight = this.#weight(task.message as Message);
      if (Number.isInteger(weight) && weight >= 1) return Math.min(weight, this.#permits);
      silence(weight);
      throw new TypeError(`weight answered with ${describeValue(weight)} instead of a whole number of at least 1`);
    } catch (cause) {
      this.#host?.report(new MillraceError("WEIGHT_FAILED", "The weight of a message could not be told.", { cause }));
      return 1;
    }
  }

  #settleIfDrained(): void {
    if (this.#onDrained === undefined || this.#running + this.#waiting.size > 0) return;
    this.#onDrained.resolve();
    this.#onDrained = undefined;
  }
}
