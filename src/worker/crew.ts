// The workers of a pool: spawned as they are needed, kept while idle for a time, let go one by one.
import { MillraceError } from "../errors.js";
import { Backoff } from "../internal/backoff.js";
import type { Timer } from "../internal/clock.js";
import { PooledWorker, type PooledWorkerHost } from "./pooled-worker.js";
import type { WorkerHost } from "./worker.js";

/** Which worker it is. */
export interface WorkerIdentity {
  /** 1 for the first worker that was spawned, and so on; never given twice. */
  readonly id: number;
}

/** What a crew is made with; see `PoolWorkerOptions`. */
export interface CrewOptions<Resource> {
  readonly maxWorkers: number;
  readonly minWorkers: number;
  readonly idleTimeoutMs: number;
  readonly onWorkerStart: ((worker: WorkerIdentity) => Resource | Promise<Resource>) | undefined;
  readonly onWorkerStop: ((resource: Resource, worker: WorkerIdentity) => void | Promise<void>) | undefined;
}

/** What a crew is given of those it works for. */
export type CrewHost = Pick<WorkerHost, "clock" | "report" | "workersChanged">;

const SPAWN_BACKOFF = { baseMs: 200, maxMs: 30_000 } as const;

/** The workers of one pool, from a start to its stop. */
export class Crew<Resource> {
  readonly #options: CrewOptions<Resource>;
  readonly #host: CrewHost;
  readonly #workerHost: PooledWorkerHost;
  /** Called when a worker has become ready, and when spawning can be tried again. */
  readonly #onChange: () => void;
  /** The one that worked last is on top, so that the others' idle time goes on. */
  readonly #idle: Array<PooledWorker<Resource>> = [];
  readonly #changing = new Set<Promise<void>>();
  readonly #backoff = new Backoff(SPAWN_BACKOFF);
  #idleTimer: Timer | undefined;
  #spawnTimer: Timer | undefined;
  #releasedAt = -Infinity;
  #isStopped = false;
  #lastId = 0;
  #maxWorkers: number;
  #size = 0;
  #starting = 0;

  constructor(parts: {
    options: CrewOptions<Resource>;
    host: CrewHost;
    workerHost: PooledWorkerHost;
    onChange: () => void;
  }) {
    this.#options = parts.options;
    this.#maxWorkers = parts.options.maxWorkers;
    this.#host = parts.host;
    this.#workerHost = parts.workerHost;
    this.#onChange = parts.onChange;
  }

  /** How many workers there are. */
  get size(): number {
    return this.#size;
  }

  /**
   * How many workers there could be. While spawning fails only those that there are count, but never none: somebody must
   * find out when it works again.
   */
  get slots(): number {
    return this.#backoff.failures === 0 ? this.#maxWorkers : Math.max(1, this.#size);
  }

  /** Spawns the workers that are always kept. When one fails, all are ended again. */
  async start(): Promise<void> {
    const starting = this.#spawnKept();
    this.#track(starting.catch(() => undefined)); // A stop meanwhile waits for them.
    try {
      await starting;
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  async #spawnKept(): Promise<void> {
    const attempts = Array.from({ length: this.#options.minWorkers }, () => this.#startWorker());
    const results = await Promise.allSettled(attempts);
    const failure = results.find((result) => result.status === "rejected");
    if (failure !== undefined) throw failure.reason;
  }

  /** A worker that can begin at once: an idle one, or a new one where starting one takes no time. */
  take(): PooledWorker<Resource> | undefined {
    const worker = this.#idle.pop();
    if (worker !== undefined || this.#options.onWorkerStart !== undefined || !this.#maySpawn()) return worker;
    return this.#admit(this.#nextId(), undefined as Resource);
  }

  /** Spawns workers for so many tasks, if that many are not starting already; each rests when it is ready. */
  spawnFor(tasks: number): void {
    while (this.#starting < tasks && this.#maySpawn()) this.#track(this.#spawn());
  }

  /** From now on there are at most so many workers: those that are idle end now, the others when they come to rest. */
  resize(maxWorkers: number): void {
    this.#maxWorkers = maxWorkers;
    while (this.#size > maxWorkers && this.#idle.length > 0) this.#end(this.#idle.shift() as PooledWorker<Resource>);
  }

  /** Has the worker rest until it is taken or let go. */
  rest(worker: PooledWorker<Resource>): void {
    if (this.#isStopped || this.#size > this.#maxWorkers) {
      this.#end(worker);
      return;
    }
    worker.idleSince = this.#host.clock.now();
    this.#idle.push(worker);
    this.#watchIdle();
  }

  /** Ends the idle workers and waits for those that are starting or ending. A busy one ends when it comes to rest. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#spawnTimer?.cancel();
    this.#idleTimer?.cancel();
    for (const worker of this.#idle.splice(0)) this.#end(worker);
    while (this.#changing.size > 0) await Promise.all(this.#changing);
  }

  #maySpawn(): boolean {
    if (this.#isStopped || this.#spawnTimer !== undefined) return false;
    // After a failure one at a time tries whether it works again.
    if (this.#backoff.failures > 0 && this.#starting > 0) return false;
    return this.#size + this.#starting < this.#maxWorkers;
  }

  async #spawn(): Promise<void> {
    try {
      await this.#startWorker();
      this.#backoff.reset();
      this.#onChange();
    } catch (error) {
      this.#host.report(error);
      this.#retryLater();
    }
  }

  #retryLater(): void {
    if (this.#isStopped || this.#spawnTimer !== undefined) return;
    this.#spawnTimer = this.#host.clock.setTimer(() => {
      this.#spawnTimer = undefined;
      this.#onChange();
    }, this.#backoff.nextDelayMs());
  }

  /** Starts a worker, which then rests. It counts as starting until it does, so that no other is spawned for its task. */
  async #startWorker(): Promise<void> {
    const id = this.#nextId();
    let resource: Resource;
    this.#starting += 1;
    try {
      resource = await this.#makeResource(id);
    } catch (cause) {
      throw new MillraceError("WORKER_START_FAILED", `onWorkerStart failed for worker ${id}.`, { cause });
    } finally {
      this.#starting -= 1;
    }
    this.rest(this.#admit(id, resource));
  }

  /** In a function of its own, so that one that throws at once counts as starting until that is known. */
  async #makeResource(id: number): Promise<Resource> {
    return (await this.#options.onWorkerStart?.({ id })) as Resource;
  }

  #admit(id: number, resource: Resource): PooledWorker<Resource> {
    this.#size += 1;
    this.#host.workersChanged(1);
    return new PooledWorker(id, resource, this.#workerHost);
  }

  #end(worker: PooledWorker<Resource>): void {
    this.#size -= 1;
    this.#host.workersChanged(-1);
    if (this.#options.onWorkerStop !== undefined) this.#track(this.#stopWorker(worker, this.#options.onWorkerStop));
  }

  async #stopWorker(
    { id, resource }: PooledWorker<Resource>,
    onWorkerStop: NonNullable<CrewOptions<Resource>["onWorkerStop"]>,
  ): Promise<void> {
    try {
      await onWorkerStop(resource, { id });
    } catch (cause) {
      this.#host.report(new MillraceError("WORKER_STOP_FAILED", `onWorkerStop failed for worker ${id}.`, { cause }));
    }
  }

  /** Arms the one timer that lets idle workers go, unless it is armed or there is none to let go. */
  #watchIdle(): void {
    const [longestIdle] = this.#idle;
    if (this.#idleTimer !== undefined || longestIdle === undefined || this.#size <= this.#options.minWorkers) return;
    const { clock } = this.#host;
    this.#idleTimer = clock.setTimer(() => this.#releaseIdle(), this.#releaseDueAt(longestIdle) - clock.now());
  }

  #releaseIdle(): void {
    this.#idleTimer = undefined;
    const [longestIdle] = this.#idle;
    const now = this.#host.clock.now();
    const isDue = longestIdle !== undefined && now >= this.#releaseDueAt(longestIdle);
    if (isDue && this.#size > this.#options.minWorkers) {
      this.#releasedAt = now;
      this.#idle.shift();
      this.#end(longestIdle);
    }
    this.#watchIdle();
  }

  /** One worker goes per period, however many have been idle for one. */
  #releaseDueAt({ idleSince }: PooledWorker<Resource>): number {
    return Math.max(idleSince, this.#releasedAt) + this.#options.idleTimeoutMs;
  }

  #nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  #track(change: Promise<void>): void {
    const tracked = change.finally(() => this.#changing.delete(tracked));
    this.#changing.add(tracked);
  }
}
