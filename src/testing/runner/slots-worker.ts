// A worker for tests of runners: so many places, of which so many run, and no opinion of its own.

import type { Task, Worker, WorkerHost, WorkerStats } from "../../worker/worker.js";

/** Gives every place that it has, and runs as many tasks as it has slots; the others wait. */
export class SlotsWorker implements Worker {
  readonly #places: number;
  readonly #slots: number;
  readonly #waiting: Task[] = [];
  #host: WorkerHost | undefined;
  #reserved = 0;
  #running = 0;
  readonly #whenDrained: Array<() => void> = [];

  constructor({ places, slots }: { readonly places: number; readonly slots: number }) {
    this.#places = places;
    this.#slots = slots;
  }

  start(host: WorkerHost): Promise<void> {
    this.#host = host;
    return Promise.resolve();
  }

  reserve(atMost: number): number {
    const places = Math.max(0, Math.min(atMost, this.#places - this.#held - this.#reserved));
    this.#reserved += places;
    return places;
  }

  release(places: number): void {
    this.#reserved -= places;
    this.#host?.placesFreed();
  }

  makePlace(): void {
    this.#reserved += 1;
  }

  accept(task: Task): void {
    this.#reserved -= 1;
    this.#waiting.push(task);
    this.#startNext();
  }

  withdraw(): Task[] {
    const tasks = this.#waiting.splice(0);
    this.#changed();
    return tasks;
  }

  drained(): Promise<void> {
    return new Promise((resolve) => {
      this.#whenDrained.push(resolve);
      this.#changed();
    });
  }

  stop(): Promise<void> {
    return Promise.resolve();
  }

  stats(): WorkerStats {
    return { running: this.#running, waiting: this.#waiting.length, workers: this.#running };
  }

  get #held(): number {
    return this.#waiting.length + this.#running;
  }

  #startNext(): void {
    while (this.#running < this.#slots) {
      const task = this.#waiting.shift();
      if (task === undefined) return;
      this.#running += 1;
      task.run(undefined, () => {
        this.#running -= 1;
        // Not from here: a thousand synchronous handlers would be as many calls deep.
        queueMicrotask(() => {
          this.#startNext();
          this.#changed();
        });
      });
    }
  }

  #changed(): void {
    if (this.#held === 0) for (const resolve of this.#whenDrained.splice(0)) resolve();
    this.#host?.placesFreed();
  }
}
