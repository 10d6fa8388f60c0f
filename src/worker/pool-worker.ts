// The pool strategy: workers are spawned as they are needed, work past the last of them waits in a ring buffer, and idle
// workers are let go one by one.
import { MillraceError } from "../errors.js";
import { Backoff } from "../internal/backoff.js";
import type { Timer } from "../internal/clock.js";
import { createDeferred, type Deferred } from "../internal/deferred.js";
import { invariant } from "../internal/invariant.js";
import { OptionReader } from "../internal/options.js";
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

/** Which worker it is. */
export interface WorkerIdentity {
  /** 1 for the first worker that was spawned, and so on; never given twice. */
  readonly id: number;
}

interface PooledWorker<Resource> extends WorkerIdentity {
  resource: Resource;
  idleSince: number;
}

type PoolState = "stopped" | "running" | "stopping";

/**
 * Runs up to `maxWorkers` handlers at once and keeps a small supply of messages ready behind them, so that receives are
 * full and no slot is idle. This is the default strategy.
 */
export class PoolWorker<Resource = undefined> implements Worker<Resource> {
  declare readonly resourceType?: Resource;
  readonly #options: ReturnType<typeof resolvePoolOptions<Resource>>;
  readonly #room = new RingBuffer<Task>();
  /** Idle workers; the one that worked last is on top, so that the others' idle time goes on. */
  readonly #idle: Array<PooledWorker<Resource>> = [];
  #host: WorkerHost | undefined;
  #state: PoolState = "stopped";
  #pace: Pace;
  #spawnBackoff: Backoff;
  #spawnTimer: Timer | undefined;
  #idleTimer: Timer | undefined;
  #lastId = 0;
  #workers = 0;
  #starting = 0;
  #running = 0;
  #reserved = 0;
  #onDrained: Deferred<void> | undefined;
  readonly #ending = new Set<Promise<void>>();

  /** @throws OptionError when an option cannot be used. */
  constructor(options: PoolWorkerOptions<Resource> = {}) {
    this.#options = resolvePoolOptions(options);
    this.#pace = this.#createPace();
    this.#spawnBackoff = createSpawnBackoff();
  }

  async start(host: WorkerHost): Promise<void> {
    invariant(this.#state === "stopped", "a pool was started that is in use");
    this.#host = host;
    this.#state = "running";
    this.#pace = this.#createPace();
    this.#spawnBackoff = createSpawnBackoff();
    const started: Array<PooledWorker<Resource>> = [];
    try {
      while (started.length < this.#options.minWorkers) started.push(await this.#startWorker());
    } catch (error) {
      await Promise.all(started.map((worker) => this.#end(worker)));
      this.#state = "stopped";
      throw error;
    }
    for (const worker of started) this.#becomeIdle(worker);
  }

  reserve(atMost: number): number {
    if (this.#state !== "running") return 0;
    const idleSlots = this.#slots() - this.#running - this.#room.size - this.#reserved;
    const expectedStarts = Math.min(this.#pace.expectedStarts(this.#clock().now()), this.#options.waitingRoom);
    const places = Math.min(atMost, idleSlots + expectedStarts);
    if (places < 1) return 0;
    // Fewer than asked for are worth a request only when a slot would be idle without them, or is about to be.
    const isSupplyGone = idleSlots > 0 || this.#room.size + this.#reserved === 0;
    if (places < atMost && !isSupplyGone) return 0;
    this.#reserved += places;
    return places;
  }

  release(places: number): void {
    invariant(places <= this.#reserved, "more places were released than are reserved");
    this.#reserved -= places;
    this.#host?.placesFreed();
  }

  accept(task: Task): void {
    invariant(this.#reserved > 0, "a task was accepted without a reserved place");
    this.#reserved -= 1;
    const worker = this.#idle.pop();
    if (worker !== undefined) {
      void this.#work(worker, task);
      return;
    }
    if (this.#canSpawn() && this.#options.onWorkerStart === undefined) {
      void this.#work(this.#createWorker(undefined as Resource), task);
      return;
    }
    this.#room.push(task);
    this.#spawnForWaiting();
  }

  withdraw(): Task[] {
    const tasks = this.#room.clear();
    this.#settleIfDrained();
    return tasks;
  }

  async drained(): Promise<void> {
    if (this.#running + this.#room.size === 0) return;
    this.#onDrained ??= createDeferred();
    await this.#onDrained.promise;
  }

  async stop(): Promise<void> {
    if (this.#state === "stopped") return;
    this.#state = "stopping";
    this.#spawnTimer?.cancel();
    this.#spawnTimer = undefined;
    this.#idleTimer?.cancel();
    this.#idleTimer = undefined;
    for (const worker of this.#idle.splice(0)) void this.#end(worker);
    while (this.#ending.size > 0) await Promise.all(this.#ending);
    this.#reserved = 0;
    this.#state = "stopped";
  }

  stats(): WorkerStats {
    return { running: this.#running, waiting: this.#room.size, workers: this.#workers };
  }

  /** How many workers there could be now: while spawning fails, only those that there are. */
  #slots(): number {
    return this.#spawnTimer === undefined ? this.#options.maxWorkers : this.#workers;
  }

  #canSpawn(): boolean {
    return this.#workers + this.#starting < this.#slots();
  }

  /** One worker's life between two idle times: its task, then whatever waits. */
  async #work(worker: PooledWorker<Resource>, first: Task): Promise<void> {
    const clock = this.#clock();
    this.#running += 1;
    let startedAt = clock.now();
    let task: Task | undefined = first;
    while (task !== undefined) {
      await task.run(worker.resource);
      const now = clock.now();
      this.#pace.ended(now - startedAt, now);
      startedAt = now;
      task = this.#room.shift();
      if (task !== undefined) this.#host?.placesFreed();
    }
    this.#running -= 1;
    this.#becomeIdle(worker);
    this.#settleIfDrained();
    this.#host?.placesFreed();
  }

  #becomeIdle(worker: PooledWorker<Resource>): void {
    if (this.#state !== "running") {
      void this.#end(worker);
      return;
    }
    worker.idleSince = this.#clock().now();
    this.#idle.push(worker);
    this.#watchIdle();
  }

  /** Arms the one timer that lets idle workers go, unless it is armed or there is none to let go. */
  #watchIdle(): void {
    const longestIdle = this.#idle[0];
    if (this.#idleTimer !== undefined || longestIdle === undefined) return;
    if (this.#workers <= this.#options.minWorkers) return;
    const dueInMs = longestIdle.idleSince + this.#options.idleTimeoutMs - this.#clock().now();
    // One worker goes per period, however many have been idle for one.
    this.#idleTimer = this.#clock().setTimer(
      () => this.#releaseIdle(),
      dueInMs > 0 ? dueInMs : this.#options.idleTimeoutMs,
    );
  }

  #releaseIdle(): void {
    this.#idleTimer = undefined;
    const longestIdle = this.#idle[0];
    const isDue =
      longestIdle !== undefined && this.#clock().now() - longestIdle.idleSince >= this.#options.idleTimeoutMs;
    if (isDue && this.#workers > this.#options.minWorkers) {
      this.#idle.shift();
      void this.#end(longestIdle);
    }
    this.#watchIdle();
  }

  /** Spawns as many workers as there are tasks that no starting worker will take. */
  #spawnForWaiting(): void {
    while (this.#state === "running" && this.#room.size > this.#starting && this.#canSpawn()) void this.#spawn();
  }

  async #spawn(): Promise<void> {
    let worker: PooledWorker<Resource>;
    try {
      worker = await this.#startWorker();
    } catch (error) {
      this.#host?.report(error);
      this.#retrySpawnLater();
      return;
    }
    this.#spawnBackoff.reset();
    const task = this.#room.shift();
    if (task === undefined || this.#state !== "running") this.#becomeIdle(worker);
    else void this.#work(worker, task);
  }

  #retrySpawnLater(): void {
    if (this.#state !== "running" || this.#spawnTimer !== undefined) return;
    this.#spawnTimer = this.#clock().setTimer(() => {
      this.#spawnTimer = undefined;
      this.#spawnForWaiting();
      this.#host?.placesFreed();
    }, this.#spawnBackoff.nextDelayMs());
  }

  async #startWorker(): Promise<PooledWorker<Resource>> {
    this.#starting += 1;
    const id = this.#lastId + 1;
    this.#lastId = id;
    try {
      return this.#createWorker((await this.#options.onWorkerStart?.({ id })) as Resource, id);
    } catch (cause) {
      throw new MillraceError("WORKER_START_FAILED", `onWorkerStart failed for worker ${id}.`, { cause });
    } finally {
      this.#starting -= 1;
    }
  }

  #createWorker(resource: Resource, id: number = (this.#lastId += 1)): PooledWorker<Resource> {
    this.#workers += 1;
    this.#host?.workersChanged(1);
    return { id, resource, idleSince: 0 };
  }

  #end(worker: PooledWorker<Resource>): Promise<void> {
    const ending = this.#callOnWorkerStop(worker).finally(() => this.#ending.delete(ending));
    this.#workers -= 1;
    this.#host?.workersChanged(-1);
    this.#ending.add(ending);
    return ending;
  }

  async #callOnWorkerStop({ id, resource }: PooledWorker<Resource>): Promise<void> {
    try {
      await this.#options.onWorkerStop?.(resource, { id });
    } catch (cause) {
      this.#host?.report(new MillraceError("WORKER_STOP_FAILED", `onWorkerStop failed for worker ${id}.`, { cause }));
    }
  }

  #settleIfDrained(): void {
    if (this.#onDrained === undefined || this.#running + this.#room.size > 0) return;
    this.#onDrained.resolve();
    this.#onDrained = undefined;
  }

  #createPace(): Pace {
    return new Pace({ windowMs: this.#options.waitingRoomMs, slots: this.#options.maxWorkers });
  }

  #clock(): WorkerHost["clock"] {
    invariant(this.#host !== undefined, "a pool was used before it was started");
    return this.#host.clock;
  }
}

function createSpawnBackoff(): Backoff {
  return new Backoff({ baseMs: 200, maxMs: 30_000 });
}

function resolvePoolOptions<Resource>(options: PoolWorkerOptions<Resource>) {
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
