// The slots that the shares of a pool have in common: who runs next, and on which worker.
import type { Clock } from "../internal/clock.js";
import { Crew, type CrewOptions } from "./crew.js";
import type { PooledWorker, PooledWorkerHost, PoolMember, Turn } from "./pooled-worker.js";
import { Priorities } from "./priorities.js";
import type { WorkerHost } from "./worker.js";

/** What a pool is made with; see `PoolWorkerOptions`. */
export interface PoolOptions<Resource> extends CrewOptions<Resource> {
  readonly lowerPriorityShare: number;
}

/** What a pool has while one of its shares is started. */
interface PoolLife<Resource> {
  readonly clock: Clock;
  readonly crew: Crew<Resource>;
  readonly started: Promise<void>;
}

/** Slots for handlers, and a crew of workers that fills them with what the shares have, in turns. */
export class Pool<Resource> {
  readonly #options: CrewOptions<Resource>;
  readonly #turns: Priorities<PoolMember>;
  readonly #members = new Set<PoolMember>();
  /** Whom the crew tells what happens to it: the members, and the last of them until the crew has ended. */
  #hosts: WorkerHost[] = [];
  /** Shares that have asked for places in vain. */
  readonly #wanting = new Set<PoolMember>();
  #maxWorkers: number;
  #life: PoolLife<Resource> | undefined;
  /** Tasks that run, those of an earlier life included: they hold their slots until they end. */
  #running = 0;
  #ready = 0;

  constructor(options: PoolOptions<Resource>) {
    this.#options = options;
    this.#maxWorkers = options.maxWorkers;
    this.#turns = new Priorities(options.lowerPriorityShare);
  }

  /** The most handlers that run at once. */
  get maxWorkers(): number {
    return this.#maxWorkers;
  }

  /** How many workers there are. */
  get workers(): number {
    return this.#life?.crew.size ?? 0;
  }

  /** How many shares are started. */
  get members(): number {
    return this.#members.size;
  }

  /** Slots that no handler runs in and nothing is ready for, `ownReady` tasks left aside. */
  idleSlots(ownReady: number): number {
    const slots = this.#life?.crew.slots ?? 0;
    return Math.max(0, slots - this.#running - (this.#ready - ownReady));
  }

  async join(member: PoolMember, clock: Clock): Promise<void> {
    this.#members.add(member);
    this.#hosts = this.#memberHosts();
    const life = (this.#life ??= this.#begin(clock));
    try {
      await life.started;
    } catch (error) {
      this.#remove(member);
      if (this.#life === life) this.#life = undefined;
      throw error;
    }
  }

  /** The share has stopped, and nothing of it waits. The workers end with the last one. */
  async leave(member: PoolMember): Promise<void> {
    this.#remove(member);
    if (this.#members.size > 0) return;
    const life = this.#life;
    this.#life = undefined;
    await life?.crew.stop();
  }

  resize(maxWorkers: number): void {
    this.#maxWorkers = maxWorkers;
    this.#life?.crew.resize(maxWorkers);
    this.#goOn();
  }

  /** More or fewer of a share's tasks are ready than before. */
  readyChanged(turn: Turn, before: number, now: number): void {
    this.#ready += now - before;
    if (now > 0) this.#turns.enter(turn);
    else this.#turns.leave(turn);
  }

  /** The share has asked for places in vain: it is told when a slot is idle. */
  want(member: PoolMember): void {
    this.#wanting.add(member);
  }

  /** Starts what waits, as far as slots are free. */
  dispatch(): void {
    const life = this.#life;
    while (life !== undefined && this.#running < this.#maxWorkers) {
      if (this.#turns.next() === undefined) return;
      const worker = life.crew.take();
      if (worker === undefined) {
        life.crew.spawnFor(this.#ready);
        return;
      }
      // A listener of its spawning may have changed everything: paused the consumer, resized the pool.
      const turn = this.#turns.next();
      if (turn === undefined || this.#running >= this.#maxWorkers || this.#life !== life) {
        life.crew.rest(worker);
        return;
      }
      this.#running += 1;
      worker.work(turn);
    }
  }

  #begin(clock: Clock): PoolLife<Resource> {
    const crew = new Crew({
      options: { ...this.#options, maxWorkers: this.#maxWorkers },
      host: {
        clock,
        report: (error) => this.#hosts[0]?.report(error),
        workersChanged: (change) => {
          for (const each of this.#hosts) each.workersChanged(change);
        },
      },
      workerHost: this.#createWorkerHost(clock, () => life),
      onChange: () => this.#goOn(),
    });
    const life: PoolLife<Resource> = { clock, crew, started: crew.start() };
    return life;
  }

  #createWorkerHost(clock: Clock, life: () => PoolLife<Resource>): PooledWorkerHost {
    return {
      now: () => clock.now(),
      begin: (turn) => this.#turns.begin(turn),
      end: (turn, durationMs, chargedMs) => this.#turns.end(turn, durationMs, chargedMs),
      next: () => this.#next(life()),
      isOver: () => this.#life !== life(),
      rest: (worker) => this.#rest(life(), worker as PooledWorker<Resource>),
    };
  }

  #remove(member: PoolMember): void {
    this.#members.delete(member);
    this.#wanting.delete(member);
    if (this.#members.size > 0) this.#hosts = this.#memberHosts();
  }

  #memberHosts(): WorkerHost[] {
    return [...this.#members].flatMap(({ host }) => host ?? []);
  }

  /** There may be a slot more. */
  #goOn(): void {
    this.dispatch();
    this.#tellWanting();
  }

  #tellWanting(): void {
    if (this.#wanting.size === 0 || this.idleSlots(0) === 0) return;
    const wanting = [...this.#wanting];
    this.#wanting.clear();
    for (const { host } of wanting) host?.placesFreed();
  }

  /** Who is next for a worker that has ended a task. */
  #next(life: PoolLife<Resource>): Turn | undefined {
    // After a stop the worker goes: what waits by then belongs to the next life. It goes too when the pool has shrunk.
    return this.#life === life && this.#running <= this.#maxWorkers ? this.#turns.next() : undefined;
  }

  #rest(life: PoolLife<Resource>, worker: PooledWorker<Resource>): void {
    this.#running -= 1;
    life.crew.rest(worker);
    this.#goOn();
  }
}
