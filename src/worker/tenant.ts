// One tenant of a queue: what waits of it, how much of it runs, and when more of it may start.
import { OptionError } from "../errors.js";
import type { Scheduled } from "../internal/deadline-queue.js";
import { OptionReader } from "../internal/options.js";
import { type Rate, RateLimit, readRate, type ResolvedRate } from "./rate-limit.js";
import { Calendar } from "./calendar.js";
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
  /** How long a message is sent back for at most, in milliseconds. 1,000 to 43,000,000; default 900,000. */
  maxAwayMs?: number | undefined;
  /**
   * The most messages of one tenant that are away at once; the rest waits here, and ends receiving when the waiting room is
   * full. On SQS they count as in flight, of which a queue has at most 120,000 for all its consumers together: with many
   * replicas, or very loud tenants, take less. 0 to 100,000; default 20,000.
   */
  maxSentBack?: number | undefined;
  /**
   * From this attempt on a message is not sent back but waits here, since the source counts what was sent back as an
   * attempt: it is to be less than the `maxReceiveCount` of a redrive policy. 1 to 1,000; default 5.
   */
  keepFromAttempt?: number | undefined;
}

/** How tenants share a queue, with nothing left open. */
export interface ResolvedTenantOptions {
  readonly key: ((message: never) => string | undefined) | undefined;
  readonly maxRunning: number;
  readonly rate: ResolvedRate | undefined;
  readonly maxWaitMs: number;
  readonly maxAwayMs: number;
  readonly maxSentBack: number;
  readonly keepFromAttempt: number;
}

/** Reads the option `tenants`. @throws OptionError when it cannot be used. */
export function readTenantOptions(options: unknown): ResolvedTenantOptions {
  try {
    return resolveTenantOptions(options);
  } catch (error) {
    throw error instanceof OptionError ? error.within("tenants") : error;
  }
}

function resolveTenantOptions(options: unknown): ResolvedTenantOptions {
  const reader = new OptionReader("tenants", options);
  const resolved = {
    key: reader.function<(message: never) => string | undefined>("key"),
    maxRunning: reader.integer("maxRunning", { min: 1, max: 100_000, fallback: Infinity }),
    rate: readRate(reader.raw("rate")),
    maxWaitMs: reader.number("maxWaitMs", { min: 100, max: 60_000, fallback: 1_000 }),
    maxAwayMs: reader.number("maxAwayMs", { min: 1_000, max: 43_000_000, fallback: 900_000 }),
    maxSentBack: reader.integer("maxSentBack", { min: 0, max: 100_000, fallback: 20_000 }),
    keepFromAttempt: reader.integer("keepFromAttempt", { min: 1, max: 1_000, fallback: 5 }),
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
  /** Of how many tenants messages are away: as a rule those that would take all slots. */
  readonly loud: () => number;
  /** How long handlers of the queue take; undefined as long as none has ended. */
  readonly meanMs: () => number | undefined;
}

/** How many wait of a tenant of which it is not known how long it takes. */
const WAITING_AT_FIRST = 10;
/** What a handler is taken for at least, as long as none has ended. */
const GUESSED_MS = 1_000;
/** What a tenant's handlers are taken for, as long as none of them has ended, by how long the first has run. */
const LONGER_THAN_SEEN = 4;
/** What a handler is taken for that took no time which the clock can tell. */
const SHORTEST_MS = 0.01;
/** How far back it is looked how long a tenant was paused by its handlers. */
const PAUSES_WINDOW_MS = 60_000;
/** The part of the time that a tenant is given at least, however much of it is paused. */
const LEAST_UNPAUSED = 0.01;
/** The part of the wait that is left to messages which have just come, however many that were sent back come again. */
const LEFT_TO_NEW = 1 / 4;

/** A tenant, while there is something of it here or something to remember. */
export class Tenant implements Scheduled {
  readonly key: string | undefined;
  readonly rate: RateLimit;
  readonly turn: Contender<Tenant> = new Contender<Tenant>(this, 1);
  readonly waiting: RingBuffer<Task> = new RingBuffer<Task>();
  running = 0;
  /** How many can start, as the room has counted them. */
  ready = 0;
  /** When it is to be looked at again, for the scheduler. */
  dueAt: number = Infinity;
  queueIndex = -1;
  readonly #parts: TenantParts;
  /** When those come again that were sent back. */
  readonly #away = new Calendar();
  #firstBegunAt = Infinity;
  #begunAt = -Infinity;
  #pausedUntil = -Infinity;
  /** How long the pauses before the last took, fading with time; when that was, and since when they are counted. */
  #pausedMs = 0;
  #pausedAt: number;
  #lastPauseMs = 0;
  readonly #countedSince: number;

  constructor(key: string | undefined, parts: TenantParts) {
    this.key = key;
    this.#parts = parts;
    this.rate = new RateLimit({ now: parts.now }, parts.options().rate);
    this.#pausedAt = this.#countedSince = parts.now();
  }

  /** How many more may start now. */
  get startable(): number {
    if (this.#pausedUntil > this.#parts.now()) return 0;
    const most = Math.min(this.waiting.size, Math.max(0, this.#parts.options().maxRunning - this.running));
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
      if (this.running >= this.#parts.options().maxRunning || this.startable > 0) return undefined;
      return now + Math.max(1, this.rate.waitMs(1, 0) ?? 1);
    }
    const { rate } = this.rate;
    const fullAt = rate === undefined ? now : this.#begunAt + (1_000 * rate.burst) / rate.perSecond;
    const at = Math.max(fullAt, this.#away.lastAt(now) ?? now);
    return at > now ? at : undefined;
  }

  /** Whether one more could start by the tenant's limits, if there were slots. */
  get isBelowItsLimits(): boolean {
    const { size } = this.waiting;
    if (this.#pausedUntil > this.#parts.now()) return false;
    return this.running + size < this.#parts.options().maxRunning && this.rate.allow(1, size) > 0;
  }

  /** Whether messages of it are away. */
  get isLoud(): boolean {
    return this.#away.sizeAt(this.#parts.now()) > 0;
  }

  /** Whether a message is not to be sent back, however long it waits. */
  mustKeep({ attempt }: Task): boolean {
    const { keepFromAttempt, maxSentBack } = this.#parts.options();
    return attempt >= keepFromAttempt || this.#away.sizeAt(this.#parts.now()) >= maxSentBack;
  }

  /**
   * Whether a message that cannot start now would start soon. One that has just come leaves the time to those that were sent
   * back and come again by then, but for a part.
   */
  hasRoomFor({ attempt }: Task): boolean {
    const now = this.#parts.now();
    const { maxWaitMs } = this.#parts.options();
    if (this.#pausedUntil - now > maxWaitMs) return false;
    const most = this.#maxWaiting;
    if (attempt > 1) return this.waiting.size < most;
    return this.waiting.size < Math.max(most * LEFT_TO_NEW, most - this.#away.comingWithin(now, maxWaitMs));
  }

  begin(): Task | undefined {
    this.rate.take();
    this.#begunAt = this.#parts.now();
    this.#firstBegunAt = Math.min(this.#firstBegunAt, this.#begunAt);
    this.running += 1;
    return this.waiting.shift();
  }

  /** A handler of it has ended, and has paused it for so long. */
  ended(pausedForMs: number): void {
    this.running -= 1;
    if (pausedForMs > 0) this.#pause(pausedForMs);
  }

  /** For how many milliseconds a message is to be sent back. */
  book(): number {
    const now = this.#parts.now();
    const perMs = this.#pacePerMs;
    const from = Math.max(now, this.#pausedUntil) + this.waiting.size / perMs;
    return this.#away.book({ now, from, perSecond: perMs * 1_000, withinMs: this.#parts.options().maxAwayMs });
  }

  get #maxWaiting(): number {
    const { maxWaitMs } = this.#parts.options();
    const isKnown = this.#parts.meanMs() !== undefined;
    return isKnown ? Math.max(1, Math.floor(this.#pacePerMs * maxWaitMs)) : WAITING_AT_FIRST;
  }

  /** How many of its messages start in a millisecond at most. */
  get #pacePerMs(): number {
    const { rate, maxRunning } = this.#parts.options();
    const slots = Math.min(maxRunning, this.#parts.slots() / Math.max(1, this.#parts.loud()));
    const bySlots = slots / Math.max(this.#meanMs, SHORTEST_MS);
    return this.#unpausedPart * Math.min(bySlots, rate === undefined ? Infinity : rate.perSecond / 1_000);
  }

  #pause(ms: number): void {
    const now = this.#parts.now();
    const until = Math.max(this.#pausedUntil, now + ms);
    if (this.#pausedUntil <= now) {
      // One pause says nothing about the next: it counts when that comes.
      this.#pausedMs = this.#pausedMs * this.#fadeSincePause(now) + this.#lastPauseMs;
      this.#pausedAt = now;
      this.#lastPauseMs = 0;
    }
    this.#lastPauseMs += until - Math.max(this.#pausedUntil, now);
    this.#pausedUntil = until;
  }

  /** Where pauses come again and again, the part of the time between them. */
  get #unpausedPart(): number {
    if (this.#pausedMs === 0) return 1;
    const now = this.#parts.now();
    const lookedBackMs = PAUSES_WINDOW_MS * (1 - Math.exp((this.#countedSince - now) / PAUSES_WINDOW_MS));
    return Math.max(LEAST_UNPAUSED, 1 - (this.#pausedMs * this.#fadeSincePause(now)) / lookedBackMs);
  }

  #fadeSincePause(now: number): number {
    return Math.exp((this.#pausedAt - now) / PAUSES_WINDOW_MS);
  }

  get #meanMs(): number {
    if (this.turn.turns > 0) return this.turn.meanMs;
    const runningMs = this.#parts.now() - this.#firstBegunAt;
    return Math.max(this.#parts.meanMs() ?? GUESSED_MS, LONGER_THAN_SEEN * runningMs);
  }
}
