// One user's share of a pool: its waiting room, its places, and its turns at the slots.
import { createDeferred, type Deferred } from "../internal/deferred.js";
import { invariant } from "../internal/invariant.js";
import { OptionReader } from "../internal/options.js";
import { Contender } from "./fair-group.js";
import { Pace } from "./pace.js";
import type { Pool } from "./pool.js";
import type { PoolMember, TurnFacts } from "./pooled-worker.js";
import { PlainRoom, type Room } from "./room.js";
import { readTenantOptions, type ResolvedTenantOptions, type TenantOptions } from "./tenant.js";
import { TenantRoom } from "./tenant-room.js";
import type { Task, Worker, WorkerHost, WorkerStats } from "./worker.js";

/** What a share of a pool is made with. Everything but the waiting room can be changed while it runs. */
export interface PoolShareOptions {
  /**
   * How much handler time it gets, beside the others of its priority that have work too: one of weight 8 gets eight times
   * that of one of weight 1. What it does not use goes to the others. 0.000001 to 1,000,000; default 1.
   */
  weight?: number | undefined;
  /**
   * Higher goes first, whatever the weights; those below keep `lowerPriorityShare` of the pool. A whole number from -1,000
   * to 1,000; default 0.
   */
  priority?: number | undefined;
  /** The most of its handlers that run at once. 1 to 100,000; default: as many as the pool has workers. */
  maxRunning?: number | undefined;
  /**
   * Turns and limits for the tenants of one queue. It has to be there from the beginning; what it says can be changed,
   * except for `key`. Default: none, and messages start in the order in which they came.
   */
  tenants?: TenantOptions | undefined;
}

/** The waiting room of a share; see `PoolWorkerOptions`. */
export interface RoomOptions {
  readonly waitingRoom: number;
  readonly waitingRoomMs: number;
}

const SMALLEST_WEIGHT = 0.000_001;
/**
 * The part of the supply that can start as soon as a slot is free. Messages that wait for the turn of their group cannot:
 * with nothing else in supply, a slot would be idle while the message before is being deleted.
 */
const LEAST_STARTABLE = 1 / 4;

/**
 * A share of a pool, as the worker of a consumer. It has a waiting room and places of its own, so that a queue that is
 * full of messages takes no place from another; at the slots the shares have turns.
 */
export class PoolShare<Resource = undefined> implements Worker<Resource> {
  declare readonly resourceType?: Resource;
  readonly #pool: Pool<Resource>;
  readonly #roomOptions: RoomOptions;
  readonly #room: Room;
  readonly #turn: Contender<PoolMember>;
  #pace: Pace;
  #maxRunning = Infinity;
  /** Tasks that run, those of an earlier life included. */
  #running = 0;
  #handlerTimeMs = 0;
  #reserved = 0;
  /** How many places were asked for in vain. */
  #missing = 0;
  /** How many tasks are ready, as the pool was told. */
  #ready = 0;
  #onDrained: Deferred<void> | undefined;

  /** @internal */
  constructor(pool: Pool<Resource>, roomOptions: RoomOptions, options: ResolvedShareOptions) {
    this.#pool = pool;
    this.#roomOptions = roomOptions;
    this.#room = options.tenants === undefined ? new PlainRoom() : new TenantRoom(options.tenants);
    this.#pace = this.#createPace();
    const member: PoolMember = {
      host: undefined,
      priority: options.priority,
      begin: () => this.#begin(),
      ended: (task, facts) => this.#ended(task, facts),
    };
    this.#turn = new Contender(member, options.weight);
    this.#set(options);
  }

  /**
   * Changes what it was made with, at once, and leaves the rest as it is. Handlers that run go on.
   *
   * @throws OptionError when an option cannot be used; nothing has changed then.
   */
  update(options: PoolShareOptions): void {
    const resolved = readShareOptions(options, {
      weight: this.#turn.weight,
      priority: this.#turn.owner.priority,
      maxRunning: this.#maxRunning,
      tenants: undefined,
    });
    const { priority, tenants } = resolved;
    if (tenants !== undefined) this.#room.change(tenants);
    this.#pool.readyChanged(this.#turn, this.#ready, 0);
    this.#ready = 0;
    if (priority !== this.#turn.owner.priority) this.#turn.dueAt = 0; // The time of another level is not that of this one.
    this.#set(resolved);
    this.#review();
    this.#pool.dispatch();
    this.#host?.placesFreed();
  }

  /** The most handlers that run at once. */
  get slots(): number {
    return Math.min(this.#maxRunning, this.#pool.maxWorkers);
  }

  async start(host: WorkerHost): Promise<void> {
    invariant(this.#host === undefined, "a pool was started that is in use");
    this.#turn.owner.host = host;
    this.#pace = this.#createPace();
    this.#room.open({
      clock: host.clock,
      waitingRoom: this.#roomOptions.waitingRoom,
      slots: () => this.slots,
      changed: () => {
        this.#review();
        this.#pool.dispatch();
      },
      report: (error) => host.report(error),
    });
    try {
      await this.#pool.join(this.#turn.owner, host.clock);
    } catch (error) {
      this.#room.close();
      this.#turn.owner.host = undefined;
      throw error;
    }
  }

  reserve(atMost: number): number {
    const places = this.#reserve(atMost);
    if (places === 0 && this.#host !== undefined) this.#pool.want(this.#turn.owner);
    return places;
  }

  release(places: number): void {
    invariant(places <= this.#reserved, "more places were released than are reserved");
    this.#reserved -= places;
    this.#host?.placesFreed();
  }

  makePlace(): void {
    this.#reserved += 1;
  }

  accept(task: Task): void {
    invariant(this.#host !== undefined, "a task was accepted by a pool that is not started");
    invariant(this.#reserved > 0, "a task was accepted without a reserved place");
    this.#reserved -= 1;
    this.#room.push(task);
    this.#review();
    this.#pool.dispatch();
    if (this.#isSupplyGone()) this.#host.placesFreed();
  }

  withdraw(): Task[] {
    const tasks = this.#room.clear();
    this.#review();
    this.#settleIfDrained();
    this.#host?.placesFreed();
    return tasks;
  }

  async drained(): Promise<void> {
    if (this.#running + this.#room.size === 0) return;
    this.#onDrained ??= createDeferred();
    await this.#onDrained.promise;
  }

  async stop(): Promise<void> {
    if (this.#host === undefined) return;
    this.#room.close();
    await this.#pool.leave(this.#turn.owner);
    this.#turn.owner.host = undefined;
  }

  /** How much handler time it gets beside the others of its priority. */
  get weight(): number {
    return this.#turn.weight;
  }

  /** Higher goes first. */
  get priority(): number {
    return this.#turn.owner.priority;
  }

  /** How long its handlers have run in all, in milliseconds. One that runs is counted when it has ended. */
  get handlerTimeMs(): number {
    return this.#handlerTimeMs;
  }

  /** What it is doing now. The workers are those of the whole pool. */
  stats(): WorkerStats {
    return { running: this.#running, waiting: this.#room.size, workers: this.#pool.workers };
  }

  /** What it works for, between a start and a stop. */
  get #host(): WorkerHost | undefined {
    return this.#turn.owner.host;
  }

  #createPace(): Pace {
    return new Pace({ windowMs: this.#roomOptions.waitingRoomMs, slots: this.slots });
  }

  #set({ weight, priority, maxRunning }: ResolvedShareOptions): void {
    this.#turn.weight = weight;
    this.#turn.owner.priority = priority;
    this.#maxRunning = maxRunning;
  }

  #reserve(atMost: number): number {
    const host = this.#host;
    if (host === undefined) return 0;
    const supply = this.#room.supply + this.#reserved;
    const isShared = this.#pool.members > 1;
    const asked = isShared && this.#running + supply === 0 ? Math.min(atMost, this.#firstAsk) : atMost;
    const idleSlots = Math.min(this.#pool.idleSlots(this.#ready), this.#maxRunning - this.#running) - supply;
    // Where others have turns as well, a task has to be here for its turn.
    const least = isShared && supply === 0 && this.#running < this.#maxRunning ? 1 : 0;
    const placesFor = (starts: number): number => {
      const expectedStarts = Math.min(starts, this.#roomOptions.waitingRoom);
      const ahead = Math.max(Math.floor(expectedStarts * LEAST_STARTABLE), expectedStarts - host.waitingForTurn);
      const places = Math.min(asked, Math.max(idleSlots + ahead, least));
      // Fewer than asked for are worth a request only when a slot would be idle without them, or is about to be.
      const isWorthIt = places >= asked || (places >= 1 && (idleSlots > 0 || supply === 0));
      return isWorthIt ? places : 0;
    };
    this.#pace.slots = this.slots;
    this.#missing = asked;
    if (placesFor(this.#pace.mostStarts) === 0) return 0;
    const places = placesFor(this.#pace.expectedStarts(host.clock.now()));
    if (places > 0) this.#missing = 0;
    this.#reserved += places;
    return places;
  }

  /** Whether `reserve` may have another answer by now: it has not, for most of the tasks that start. */
  get #mayHavePlaces(): boolean {
    const supply = this.#room.supply + this.#reserved;
    const idleSlots = this.slots - this.#running - supply;
    const ahead = Math.min(this.#pace.mostEnded, this.#roomOptions.waitingRoom);
    return idleSlots > 0 || supply === 0 || idleSlots + ahead >= this.#missing;
  }

  /** A long poll of an idle queue holds places too: not so many that all of them together would fill the pool twice. */
  get #firstAsk(): number {
    return Math.ceil(this.#pool.maxWorkers / this.#pool.members);
  }

  #begin(): Task {
    const task = this.#room.shift();
    invariant(task !== undefined, "a share had its turn that has nothing");
    this.#running += 1;
    this.#review();
    if (this.#mayHavePlaces) this.#host?.placesFreed();
    return task;
  }

  #ended(task: Task, { durationMs, endedAt, isOfEarlierLife }: TurnFacts): void {
    this.#running -= 1;
    this.#handlerTimeMs += durationMs;
    if (!isOfEarlierLife) this.#pace.ended(durationMs, endedAt);
    this.#room.ended(task, durationMs);
    this.#review();
    this.#settleIfDrained();
    if (this.#isSupplyGone()) this.#host?.placesFreed();
  }

  /** Tells the pool how many tasks are ready. */
  #review(): void {
    const ready = Math.min(this.#room.ready, Math.max(0, this.#maxRunning - this.#running));
    if (ready === this.#ready) return;
    this.#pool.readyChanged(this.#turn, this.#ready, ready);
    this.#ready = ready;
  }

  /** Whether nothing waits and nothing is on its way. */
  #isSupplyGone(): boolean {
    return this.#room.ready + this.#reserved === 0;
  }

  #settleIfDrained(): void {
    if (this.#onDrained === undefined || this.#running + this.#room.size > 0) return;
    this.#onDrained.resolve();
    this.#onDrained = undefined;
  }
}

/** A share, with nothing left open. */
export interface ResolvedShareOptions {
  readonly weight: number;
  readonly priority: number;
  readonly maxRunning: number;
  readonly tenants: ResolvedTenantOptions | undefined;
}

/** What a share is that nothing was said of. */
export const PLAIN_SHARE: ResolvedShareOptions = Object.freeze({
  weight: 1,
  priority: 0,
  maxRunning: Infinity,
  tenants: undefined,
});

/** Reads the options of a share. What is absent is as in `fallback`. */
export function readShareOptions(
  options: PoolShareOptions,
  fallback: ResolvedShareOptions = PLAIN_SHARE,
): ResolvedShareOptions {
  const reader = new OptionReader("PoolShare", options);
  const resolved = {
    weight: reader.number("weight", { min: SMALLEST_WEIGHT, max: 1_000_000, fallback: fallback.weight }),
    priority: reader.integer("priority", { min: -1_000, max: 1_000, fallback: fallback.priority }),
    maxRunning: reader.integer("maxRunning", { min: 1, max: 100_000, fallback: fallback.maxRunning }),
    tenants: reader.has("tenants") ? readTenantOptions(reader.raw("tenants")) : undefined,
  };
  reader.finish();
  return resolved;
}
