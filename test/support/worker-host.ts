// A host for a worker strategy, and tasks that take some time on its clock.
import type { Task, Worker, WorkerHost } from "millrace";
import { VirtualClock } from "millrace/testing";

/** A task that notes when it ran, and with what. */
export class TimedTask implements Task {
  readonly message: unknown;
  groupId: string | undefined;
  attempt = 1;
  keyPausedForMs = 0;
  readonly acceptedAt: number;
  readonly #clock: VirtualClock;
  readonly #durationMs: number;
  #onEnd: (() => void) | undefined;
  startedAt: number | undefined;
  endedAt: number | undefined;
  /** For how many seconds it was sent back, if it was. */
  postponedSeconds: number | undefined;
  resource: unknown;

  /** @param durationMs - Infinity lets it run until `end` is called. */
  constructor(clock: VirtualClock, durationMs: number, message?: unknown) {
    this.#clock = clock;
    this.#durationMs = durationMs;
    this.message = message;
    this.acceptedAt = clock.now();
  }

  get isStarted(): boolean {
    return this.startedAt !== undefined;
  }

  run(resource: unknown, onEnd: () => void): void {
    this.startedAt = this.#clock.now();
    this.resource = resource;
    this.#onEnd = onEnd;
    if (this.#durationMs < Infinity) this.#clock.setTimer(() => this.end(), this.#durationMs);
  }

  postpone(afterSeconds: number): void {
    this.postponedSeconds = afterSeconds;
  }

  end(): void {
    this.endedAt = this.#clock.now();
    this.#onEnd?.();
  }
}

/** A host that counts what it is told. */
export class TestHost implements WorkerHost {
  readonly clock: VirtualClock;
  readonly errors: unknown[] = [];
  /** How many workers there were after each change. */
  readonly workers: number[] = [];
  waitingForTurn = 0;
  onPlacesFreed: () => void = () => undefined;

  constructor(clock: VirtualClock = new VirtualClock()) {
    this.clock = clock;
  }

  placesFreed(): void {
    this.onPlacesFreed();
  }

  report(error: unknown): void {
    this.errors.push(error);
  }

  workersChanged(change: 1 | -1): void {
    this.workers.push((this.workers.at(-1) ?? 0) + change);
  }

  /** Hands a task over to a worker that has a place for it. */
  accept(worker: Worker, durationMs: number = Infinity, message?: unknown): TimedTask {
    if (worker.reserve(1) === 0) throw new Error("there is no place");
    const task = new TimedTask(this.clock, durationMs, message);
    worker.accept(task);
    return task;
  }
}
