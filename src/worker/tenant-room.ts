// A waiting room with tenants: they have turns, each within its limits, and none fills the room.
import { MillraceError, OptionError } from "../errors.js";
import { DeadlineScheduler } from "../internal/deadline-scheduler.js";
import { Registry } from "../internal/registry.js";
import { silence } from "../internal/silence.js";
import { FairGroup } from "./fair-group.js";
import type { Room, RoomHost } from "./room.js";
import { type ResolvedTenantOptions, Tenant, type TenantParts } from "./tenant.js";
import type { Task } from "./worker.js";

/** How many turns the mean looks back on. */
const MEMORY = 64;

/** How many tenants are remembered of which nothing is here, because they have had more than their part. */
const MOST_AHEAD = 10_000;

interface Turn {
  readonly tenant: Tenant;
  readonly chargedMs: number;
}

/**
 * A room where the messages of each tenant wait by themselves. Those that may start have turns, by handler time, so that a
 * tenant with a thousand messages is not before one that has just sent its first. Those of a tenant that is at its limit do
 * not count as supply: receiving goes on for the others. When such a tenant has more here than it can start within
 * `maxWaitMs`, the rest is sent back, each for as long as its turn is away.
 */
export class TenantRoom implements Room {
  #options: ResolvedTenantOptions;
  readonly #parts: TenantParts;
  readonly #tenants = new Registry<string | undefined, Tenant>();
  readonly #turns = new FairGroup<Tenant>();
  readonly #running = new Registry<Task, Turn>();
  /** Those of which messages are away. */
  readonly #loud = new Set<Tenant>();
  /** Those of which nothing is here, and that are ahead of the others: a new beginning would make them equal. */
  readonly #ahead = new Set<Tenant>();
  #host: RoomHost | undefined;
  #reviews: DeadlineScheduler<Tenant> | undefined;
  #size = 0;
  #ready = 0;
  #meanMs: number | undefined;

  constructor(options: ResolvedTenantOptions) {
    this.#options = options;
    this.#parts = {
      options: () => this.#options,
      now: () => this.#host?.clock.now() ?? 0,
      slots: () => this.#host?.slots() ?? 1,
      loud: () => this.#loud.size,
      meanMs: () => this.#meanMs,
    };
  }

  get size(): number {
    return this.#size;
  }

  get ready(): number {
    return this.#ready;
  }

  get supply(): number {
    // What waits for its tenant takes up no places, unless it fills the room.
    return this.#ready + Math.max(0, this.#size - this.#ready - this.#mostHeld);
  }

  open(host: RoomHost): void {
    this.#host = host;
    this.#reviews = new DeadlineScheduler(host.clock, (tenant) => {
      this.#review(tenant);
      host.changed();
    });
    for (const tenant of this.#tenants.values()) this.#review(tenant);
  }

  change(options: ResolvedTenantOptions): void {
    const { key } = this.#options;
    if (options.key !== undefined && options.key !== key) {
      throw new OptionError("tenants.key", "to be absent, as it cannot be changed", options.key);
    }
    this.#options = { ...options, key };
    for (const tenant of this.#tenants.values()) {
      tenant.rate.change(options.rate);
      this.#review(tenant);
    }
  }

  push(task: Task): void {
    const tenant = this.#tenantOf(task);
    this.#admit(tenant, task);
    this.#review(tenant);
  }

  shift(): Task | undefined {
    const turn = this.#turns.peek();
    if (turn === undefined) return undefined;
    const tenant = turn.owner;
    const chargedMs = this.#turns.begin(turn);
    const task = tenant.begin();
    if (task === undefined) return undefined;
    this.#size -= 1;
    this.#forgetOvertaken();
    this.#running.set(task, { tenant, chargedMs });
    this.#review(tenant);
    return task;
  }

  ended(task: Task, durationMs: number): void {
    const turn = this.#running.get(task);
    if (turn === undefined) return;
    const { tenant, chargedMs } = turn;
    this.#running.delete(task);
    tenant.ended(task.keyPausedForMs);
    this.#turns.end(tenant.turn, durationMs, chargedMs);
    this.#meanMs = this.#meanMs === undefined ? durationMs : this.#meanMs + (durationMs - this.#meanMs) / MEMORY;
    if (task.keyPausedForMs > 0) this.#sendBack(tenant);
    this.#review(tenant);
    if (this.#size + this.#running.size === 0) this.#forgetOvertaken({ areAll: true });
  }

  clear(): Task[] {
    const tasks: Task[] = [];
    for (const tenant of this.#tenants.values()) {
      tasks.push(...tenant.waiting.clear());
      this.#review(tenant);
    }
    this.#size = 0;
    return tasks;
  }

  close(): void {
    this.#reviews?.clear();
    this.#reviews = undefined; // A handler may end after that.
  }

  #admit(tenant: Tenant, task: Task): void {
    if (this.#mayWait(tenant, task)) {
      tenant.waiting.push(task);
      this.#size += 1;
    } else {
      task.postpone(tenant.book() / 1_000);
    }
  }

  #mayWait(tenant: Tenant, task: Task): boolean {
    if (tenant.isBelowItsLimits || tenant.mustKeep(task)) return true;
    return this.#size - this.#ready < this.#mostHeld && tenant.hasRoomFor(task);
  }

  /** How many may wait that cannot start. */
  get #mostHeld(): number {
    return this.#host?.waitingRoom ?? 0;
  }

  /** A handler has met a limit elsewhere that is its tenant's. What waits of it goes back, if it would wait for long. */
  #sendBack(tenant: Tenant): void {
    const tasks = tenant.waiting.clear();
    this.#size -= tasks.length;
    for (const task of tasks) this.#admit(tenant, task);
  }

  /** Counts what has changed of a tenant, and sees to it that it is looked at when time changes more. */
  #review(tenant: Tenant): void {
    const ready = tenant.startable;
    this.#ready += ready - tenant.ready;
    tenant.ready = ready;
    if (ready > 0) this.#turns.enter(tenant.turn);
    else this.#turns.leave(tenant.turn);
    if (tenant.isLoud) this.#loud.add(tenant);
    else this.#loud.delete(tenant);
    const reviewAt = tenant.reviewAt;
    if (reviewAt !== undefined) this.#reviews?.schedule(tenant, reviewAt);
    else this.#reviews?.cancel(tenant);
    if (tenant.isGone) this.#gone(tenant);
  }

  #gone(tenant: Tenant): void {
    if (!this.#turns.isAhead(tenant.turn)) {
      this.#tenants.delete(tenant.key);
      return;
    }
    this.#ahead.add(tenant);
    if (this.#ahead.size > MOST_AHEAD) this.#forgetFirst();
  }

  /** Those whom the others have overtaken are not to be remembered any more; none is, when nobody is there to be ahead of. */
  #forgetOvertaken({ areAll = false } = {}): void {
    for (const tenant of this.#ahead) {
      if (!areAll && this.#turns.isAhead(tenant.turn)) return;
      this.#forgetFirst();
    }
  }

  #forgetFirst(): void {
    const [first] = this.#ahead;
    if (first === undefined) return;
    this.#ahead.delete(first);
    this.#tenants.delete(first.key);
  }

  #tenantOf(task: Task): Tenant {
    const key = this.#keyOf(task);
    const known = this.#tenants.get(key);
    if (known !== undefined) {
      this.#ahead.delete(known);
      return known;
    }
    const tenant = new Tenant(key, this.#parts);
    this.#tenants.set(key, tenant);
    return tenant;
  }

  #keyOf(task: Task): string | undefined {
    const { key } = this.#options;
    if (key === undefined) return task.groupId;
    try {
      const answer: unknown = key(task.message as never);
      if (typeof answer === "string" || answer === undefined) return answer;
      silence(answer);
      throw new TypeError(`key answered with ${typeof answer} instead of a string`);
    } catch (cause) {
      this.#host?.report(new MillraceError("TENANT_FAILED", "The tenant of a message could not be told.", { cause }));
      return undefined;
    }
  }
}
