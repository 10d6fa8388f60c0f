// One worker of a pool: it runs one task after another until none is ready.
import type { Contender } from "./fair-group.js";
import type { Prioritized } from "./priorities.js";
import type { Task, WorkerHost } from "./worker.js";

/** A share of a pool, as the pool and its workers see it. */
export interface PoolMember extends Prioritized {
  /** What it works for, between a start and a stop. */
  host: WorkerHost | undefined;
  priority: number;
  /** Takes out the task that is next, to be run now. */
  begin(): Task;
  /** The task has ended. */
  ended(task: Task, facts: TurnFacts): void;
}

/** Whose turn it is. */
export type Turn = Contender<PoolMember>;

/** How a task's turn went. */
export interface TurnFacts {
  readonly durationMs: number;
  readonly endedAt: number;
  /** Whether the pool was stopped meanwhile: it says nothing about the pace of now. */
  readonly isOfEarlierLife: boolean;
}

/** What a worker needs of its pool. */
export interface PooledWorkerHost {
  now(): number;
  /** A turn begins. Answers what it was charged. */
  begin(turn: Turn): number;
  /** A turn has ended. */
  end(turn: Turn, durationMs: number, chargedMs: number): void;
  /** Whose turn is next, for a worker that has ended a task. */
  next(): Turn | undefined;
  /** Whether the worker is of a life that is over. */
  isOver(): boolean;
  /** No task is ready any more. */
  rest(worker: PooledWorker<unknown>): void;
}

/** What it owns, and its task. It is made once and not for each task, and has one function: there is one for each message that runs. */
export class PooledWorker<Resource> {
  /** 1 for the first worker that was spawned, and so on; never given twice. */
  readonly id: number;
  readonly resource: Resource;
  /** When it had its last task, on the clock. */
  idleSince = 0;
  readonly #host: PooledWorkerHost;
  #turn: Turn | undefined;
  #task: Task | undefined;
  #chargedMs = 0;
  #startedAt = 0;
  #isCalling = false;
  #hasEnded = false;

  constructor(id: number, resource: Resource, host: PooledWorkerHost) {
    this.id = id;
    this.resource = resource;
    this.#host = host;
  }

  /** Runs tasks, from the one whose turn it is. */
  work(turn: Turn): void {
    this.#take(turn, this.#host.now());
    this.#run();
  }

  #take(turn: Turn, now: number): void {
    this.#turn = turn;
    this.#chargedMs = this.#host.begin(turn);
    this.#task = turn.owner.begin();
    this.#startedAt = now;
  }

  /** A loop where handlers are synchronous, as recursion would fill the stack. */
  #run(): void {
    do {
      this.#hasEnded = false;
      this.#isCalling = true;
      this.#task?.run(this.resource, this.#onEnd);
      this.#isCalling = false;
      if (!this.#hasEnded) return;
    } while (this.#goOn());
    this.#host.rest(this);
  }

  readonly #onEnd = (): void => {
    this.#hasEnded = true;
    if (this.#isCalling) return;
    if (this.#goOn()) this.#run();
    else this.#host.rest(this);
  };

  /** Answers whether there is another task. */
  #goOn(): boolean {
    const turn = this.#turn;
    const task = this.#task;
    this.#turn = this.#task = undefined; // A worker that rests is not to keep a message alive.
    if (turn === undefined || task === undefined) return false;
    const endedAt = this.#host.now();
    const durationMs = endedAt - this.#startedAt;
    this.#host.end(turn, durationMs, this.#chargedMs);
    turn.owner.ended(task, { durationMs, endedAt, isOfEarlierLife: this.#host.isOver() });
    const next = this.#host.next();
    if (next === undefined) return false;
    this.#take(next, endedAt);
    return true;
  }
}
