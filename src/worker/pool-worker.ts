// The pool strategy: a crew of workers that grows and shrinks, and a waiting room for the work past the last of them.
import { createDeferred, type Deferred } from "../internal/deferred.js";
import { invariant } from "../internal/invariant.js";
import { OptionReader } from "../internal/options.js";
import { Crew, type CrewOptions, type PooledWorker, type WorkerIdentity } from "./crew.js";
import { Pace } from "./pace.js";
import { RingBuffer } from "./ring-buffer.js";
import type { Task, Worker, WorkerHost, WorkerStats } from "./worker.js";

/** What a pool is made with. */
export interface PoolWorkerOptions<Resource = undefined> {
  /** The most handlers that run at once. 1 to 100,000; default 10. */
  maxWorkers?: number | undefined;
  /** Workers that are kept when there is nothing to do. 0 to `maxWorkers`; default 0. */
  minWorkers?: number | undefined;
  /**
   * The most messages that wait for a worker. 0 to 1,000,000; default 1,000, or twice `maxWorkers` if that is more.
   * Each is held in memory with its body.
   */
  waitingRoom?: number | undefined;
  /**
   * How far ahead the waiting room is filled, in milliseconds: with what will start within this time at the pace just
   * measured. Handlers of a minute so find it nearly empty, and one replica does not hoard what another could start.
   * 0 to 60,000; default 1,000. With 0, nothing waits.
   */
  waitingRoomMs?: number | undefined;
  /** How long a worker is idle before it is let go, in milliseconds; one at a time. 1 to 86,400,000; default 10,000. */
  idleTimeoutMs?: number | undefined;
  /**
   * Makes what a worker owns: a connection, a thread. The handler finds it as `context.resource`. When it fails, the
   * failure is reported, messages wait, and it is tried again with a growing delay; for the first `minWorkers`, `start()`
   * rejects instead.
   */
  onWorkerStart?: ((worker: WorkerIdentity) => Resource | Promise<Resource>) | undefined;
  /** Ends what a worker owns. A failure is reported and otherwise ignored. */
  onWorkerStop?: ((resource: Resource, worker: WorkerIdentity) => void | Promise<void>) | undefined;
}

/**
 * The part of the supply that can start as soon as a slot is free. Messages that wait for the turn of their group cannot:
 * with nothing else in supply, a slot would be idle while the message before is being deleted.
 */
const LEAST_STARTABLE = 1 / 4;

/**
 * Runs up to `maxWorkers` handlers at once and keeps a small supply of messages ready behind them, so that receives are
 * full and no slot is idle. This is the default strategy.
 */
export class PoolWorker<Resource = undefined> implements Worker<Resource> {
  declare readonly resourceType?: Resource;
  readonly #options: ResolvedPoolOptions<Resource>;
  readonly #room = new RingBuffer<Task>();
  #life: PoolLife<Resource> | undefined;
  /** Tasks that run, those of an earlier life included: they hold their slots until they end. */
  #running = 0;
  #reserved = 0;
  #onDrained: Deferred<void> | undefined;

  /** @throws OptionError when an option cannot be used. */
  constructor(options: PoolWorkerOptions<Resource> = {}) {
    this.#options = resolvePoolOptions(options);
  }

  async start(host: WorkerHost): Promise<void> {
    invariant(this.#life === undefined, "a pool was started that is in use");
    const { waitingRoomMs, maxWorkers } = this.#options;
    const crew = new Crew({
      options: this.#options,
      host,
      onChange: () => {
        this.#dispatch();
        host.placesFreed();
      },
    });
    this.#life = { host, crew, pace: new Pace({ windowMs: waitingRoomMs, slots: maxWorkers }) };
    try {
      await crew.start();
    } catch (error) {
      this.#life = undefined;
      throw error;
    }
  }

  reserve(atMost: number): number {
    if (this.#life === undefined) return 0;
    const { crew, pace, host } = this.#life;
    const idleSlots = crew.slots - this.#running - this.#room.size - this.#reserved;
    const expectedStarts = Math.min(pace.expectedStarts(host.clock.now()), this.#options.waitingRoom);
    const startableAtLeast = Math.floor(expectedStarts * LEAST_STARTABLE);
    const places = Math.min(atMost, idleSlots + Math.max(startableAtLeast, expectedStarts - host.waitingForTurn));
    if (places < 1) return 0;
    // Fewer than asked for are worth a request only when a slot would be idle without them, or is about to be.
    if (places < atMost && idleSlots <= 0 && !this.#isSupplyGone()) return 0;
    this.#reserved += places;
    return places;
  }

  release(places: number): void {
    invariant(places <= this.#reserved, "more places were released than are reserved");
    this.#reserved -= places;
    this.#life?.host.placesFreed();
  }

  makePlace(): void {
    this.#reserved += 1;
  }

  accept(task: Task): void {
    invariant(this.#life !== undefined, "a task was accepted by a pool that is not started");
    invariant(this.#reserved > 0, "a task was accepted without a reserved place");
    this.#reserved -= 1;
    this.#room.push(task);
    this.#dispatch();
    if (this.#isSupplyGone()) this.#life?.host.placesFreed();
  }

  withdraw(): Task[] {
    const tasks = this.#room.clear();
    this.#settleIfDrained();
    this.#life?.host.placesFreed();
    return tasks;
  }

  async drained(): Promise<void> {
    if (this.#running + this.#room.size === 0) return;
    this.#onDrained ??= createDeferred();
    await this.#onDrained.promise;
  }

  async stop(): Promise<void> {
    const life = this.#life;
    this.#life = undefined;
    await life?.crew.stop();
  }

  /** What it is doing now. */
  stats(): WorkerStats {
    return { running: this.#running, waiting: this.#room.size, workers: this.#life?.crew.size ?? 0 };
  }

  /** Whether nothing waits and nothing is on its way. */
  #isSupplyGone(): boolean {
    return this.#room.size + this.#reserved === 0;
  }

  /** Has the worker run tasks until none waits; then it rests. */
  #work(life: PoolLife<Resource>, worker: PooledWorker<Resource>, first: Task): void {
    this.#running += 1;
    let startedAt = life.host.clock.now();
    let isCalling = false;
    let hasEnded = false;
    const onEnd = (): void => {
      hasEnded = true;
      if (!isCalling) run(next());
    };
    const next = (): Task | undefined => {
      const now = life.host.clock.now();
      life.pace.ended(now - startedAt, now);
      startedAt = now;
      return this.#next(life);
    };
    // A loop where handlers are synchronous, as recursion would fill the stack.
    const run = (task: Task | undefined): void => {
      for (let current = task; current !== undefined; current = next()) {
        hasEnded = false;
        isCalling = true;
        current.run(worker.resource, onEnd);
        isCalling = false;
        if (!hasEnded) return;
      }
      this.#rest(life, worker);
    };
    run(first);
  }

  /** The next task for a worker that has ended one. */
  #next(life: PoolLife<Resource>): Task | undefined {
    // After a stop the worker goes: what waits by then belongs to the next life.
    const task = this.#life === life ? this.#room.shift() : undefined;
    if (task !== undefined) life.host.placesFreed();
    return task;
  }

  #rest(life: PoolLife<Resource>, worker: PooledWorker<Resource>): void {
    this.#running -= 1;
    life.crew.rest(worker);
    this.#settleIfDrained();
    this.#dispatch();
    this.#life?.host.placesFreed();
  }

  /** Starts what waits, as far as slots are free. */
  #dispatch(): void {
    const life = this.#life;
    while (life !== undefined && this.#room.size > 0 && this.#running < this.#options.maxWorkers) {
      const worker = life.crew.take();
      if (worker === undefined) {
        life.crew.spawnFor(this.#room.size);
        return;
      }
      this.#work(life, worker, this.#room.shift() as Task);
    }
  }

  #settleIfDrained(): void {
    if (this.#onDrained === undefined || this.#running + this.#room.size > 0) return;
    this.#onDrained.resolve();
    this.#onDrained = undefined;
  }
}

/** What a pool has from a start to its stop. */
interface PoolLife<Resource> {
  readonly host: WorkerHost;
  readonly crew: Crew<Resource>;
  readonly pace: Pace;
}

interface ResolvedPoolOptions<Resource> extends CrewOptions<Resource> {
  readonly waitingRoom: number;
  readonly waitingRoomMs: number;
}

function resolvePoolOptions<Resource>(options: PoolWorkerOptions<Resource>): ResolvedPoolOptions<Resource> {
  const reader = new OptionReader("PoolWorker", options);
  const maxWorkers = reader.integer("maxWorkers", { min: 1, max: 100_000, fallback: 10 });
  const resolved = {
    maxWorkers,
    minWorkers: reader.integer("minWorkers", { min: 0, max: maxWorkers, fallback: 0 }),
    waitingRoom: reader.integer("waitingRoom", { min: 0, max: 1_000_000, fallback: Math.max(1_000, 2 * maxWorkers) }),
    waitingRoomMs: reader.number("waitingRoomMs", { min: 0, max: 60_000, fallback: 1_000 }),
    idleTimeoutMs: reader.number("idleTimeoutMs", { min: 1, max: 86_400_000, fallback: 10_000 }),
    onWorkerStart: reader.function<NonNullable<PoolWorkerOptions<Resource>["onWorkerStart"]>>("onWorkerStart"),
    onWorkerStop: reader.function<NonNullable<PoolWorkerOptions<Resource>["onWorkerStop"]>>("onWorkerStop"),
  };
  reader.finish();
  return Object.freeze(resolved);
}
