// Where tasks wait for a worker.
import type { Clock } from "../internal/clock.js";
import { OptionError } from "../errors.js";
import { RingBuffer } from "./ring-buffer.js";
import type { ResolvedTenantOptions } from "./tenant.js";
import type { Task } from "./worker.js";

/** What a room is given of the share of a pool that it belongs to. */
export interface RoomHost {
  readonly clock: Clock;
  /** The most that are to wait. */
  readonly waitingRoom: number;
  /** How many tasks the share can run at once. */
  slots(): number;
  /** To be called when `ready` has changed by itself. */
  changed(): void;
  /** Takes an error that no task can carry. */
  report(error: unknown): void;
}

/** Where tasks wait, and the order in which they leave. */
export interface Room {
  /** How many wait. */
  readonly size: number;
  /** How many of them could start now, if there were workers. */
  readonly ready: number;
  /** How many take up places: those that are ready, and any that wait for something else and should not be more. */
  readonly supply: number;
  /** Called before anything else, and again after `close`. */
  open(host: RoomHost): void;
  /** @throws OptionError when it has no tenants, or another `key`. */
  change(tenants: ResolvedTenantOptions): void;
  push(task: Task): void;
  /** Takes out the one that is next; undefined when none is ready. */
  shift(): Task | undefined;
  /** A task that was taken out has ended. */
  ended(task: Task, durationMs: number): void;
  /** Takes out everything, in order. */
  clear(): Task[];
  /** The share has stopped: no timer stays behind. */
  close(): void;
}

/** First in, first out. */
export class PlainRoom extends RingBuffer<Task> implements Room {
  get ready(): number {
    return this.size;
  }

  get supply(): number {
    return this.size;
  }

  open(): void {}

  change(tenants: ResolvedTenantOptions): void {
    throw new OptionError("tenants", "to be absent, as there were none when the worker or consumer was made", tenants);
  }

  close(): void {}

  ended(): void {}
}
