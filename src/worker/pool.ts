// The slots that the shares of a pool have in common: who runs next, and on which worker.
import type { Clock } from "../internal/clock.js";
import { Crew, type CrewOptions, type PooledWorker } from "./crew.js";
import type { Contender } from "./fair-group.js";
import { type Prioritized, Priorities } from "./priorities.js";
import type { Task, WorkerHost } from "./worker.js";

/** A share of a pool, as the pool sees it. */
export interface PoolMember extends Prioritized {
  /** What it works for, between a start and a stop. */
  host: WorkerHost | undefined;
  priority: number;
  /** Takes out the task that is next, to be run now. */
  begin(): Task;
  /** The task has ended. */
  ended(task: Task, facts: TurnFacts): void;
}

/** How a task's turn went. */
export interface TurnFacts {
  readonly durationMs: number;
  readonly endedAt: number;
  /** Whether the pool was stopped meanwhile: it says nothing about the pace of now. */
  readonly isOfEarlierLife: boolean;
}

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

type Turn = Contender<PoolMember>;

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
      this.#work(life, worker, turn);
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
      onChange: () => this.#goOn(),
    });
    return { clock, crew, started: crew.start() };
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

  /** Has the worker run tasks until none is ready; then it rests. */
  #work(life: PoolLife<Resource>, worker: PooledWorker<Resource>, first: Turn): void {
    this.#running += 1;
    let turn = first;
    let chargedMs = this.#turns.begin(turn);
    let task: Task | undefined = turn.owner.begin();
    let startedAt = life.clock.now();
    let isCalling = false;
    let hasEnded = false;
    /** Answers whether there is another task. */
    const goOn = (): boolean => {
      const now = life.clock.now();
      const durationMs = now - startedAt;
      this.#turns.end(turn, durationMs, chargedMs);
      turn.owner.ended(task as Task, { durationMs, endedAt: now, isOfEarlierLife: this.#life !== life });
      task = undefined; // The engine may keep these functions for a while: they are not to keep a message alive.
      const next = this.#next(life);
      if (next === undefined) return false;
      turn = next;
      chargedMs = this.#turns.begin(turn);
      task = turn.owner.begin();
      startedAt = now;
      return true;
    };
    // A loop where handlers are synchronous, as recursion would fill the stack.
    const run = (): void => {
      do {
        hasEnded = false;
        isCalling = true;
        (task as Task).run(worker.resource, onEnd);
        isCalling = false;
        if (!hasEnded) return;
      } while (goOn());
      this.#rest(life, worker);
    };
    const onEnd = (): void => {
      hasEnded = true;
      if (isCalling) return;
      if (goOn()) run();
      else this.#rest(life, worker);
    };
    run();
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
