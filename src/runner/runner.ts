// The Runner contract: where messages come from, and where word of them goes back to.
import type { Clock } from "../internal/clock.js";
import type { Outcome } from "./outcome.js";

/**
 * One message on its way through the consumer. A runner makes one for each message it delivers: an object literal will
 * do.
 */
export interface Delivery<Message = unknown> {
  /** What the handler is called with. */
  readonly message: Message;
  /** How many times the message has been delivered, this time included; 1 for the first. */
  readonly attempt: number;
  /** The group that the message belongs to, where the source has groups. */
  readonly groupId?: string | undefined;
  /**
   * Deliveries of one lane run one at a time, in the order in which they were delivered. The next starts when the source has
   * confirmed that the one before is done (`ack`, `drop`, `deadLetter`). When one is not done, or cannot be confirmed, those
   * behind it that are here are settled with `release`, unstarted. A handler `inBatches` has several at once: they are settled
   * in order, those behind one that is not done with `release`. What one answer of the source brought is to be delivered
   * without waiting in between: a handler may end before the next is here. Default: in no lane, and in no order.
   */
  readonly lane?: string | undefined;
  /** When the message came to this process. */
  readonly receivedAt: Date;
  /**
   * How many bytes the message has, as the source counts them. Read once, when it is delivered, and only for
   * `maxInFlightBytes`; a getter will do. Without it, the message counts as `maxMessageBytes` of the runner.
   */
  readonly sizeBytes?: number | undefined;
  /**
   * Tells the source what has become of the message. Called exactly once for each delivery, whatever happened, unless
   * the process ends.
   *
   * It may return a promise, which resolves when the source has confirmed it and rejects when it cannot be; nothing, when
   * that is confirmed already; or `"later"`, which costs no promise per message: `intake.settled` is then called.
   *
   * @param facts - How the outcome came about.
   */
  settle(outcome: Outcome, facts: SettleFacts): Promise<void> | "later" | void;
  /**
   * Keeps the message from others for at least so many seconds from now. Sources that never take a message back while
   * it is being worked on leave it out.
   */
  extend?(seconds: number): Promise<void>;
  /**
   * Called just before the handler is. With `false` it is not: the source has taken the message back, or may have, and
   * `settle` is called with `release`.
   */
  begin?(): boolean;
  /** Called when a handler has ended whose message was settled without it. */
  ended?(): void;
}

/** How an outcome came about. */
export interface SettleFacts {
  /** What the handler threw, if the outcome was made from that. */
  readonly error: unknown;
  /** Whether the handler was given up on and still runs; `ended` is called when it has ended. */
  readonly isStillRunning: boolean;
}

/** What a runner sees of the consumer. */
export interface Intake<Message = unknown> {
  /** Aborts when nothing more is to be asked for. */
  readonly signal: AbortSignal;
  /**
   * Aborts, after `signal`, when the time of the stop is over: requests that are still out are not to be waited for. A
   * source that gives messages to a request nobody waits for must be told, or it may be given those that the stop returns.
   */
  readonly deadlineSignal: AbortSignal;
  /** Where time is read and timers are set. */
  readonly clock: Clock;
  /**
   * Takes places for up to `atMost` messages, to be called before the source is asked for any. Waits until asking is
   * worthwhile and resolves with how many messages to ask for; with 0 only when the signal has aborted.
   */
  take(atMost: number): Promise<number>;
  /** Gives back places for which no message came. */
  giveBack(places: number): void;
  /** Hands over a message for one place that was taken. It never refuses: while stopping it settles with `release`. */
  deliver(delivery: Delivery<Message>): void;
  /**
   * Says that the source has taken a message back: its lease has lapsed, or its connection is gone. If it waits it will
   * not start; if it runs its signal aborts with `reason`. Its `settle` is still called, once.
   */
  revoke(delivery: Delivery<Message>, reason: Error): void;
  /**
   * Says that the source has confirmed what `settle` told it, or with `error` that it cannot. Only for deliveries whose
   * `settle` has returned `"later"`, and once for each.
   */
  settled(delivery: Delivery<Message>, error?: unknown): void;
  /** Takes an error that no message can carry, for the `error` event. The runner goes on by itself. */
  report(error: unknown): void;
  /** Takes a fact for an event of the same name. Costs nothing when nobody listens. */
  note<Name extends keyof RunnerEvents<Message>>(name: Name, facts: RunnerEvents<Message>[Name]): void;
}

/** The facts that a runner can tell, by the names of the consumer's events. */
export interface RunnerEvents<Message = unknown> {
  /** A request for messages was answered. */
  received: { readonly requested: number; readonly count: number; readonly durationMs: number };
  /** The source failed and is left alone for a while. */
  backedOff: { readonly error: Error; readonly delayMs: number; readonly failures: number };
  /** A message came again while it was still here, and was not run a second time. */
  redelivered: { readonly message: Message; readonly attempt: number };
  /** Leases were extended, as many as `count`, by one request. */
  leasesExtended: { readonly count: number };
}

/** What a runner is doing at one moment. */
export interface RunnerStats {
  /** Requests for messages that are out now. */
  readonly receivesInFlight: number;
  /** Outcomes that the source has not yet confirmed. */
  readonly settlementsPending: number;
}

/**
 * A source of messages. `run` pulls and delivers; everything else is told through the intake and each delivery. Nothing
 * here knows SQS.
 *
 * `millrace/testing` has the suite that every runner must pass.
 */
export interface Runner<Message = unknown> {
  /**
   * Reaches the source. `start()` of the consumer resolves when it has, and rejects when it rejects. It may take places
   * and deliver. Reject only with what will not go away by itself; a passing failure belongs to `run`.
   */
  open?(intake: Intake<Message>): Promise<void>;
  /**
   * Pulls messages and delivers them until `intake.signal` aborts, and then resolves, when nothing more will be
   * delivered. Resolving earlier says that the source is exhausted: the consumer finishes what it has and stops.
   * Rejecting says that the source is lost: the same, and the error is reported.
   */
  run(intake: Intake<Message>): Promise<void>;
  /**
   * The consumer is paused: `take` waits until that is over. What comes for places that are taken is not started: it is kept
   * until none of them is left, and then settled with `release`, or started when the pause is over. A source that sends by
   * itself is to be told to stop here, and its places to be given back; requests that come to an end need not be ended.
   */
  pause?(): void;
  /**
   * Flushes what is still to be told to the source and lets go of everything. Called after `run` has ended and every
   * delivery was settled, and also when `open` rejected. When the signal aborts, there is no more time.
   */
  close?(signal: AbortSignal): Promise<void>;
  /** What it is doing now, for the statistics of the consumer. */
  stats?(): RunnerStats;
  /**
   * The most bytes that a message of the source can have. The consumer's `maxInFlightBytes` asks for it: a place that is taken
   * counts as so much until its message is here. A message that has more is delivered all the same, and counts in full.
   */
  readonly maxMessageBytes?: number | undefined;
}
