// What the contract of workers is checked with: a host on a virtual clock, and tasks that end when they are told to.

import assert from "node:assert/strict";
import type { Task, Worker, WorkerHost } from "../worker/worker.js";
import { VirtualClock } from "./virtual-clock.js";

/** Makes a worker that runs at most `places` tasks at once. `clock` is the one that its host will have. */
export type CreateWorker = (options: { readonly places: number; readonly clock: VirtualClock }) => Worker;

/** What a strategy may do that not every strategy does. */
export interface WorkerTraits {
  /**
   * How long it may take until a worker is ready to run its first task, in milliseconds.
   *
   * @defaultValue 0
   */
  readonly startupMs?: number;
  /**
   * The most tasks that it holds waiting, beyond those that run.
   *
   * @defaultValue 0
   */
  readonly mostWaiting?: number;
}

/** The longest that a task takes which ends by itself. */
export const LONGEST_DURATION_MS = 10;

type TaskPhase = "waiting" | "running" | "ended" | "withdrawn";

interface TaskHooks {
  started(task: RigTask): void;
  ended(task: RigTask): void;
  complain(complaint: string): void;
}

/** A task that notes what is done with it, and ends when it is told to. */
export class RigTask implements Task {
  readonly message: number;
  readonly groupId: string | undefined = undefined;
  readonly attempt: number = 1;
  readonly keyPausedForMs: number = 0;
  phase: TaskPhase = "waiting";
  readonly #hooks: TaskHooks;
  readonly #durationMs: number | undefined;
  readonly #clock: VirtualClock;
  #onEnd: (() => void) | undefined;

  /** @param durationMs - 0 ends it in the call itself, more after that time, and undefined when `end` is called. */
  constructor(parts: { id: number; clock: VirtualClock; durationMs: number | undefined }, hooks: TaskHooks) {
    this.message = parts.id;
    this.#clock = parts.clock;
    this.#durationMs = parts.durationMs;
    this.#hooks = hooks;
  }

  /** Whether it was given a duration. */
  get endsByItself(): boolean {
    return this.#durationMs !== undefined;
  }

  run(_resource: unknown, onEnd: () => void): void {
    if (this.phase !== "waiting") this.#hooks.complain(`task ${this.message} was started while it was ${this.phase}`);
    this.phase = "running";
    this.#onEnd = onEnd;
    this.#hooks.started(this);
    if (this.#durationMs === 0) this.end();
    else if (this.#durationMs !== undefined) this.#clock.setTimer(() => this.end(), this.#durationMs);
  }

  postpone(): void {
    this.#hooks.complain(`task ${this.message} was postponed, of which nothing says that it should be`);
  }

  end(): void {
    if (this.phase !== "running") return;
    this.phase = "ended";
    this.#hooks.ended(this);
    this.#onEnd?.();
  }
}

/** A worker with its host, and a count of everything of its own to hold the worker's word against. */
export class WorkerRig implements WorkerHost {
  readonly clock: VirtualClock = new VirtualClock();
  readonly worker: Worker;
  readonly places: number;
  readonly mostWaiting: number;
  readonly #startupMs: number;
  readonly #waiting = new Set<RigTask>();
  readonly #running = new Set<RigTask>();
  /** What went wrong where an error would be thrown into the worker, which may swallow it. */
  readonly #complaints: string[] = [];
  readonly #hooks: TaskHooks = {
    started: (task) => this.#noteStart(task),
    ended: (task) => void this.#running.delete(task),
    complain: (complaint) => void this.#complaints.push(complaint),
  };
  /** The ids of tasks in the order in which they started. */
  readonly started: number[] = [];
  reserved = 0;
  /** How many places somebody waits for. */
  awaited = 0;
  mostRunning = 0;
  readonly waitingForTurn = 0;
  /** How much may be held although it is more than there is room for, since `makePlace` was called. */
  #overfull = 0;
  #lastId = 0;

  constructor(create: CreateWorker, { places, startupMs = 0, mostWaiting = 0 }: WorkerTraits & { places: number }) {
    this.places = places;
    this.mostWaiting = mostWaiting;
    this.#startupMs = startupMs;
    this.worker = create({ places, clock: this.clock });
  }

  get running(): readonly RigTask[] {
    return [...this.#running];
  }

  get waiting(): readonly RigTask[] {
    return [...this.#waiting];
  }

  async start(): Promise<void> {
    await this.clock.runUntil(this.worker.start(this));
  }

  async stop(): Promise<void> {
    this.awaited = 0;
    this.release(this.reserved);
    await this.clock.runUntil(this.worker.stop());
  }

  reserve(atMost: number): number {
    const places = this.worker.reserve(atMost);
    const isPossible = Number.isInteger(places) && places >= 0 && places <= atMost;
    if (!isPossible) this.#hooks.complain(`reserve(${atMost}) answered with ${places}`);
    this.reserved += places;
    return places;
  }

  /** Reserves as a runner does that waits when there is nothing: until `placesFreed` brings something. */
  await(atMost: number): void {
    this.awaited = this.reserve(atMost) === 0 ? atMost : 0;
  }

  release(places: number): void {
    if (places === 0) return;
    this.reserved -= places;
    this.worker.release(places);
  }

  /** Hands over a task that is here already: there need not be a place for it. */
  acceptAnyway(durationMs?: number): RigTask {
    this.worker.makePlace();
    this.reserved += 1;
    this.#overfull = Math.max(this.#overfull, this.#held);
    return this.accept(durationMs);
  }

  /** Hands a new task over for a reserved place. Without `durationMs` it ends when `end` is called. */
  accept(durationMs?: number): RigTask {
    assert.ok(this.reserved > 0, "the rig accepts only for reserved places");
    this.#lastId += 1;
    const task = new RigTask({ id: this.#lastId, clock: this.clock, durationMs }, this.#hooks);
    this.#waiting.add(task);
    this.reserved -= 1;
    this.worker.accept(task);
    return task;
  }

  /** Hands over a task for every place that the worker gives. */
  fill(): RigTask[] {
    const tasks: RigTask[] = [];
    while (this.reserve(1) === 1) tasks.push(this.accept());
    return tasks;
  }

  withdraw(): readonly Task[] {
    const tasks = this.worker.withdraw();
    for (const task of tasks) {
      const isWaiting = this.#waiting.delete(task as RigTask);
      assert.ok(isWaiting, `withdraw gave task ${String(task.message)}, which is ${(task as RigTask).phase}`);
      (task as RigTask).phase = "withdrawn";
    }
    assert.equal(this.#waiting.size, 0, "withdraw kept tasks that had not started");
    return tasks;
  }

  /** Lets everything happen that needs no task to end. */
  async settle(): Promise<void> {
    await this.clock.advance(this.#startupMs);
    this.check();
  }

  /** Ends what runs, and what starts then, until nothing is left. */
  async finish(): Promise<void> {
    this.awaited = 0;
    while (this.#running.size + this.#waiting.size > 0) {
      const before = this.#running.size + this.#waiting.size;
      for (const task of this.running) if (!task.endsByItself) task.end();
      await this.clock.advance(LONGEST_DURATION_MS);
      await this.settle();
      assert.ok(this.#running.size + this.#waiting.size < before, `${before} tasks are held, and none of them runs`);
    }
  }

  /** Short tasks for a while, so that a strategy that goes by what it has seen has seen something. */
  async warmUp(): Promise<void> {
    for (let round = 0; round < 200; round += 1) {
      const places = this.reserve(10);
      for (let place = 0; place < places; place += 1) this.accept(LONGEST_DURATION_MS);
      await this.clock.advance(LONGEST_DURATION_MS);
    }
    await this.finish();
  }

  /** Holds everything that can be told from outside against what the rig has counted. */
  check(): void {
    assert.deepEqual(this.#complaints, []);
    const { running, waiting } = this.worker.stats();
    assert.equal(running, this.#running.size, `stats say that ${running} run; it is ${this.#running.size}`);
    assert.equal(waiting, this.#waiting.size, `stats say that ${waiting} wait; it is ${this.#waiting.size}`);
    this.#checkHeld();
    if (this.awaited === 0) return;
    const places = this.worker.reserve(this.awaited);
    assert.equal(places, 0, `${places} places were free, and placesFreed was not called`);
  }

  placesFreed(): void {
    if (this.awaited > 0) this.await(this.awaited);
  }

  report(error: unknown): void {
    this.#hooks.complain(`the worker reported ${String(error)}`);
  }

  workersChanged(): void {
    // Strategies without workers never call it, so nothing follows from it.
  }

  #noteStart(task: RigTask): void {
    this.#waiting.delete(task);
    this.#running.add(task);
    this.started.push(task.message);
    this.mostRunning = Math.max(this.mostRunning, this.#running.size);
    if (this.#running.size > this.places) {
      this.#hooks.complain(`${this.#running.size} tasks run at once, with ${this.places} places`);
    }
  }

  get #held(): number {
    return this.reserved + this.#waiting.size + this.#running.size;
  }

  #checkHeld(): void {
    const most = Math.max(this.places + this.mostWaiting, this.#overfull);
    assert.ok(this.#held <= most, `${this.#held} places are taken of ${most}`);
    this.#overfull = this.#held;
  }
}
