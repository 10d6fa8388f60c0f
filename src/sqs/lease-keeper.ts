// The heartbeat: one scheduler that renews the leases of all messages in hand, and says which have lapsed.
import type { Clock } from "../internal/clock.js";
import { DeadlineScheduler } from "../internal/deadline-scheduler.js";
import { endOfLease, type SqsDelivery } from "./sqs-delivery.js";

/** A lease is renewed when this part of it is left. */
const RENEW_WITH_REMAINING = 1 / 3;
/** The part of a lease that one attempt may take: a request that is never answered leaves time for another. */
export const RENEW_ATTEMPT: number = RENEW_WITH_REMAINING / 2;
/** Leases that are due within this part of one go along, so that batches are full. */
const RENEW_TOGETHER = 1 / 10;

/** A lease to be extended to `seconds` from the moment of the request. */
export interface Extension {
  readonly delivery: SqsDelivery;
  readonly seconds: number;
}

/** What a lease keeper works with. */
export interface LeaseKeeperOptions {
  readonly clock: Clock;
  readonly visibilityTimeoutSeconds: number;
  /** Asks the service to hide these messages for so many seconds from now. `keep` tells of the new deadline. */
  readonly extend: (extensions: Extension[]) => void;
  /** A lease has lapsed. */
  readonly onLapsed: (delivery: SqsDelivery) => void;
}

/**
 * Keeps leases, from the receive until the service has confirmed what becomes of the message:
 *
 * ```
 *  receive ────────────────── renew ──────── deadline        one third is left for attempts;
 *     │◀──────── 2/3 ───────────▶│◀─── 1/3 ───▶│             at the deadline the lease has lapsed
 * ```
 */
export class LeaseKeeper {
  readonly #options: LeaseKeeperOptions;
  readonly #visibilityTimeoutMs: number;
  readonly #scheduler: DeadlineScheduler<SqsDelivery>;

  constructor(options: LeaseKeeperOptions) {
    this.#options = options;
    this.#visibilityTimeoutMs = options.visibilityTimeoutSeconds * 1_000;
    this.#scheduler = new DeadlineScheduler(options.clock, (delivery) => this.#fallDue(delivery));
  }

  /** Begins to keep the delivery's lease, or goes by its new deadline. */
  keep(delivery: SqsDelivery): void {
    this.#schedule(delivery, delivery.deadline - this.#visibilityTimeoutMs * RENEW_WITH_REMAINING);
  }

  /** Comes back to a lease that was not renewed when it was due, while there is still time for it. */
  comeBack(delivery: SqsDelivery): void {
    const now = this.#options.clock.now();
    this.#schedule(delivery, now + (delivery.deadline - now) / 2);
  }

  /** Keeps the lease no longer. */
  drop(delivery: SqsDelivery): void {
    this.#scheduler.cancel(delivery);
  }

  stop(): void {
    this.#scheduler.clear();
  }

  /** How many seconds a lease can be extended by, counted from now, if `seconds` are wanted; 0 when it cannot. */
  allowedSeconds(delivery: SqsDelivery, seconds: number): number {
    const now = this.#options.clock.now();
    const left = Math.floor((delivery.latestDeadline - now) / 1_000);
    if (seconds <= left) return endOfLease(now, seconds) > delivery.deadline ? seconds : 0;
    // What is left of a second is not worth a request: each would gain the milliseconds that the one before has taken.
    return endOfLease(now, left) >= delivery.deadline + 1_000 ? left : 0;
  }

  /** At a whole millisecond, as leases end. */
  #schedule(delivery: SqsDelivery, dueAt: number): void {
    this.#scheduler.schedule(delivery, Math.floor(dueAt));
  }

  #fallDue(first: SqsDelivery): void {
    const now = this.#options.clock.now();
    const due: SqsDelivery[] = [];
    for (
      let delivery: SqsDelivery | undefined = first;
      delivery !== undefined;
      delivery = this.#scheduler.takeDue(now + this.#visibilityTimeoutMs * RENEW_TOGETHER)
    ) {
      due.push(delivery);
    }
    const extensions: Extension[] = [];
    for (const delivery of due) this.#renew(delivery, now, extensions);
    if (extensions.length > 0) this.#options.extend(extensions);
  }

  #renew(delivery: SqsDelivery, now: number, extensions: Extension[]): void {
    if (now >= delivery.deadline) {
      this.#options.onLapsed(delivery);
      return;
    }
    const seconds = this.allowedSeconds(delivery, this.#options.visibilityTimeoutSeconds);
    if (!delivery.isExtending && seconds > 0) {
      delivery.isExtending = true;
      extensions.push({ delivery, seconds });
    }
    this.#scheduler.schedule(delivery, delivery.deadline);
  }
}
