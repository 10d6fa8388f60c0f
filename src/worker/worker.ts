// The Worker contract: how many messages may be here at once, and when each one's handler runs.
import type { Clock } from "../internal/clock.js";

/** One message's turn at the handler, as a worker sees it. */
export interface Task {
  /** The message, for strategies that schedule by what it is. */
  readonly message: unknown;
  /** The group that the message belongs to, where its source has groups. */
  readonly groupId: string | undefined;
  /** How many times the message has been delivered, this time included. */
  readonly attempt: number;
  /**
   * For how many milliseconds the handler has paused its message's key (`retry({ afterSeconds, pause: "key" })`); 0 if it has
   * not. Known from when `onEnd` is called. Of use to strategies that schedule by keys.
   */
  readonly keyPausedForMs: number;
  /**
   * Calls the handler. Call it once, when the task's turn has come. It never throws.
   *
   * @param resource - What the worker owns, for the handler's context.
   * @param onEnd - Called once, when the handler has ended, whatever came of it; before `run` returns if the handler was
   * synchronous. A callback and not a promise, because this is paid for every message.
   */
  run(resource: unknown, onEnd: () => void): void;
  /**
   * Sends the message back to its source, unstarted, to come again after so many seconds: for a strategy that would have to
   * hold it for long. The task is not the worker's any more. Sources count it as an attempt.
   */
  postpone(afterSeconds: number): void;
}

/** What a worker is given of the consumer it works for. */
export interface WorkerHost {
  /** Where time is read and timers are set. */
  readonly clock: Clock;
  /**
   * Messages that are here and wait for the turn of their group, not for a slot. `makePlace` is called for each when its
   * turn has come; a strategy that keeps a supply counts them as a part of it that cannot start at once.
   */
  readonly waitingForTurn: number;
  /** To be called when a place may have become free. Cheap: it does nothing when nobody waits. */
  placesFreed(): void;
  /** Takes an error that no task can carry. */
  report(error: unknown): void;
  /** To be called when a worker has been spawned (`change` 1) or released (-1). Strategies without workers never do. */
  workersChanged(change: 1 | -1): void;
}

/** What a worker is doing at one moment. */
export interface WorkerStats {
  /** Handlers that run now. */
  readonly running: number;
  /** Tasks that were accepted and have not started. */
  readonly waiting: number;
  /** Workers that exist, busy or idle; for a strategy without workers, the handlers that run. */
  readonly workers: number;
}

/**
 * A strategy for running handlers. The runner reserves places before it asks its source for messages, and each message
 * that comes uses one; so a worker never has to refuse, and nothing is received that has nowhere to go.
 *
 * `millrace/testing` has the suite that every strategy must pass.
 *
 * @typeParam Resource - What each worker owns and the handler finds as `context.resource`.
 */
export interface Worker<Resource = unknown> {
  /**
   * Makes ready. Called once before anything else, and again after a `stop()`.
   *
   * @throws When the worker cannot start; nothing may remain of the attempt.
   */
  start(host: WorkerHost): Promise<void>;
  /**
   * Takes up to `atMost` places and says how many: 0 when there is none, or when it is worth waiting for more.
   * After 0, `host.placesFreed()` tells when to ask again.
   */
  reserve(atMost: number): number;
  /** Gives back places that were reserved and not used. */
  release(places: number): void;
  /**
   * Reserves one place whether there is one or not, for a task that is here already and whose turn has come: it waits for
   * a slot like any other. `reserve` answers 0 until what was taken so has ended again.
   */
  makePlace(): void;
  /** Takes a task for a reserved place. It starts at once when it can, and otherwise waits. */
  accept(task: Task): void;
  /**
   * Takes out every task that has not started and frees its place. They are no longer the worker's to run. Called at a stop,
   * and also while the worker goes on: for a pause, or when a rate becomes lower.
   */
  withdraw(): Task[];
  /** Resolves when no task runs or waits. */
  drained(): Promise<void>;
  /** Ends what the worker owns. Called after `withdraw()`; what still runs then is left to end by itself. */
  stop(): Promise<void>;
  /** What it is doing now. It is read often, and must cost next to nothing. */
  stats(): WorkerStats;
  /** The most handlers that run at once, where that is known: a batch of more could never fill. */
  readonly slots?: number | undefined;
  /** Never set: it lets the type of the resource be inferred. */
  readonly resourceType?: Resource;
}
