// Strategies with one defect each, to prove that the contract finds it.
import type { Task, Worker, WorkerHost, WorkerStats } from "millrace";

/** Where a strategy goes wrong. */
export type Defect =
  | "none"
  | "runs one too many"
  | "releases twice"
  | "keeps a withdrawn task"
  | "loses a withdrawn task"
  | "starts a task twice"
  | "tells nobody of free places"
  | "is drained too early"
  | "leaves a timer"
  | "forgets what runs when it stops"
  | "starts the newest first"
  | "says that nothing waits"
  | "has no room for what is here already";

/** A small queueing strategy that is right, but for its defect. */
export class BrokenWorker implements Worker {
  readonly #places: number;
  readonly #room: number;
  readonly #defect: Defect;
  #waiting: Task[] = [];
  #host: WorkerHost | undefined;
  #running = 0;
  #ended = 0;
  #reserved = 0;
  readonly #waiters: Array<() => void> = [];

  constructor(options: { places: number; room: number; defect: Defect }) {
    this.#places = options.places + (options.defect === "runs one too many" ? 1 : 0);
    this.#room = options.room;
    this.#defect = options.defect;
  }

  async start(host: WorkerHost): Promise<void> {
    this.#host = host;
    if (this.#defect === "forgets what runs when it stops") this.#running = 0;
    if (this.#defect === "leaves a timer") host.clock.setTimer(() => undefined, 60_000);
  }

  reserve(atMost: number): number {
    const held = this.#running + this.#waiting.length + this.#reserved;
    const places = Math.max(0, Math.min(atMost, this.#places + (this.#ended > 20 ? this.#room : 0) - held));
    this.#reserved += places;
    return places;
  }

  release(places: number): void {
    this.#reserved -= places;
    this.#host?.placesFreed();
  }

  makePlace(): void {
    if (this.#defect !== "has no room for what is here already") this.#reserved += 1;
  }

  accept(task: Task): void {
    this.#reserved -= 1;
    this.#waiting.push(task);
    this.#startWaiting();
  }

  withdraw(): Task[] {
    const tasks = this.#waiting;
    if (this.#defect !== "keeps a withdrawn task") this.#waiting = [];
    this.#changed();
    return this.#defect === "loses a withdrawn task" ? tasks.slice(1) : [...tasks];
  }

  drained(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiters.push(resolve);
      this.#changed();
    });
  }

  async stop(): Promise<void> {
    this.#reserved = 0;
  }

  stats(): WorkerStats {
    const waiting = this.#defect === "says that nothing waits" ? 0 : this.#waiting.length;
    return { running: Math.max(0, this.#running), waiting, workers: this.#running };
  }

  #startWaiting(): void {
    while (this.#running < this.#places && this.#waiting.length > 0) {
      const task = (this.#defect === "starts the newest first" ? this.#waiting.pop() : this.#waiting.shift()) as Task;
      this.#run(task);
    }
  }

  #run(task: Task): void {
    this.#running += 1;
    const onEnd = (): void => {
      this.#ended += 1;
      this.#running -= this.#defect === "releases twice" ? 2 : 1;
      this.#startWaiting();
      this.#changed();
    };
    task.run(undefined, onEnd);
    if (this.#defect === "starts a task twice" && this.#running === 2) task.run(undefined, onEnd);
  }

  #changed(): void {
    const isDrained = this.#running + (this.#defect === "is drained too early" ? 0 : this.#waiting.length) <= 0;
    if (isDrained || (this.#defect === "is drained too early" && this.#running < 2)) {
      for (const resolve of this.#waiters.splice(0)) resolve();
    }
    if (this.#defect !== "tells nobody of free places") this.#host?.placesFreed();
  }
}
