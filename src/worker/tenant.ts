// One tenant of a queue: what waits of it, how much of it runs, and when more of it may start.
import type { Scheduled } from "../internal/deadline-queue.js";
import { OptionReader } from "../internal/options.js";
import { type Rate, RateLimit, readRate, type ResolvedRate } from "./rate-limit.js";
import { Contender } from "./fair-group.js";
import { RingBuffer } from "./ring-buffer.js";
import type { Task } from "./worker.js";

/** How the tenants of one queue share it. */
export interface TenantOptions<Message = never> {
  /**
   * Whose message it is. Messages for which it answers undefined count as one tenant. When it throws, or answers with
   * something else, that is reported as `TENANT_FAILED`, and the message counts as one of those. Default: the message's
   * group, which on SQS is its `MessageGroupId`.
   */
  key?: ((message: Message) => string | undefined) | undefined;
  /** The most handlers of one tenant that run at once. 1 to 100,000; default: as many as there are slots. */
  maxRunning?: number | undefined;
  /** How many messages of one tenant may start in a time. Default: without limit. */
  rate?: Rate | undefined;
  /**
   * How long a message may be expected to wait here for its tenant's turn, in milliseconds. One that would wait for longer
   * goes back to the source, to come again about when its turn is. 100 to 60,000; default 1,000.
   */
  maxWaitMs?: number | undefined;
  /**
   * The most messages of one tenant that are away at once; the rest waits here, and ends receiving. On SQS they count as in
   * flight, of which a queue has at most 120,000 for all its consumers together: with many replicas, or very loud tenants,
   * take less. 0 to 100,000; default 20,000.
   */
  maxSentBack?: number | undefined;
}

/** How tenants share a queue, with nothing left open. */
export interface ResolvedTenantOptions {
  readonly key: ((message: never) => string | undefined) | undefined;
  readonly maxRunning: number;
  readonly rate: ResolvedRate | undefined;
  readonly maxWaitMs: number;
  readonly maxSentBack: number;
}

/** Reads the option `tenants`. @throws OptionError when it cannot be used. */
export function readTenantOptions(options: unknown): ResolvedTenantOptions {
  const reader = new OptionReader("tenants", options);
  const resolved = {
    key: reader.function<(message: never) => string | undefined>("key"),
    maxRunning: reader.integer("maxRunning", { min: 1, max: 100_000, fallback: Infinity }),
    rate: readRate(reader.raw("rate")),
    maxWaitMs: reader.number("maxWaitMs", { min: 100, max: 60_000, fallback: 1_000 }),
    maxSentBack: reader.integer("maxSentBack", { min: 0, max: 100_000, fallback: 20_000 }),
  };
  reader.finish();
  return Object.freeze(resolved);
}

/** What the tenants of a room have in common. */
export interface TenantParts {
  readonly options: () => ResolvedTenantOptions;
  readonly now: () => number;
  /** How many handlers of the queue can run at once. */
  readonly slots: () => number;
  /** How long handlers of the queue take; undefined as long as none has ended. */
  readonly meanMs: () => number | undefined;
}

/** How many wait of a tenant of which it is not known how long it takes. */
const WAITING_AT_FIRST = 10;
/** What a handler is taken for as long as none has ended. */
const GUESSED_MS = 1_000;
/** The longest that a message is sent back for. What it is estimated from will have changed by then. */
const LONGEST_AWAY_MS = 900_000;

/** A tenant, while there is something of it here or something to remember. */
export class Tenant implements Scheduled {
  readonly key: string | undefined;
  readonly rate: RateLimit;
  readonly turn: Contender<Tenant> = new Contender<Tenant>(this, 1);
  readonly waiting: RingBuffer<Task> = new RingBuffer();
  running = 0;
  /** How many are ready, and how many take up places, as the room has counted them. */
  ready = 0;
  supply = 0;
  /** When it is to be looked at again, for the scheduler. */
  dueAt: number = Infinity;
  queueIndex = -1;
  readonly #parts: TenantParts;
  #begunAt = -Infinity;
  #pausedUntil = -Infinity;
  /** Until when its time is given to messages that were sent back. */
  #bookedUntil = -Infinity;

  constructor(key: string | undefined, parts: TenantParts) {
    this.key = key;
    this.#parts = parts;
    this.rate = new RateLimit({ now: parts.now }, parts.options().rate);
  }

  /** How many more may start now. */
  get startable(): number {
    if (this.#pausedUntil > this.#parts.now()) return 0;
    const most = Math.min(this.waiting.size, Math.max(0, this.#maxRunning - this.running));
    if (this.rate.rate === undefined || most === 0) return most;
    return this.rate.allow(1, 0);
  }

  /** Whether nothing of it is here, and there is nothing to remember. */
  get isGone(): boolean {
    return this.running + this.waiting.size === 0 && this.reviewAt === undefined;
  }

  /** When more of it may start by itself, or it may be forgotten; undefined when that is not a matter of time. */
  get reviewAt(): number | undefined {
    const now = this.#parts.now();
    if (this.#pausedUntil > now) return this.#pausedUntil;
    if (this.waiting.size > 0) {
      if (this.running >= this.#maxRunning || this.startable > 0) return undefined;
      return now + Math.max(1, this.rate.waitMs(1, 0) ?? 1);
    }
    const { rate } = this.rate;
    const fullAt = rate === undefined ? now : this.#begunAt + (1_000 * rate.burst) / rate.perSecond;
    const at = Math.max(fullAt, this.#bookedUntil);
    return at > now ? at : undefined;
  }

  /**
   * Whether a message may wait here. One that has just come leaves the room to those that were sent back and have been
   * given its time, unless they do not fill it.
   */
  hasRoomFor({ attempt }: Task): boolean {
    const now = this.#parts.now();
    const { maxWaitMs } = this.#parts.options();
    if (this.#isAwayFull) return true;
    if (this.#pausedUntil - now > maxWaitMs) return false;
    const isNew = attempt === 1 && this.#bookedUntil > now;
    return this.waiting.size < (isNew ? this.#maxWaiting / 2 : this.#maxWaiting);
  }

  /** How many more of it are here than are wanted, as no more can be sent back. */
  get excess(): number {
    return Math.max(0, this.waiting.size - this.#maxWaiting);
  }

  begin(): Task | undefined {
    this.rate.take();
    this.#begunAt = this.#parts.now();
    this.running += 1;
    return this.waiting.shift();
  }

  pauseFor(ms: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, this.#parts.now() + ms);
  }

  /**
   * For how many milliseconds a message is to be sent back. A new one is given the time behind all that is given away. One
   * that has been away is not to be at the end again: it comes soon, and less soon each time, so that it does not come and
   * go all the time where what was given away is not what there is.
   */
  book({ attempt }: Task): number {
    const now = this.#parts.now();
    const aheadMs = Math.max(0, this.#pausedUntil - now) + this.waiting.size / this.#pacePerMs;
    const endMs = Math.max(aheadMs, this.#bookedUntil - now);
    if (attempt > 1) return Math.min(aheadMs * 2 ** (attempt - 2), endMs, LONGEST_AWAY_MS);
    this.#bookedUntil = now + endMs + 1 / this.#pacePerMs;
    return Math.min(endMs, LONGEST_AWAY_MS);
  }

  get #maxRunning(): number {
    return Math.min(this.#parts.options().maxRunning, this.#parts.slots());
  }

  get #maxWaiting(): number {
    const { maxWaitMs } = this.#parts.options();
    const isKnown = this.#parts.meanMs() !== undefined;
    return isKnown ? Math.max(1, Math.floor(this.#pacePerMs * maxWaitMs)) : WAITING_AT_FIRST;
  }

  get #isAwayFull(): boolean {
    const { maxSentBack } = this.#parts.options();
    return Math.max(0, this.#bookedUntil - this.#parts.now()) * this.#pacePerMs >= maxSentBack;
  }

  /** How many of its messages start in a millisecond at most. */
  get #pacePerMs(): number {
    const meanMs = Math.max(this.#meanMs, Number.MIN_VALUE);
    const { rate } = this.#parts.options();
    return Math.min(this.#maxRunning / meanMs, rate === undefined ? Infinity : rate.perSecond / 1_000);
  }

  get #meanMs(): number {
    const ofAll = this.#parts.meanMs() ?? GUESSED_MS;
    return this.turn.turns === 0 ? ofAll : this.turn.meanMs;
  }
}
