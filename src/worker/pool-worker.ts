// The pool strategy: a crew of workers that grows and shrinks, and a waiting room for the work past the last of them.
import { OptionReader } from "../internal/options.js";
import type { WorkerIdentity } from "./crew.js";
import { Pool, type PoolOptions } from "./pool.js";
import { PLAIN_SHARE, PoolShare, type PoolShareOptions, readShareOptions, type RoomOptions } from "./pool-share.js";
import { readTenantOptions, type ResolvedTenantOptions, type TenantOptions } from "./tenant.js";

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
  /** Turns and limits for the tenants of the queue. Default: none, and messages start in the order in which they came. */
  tenants?: TenantOptions | undefined;
  /** How long a worker is idle before it is let go, in milliseconds; one at a time. 1 to 86,400,000; default 10,000. */
  idleTimeoutMs?: number | undefined;
  /**
   * Makes what a worker owns: a connection, a thread. The handler finds it as `context.resource`. When it fails, the
   * failure is reported, messages wait, and it is tried again with a growing delay; for the first `minWorkers`, `start()`
   * rejects instead.
   */
  onWorkerStart?: ((worker: WorkerIdentity) => Resource | Promise<Resource>) | undefined;
  /**
   * The part of the handler time that shares of lower priority keep, all together, while those above have work: it keeps
   * them from starving. 0 to 0.5; default 0.05. With 0 they may wait for ever.
   */
  lowerPriorityShare?: number | undefined;
  /** Ends what a worker owns. A failure is reported and otherwise ignored. */
  onWorkerStop?: ((resource: Resource, worker: WorkerIdentity) => void | Promise<void>) | undefined;
}

/**
 * Runs up to `maxWorkers` handlers at once and keeps a small supply of messages ready behind them, so that receives are
 * full and no slot is idle. This is the default strategy.
 *
 * Several consumers can share one pool, each by a `share()` of its own. The pool itself serves one consumer, beside them or
 * alone.
 */
export class PoolWorker<Resource = undefined> extends PoolShare<Resource> {
  readonly #pool: Pool<Resource>;
  readonly #options: ResolvedPoolOptions<Resource>;

  /** @throws OptionError when an option cannot be used. */
  constructor(options: PoolWorkerOptions<Resource> = {}) {
    const resolved = resolvePoolOptions(options);
    const pool = new Pool(resolved);
    super(pool, resolved, { ...PLAIN_SHARE, tenants: resolved.tenants });
    this.#pool = pool;
    this.#options = resolved;
  }

  /**
   * A share of this pool, for another consumer: `new Consumer(handler, { queueUrl, worker: pool.share({ weight: 8 }) })`.
   * All shares together run at most `maxWorkers` handlers at once. While there is work for all of them, each gets handler
   * time by its weight; what one does not use goes to the others. Each has a waiting room of its own.
   *
   * @throws OptionError when an option cannot be used.
   */
  share(options: PoolShareOptions = {}): PoolShare<Resource> {
    return new PoolShare(this.#pool, this.#options, readShareOptions(options));
  }

  /**
   * Changes how many handlers run at once. More start at once; when there are to be fewer, those that run go on, and no
   * other starts before enough of them have ended.
   *
   * @throws OptionError when `maxWorkers` is less than `minWorkers`, or cannot be used otherwise.
   */
  resize(options: { maxWorkers: number }): void {
    const reader = new OptionReader("resize", options);
    const { minWorkers } = this.#options;
    const maxWorkers = reader.integer("maxWorkers", { min: Math.max(1, minWorkers), max: 100_000 });
    reader.finish();
    this.#pool.resize(maxWorkers);
  }
}

interface ResolvedPoolOptions<Resource> extends PoolOptions<Resource>, RoomOptions {
  readonly tenants: ResolvedTenantOptions | undefined;
}

function resolvePoolOptions<Resource>(options: PoolWorkerOptions<Resource>): ResolvedPoolOptions<Resource> {
  const reader = new OptionReader("PoolWorker", options);
  const maxWorkers = reader.integer("maxWorkers", { min: 1, max: 100_000, fallback: 10 });
  const resolved = {
    maxWorkers,
    minWorkers: reader.integer("minWorkers", { min: 0, max: maxWorkers, fallback: 0 }),
    waitingRoom: reader.integer("waitingRoom", { min: 0, max: 1_000_000, fallback: Math.max(1_000, 2 * maxWorkers) }),
    waitingRoomMs: reader.number("waitingRoomMs", { min: 0, max: 60_000, fallback: 1_000 }),
    tenants: reader.has("tenants") ? readTenantOptions(reader.raw("tenants")) : undefined,
    lowerPriorityShare: reader.number("lowerPriorityShare", { min: 0, max: 0.5, fallback: 0.05 }),
    idleTimeoutMs: reader.number("idleTimeoutMs", { min: 1, max: 86_400_000, fallback: 10_000 }),
    onWorkerStart: reader.function<NonNullable<PoolWorkerOptions<Resource>["onWorkerStart"]>>("onWorkerStart"),
    onWorkerStop: reader.function<NonNullable<PoolWorkerOptions<Resource>["onWorkerStop"]>>("onWorkerStop"),
  };
  reader.finish();
  return Object.freeze(resolved);
}
