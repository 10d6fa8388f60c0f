// What the suite needs to know of a runner and of its source: a subject, and a harness made anew for each case.

import type { Clock } from "../../internal/clock.js";
import type { Runner } from "../../runner/runner.js";

/** Where the messages of a source are. Those that are in none of these places are done. */
export interface SourceView {
  /** Whoever asks next could be given them. */
  readonly ready: number;
  /**
   * They are in the source and cannot be had now: given to somebody who has not said what becomes of them, or held back
   * until a delay is over.
   */
  readonly held: number;
  /** They are among the dead letters. 0 for sources that have none. */
  readonly dead: number;
}

/**
 * What a source and its runner can do. What they cannot is left out of the suite, and said so in the name of the case.
 * Everything is `false` unless it is said.
 */
export interface RunnerTraits {
  /** A retry can be held back for a while: `retryDelaySeconds` says how long in these tests. */
  readonly hasDelays?: boolean;
  /** There are dead letters, and `look` counts them. */
  readonly hasDeadLetters?: boolean;
  /** A message that is dropped is counted among the dead letters, since the source tells no difference. */
  readonly dropsAreDead?: boolean;
  /** The source knows how often it has delivered a message: `attempt` is 2 after a retry. */
  readonly countsAttempts?: boolean;
  /** Messages of one lane are to be worked on one at a time, in order. Needs `sendInLane`. */
  readonly hasLanes?: boolean;
  /** The source can take a message back while it is here. Needs `takeBack`. */
  readonly takesBack?: boolean;
  /**
   * A message is lent for a time, and the runner renews that while the message is here. `leaseMs` says for how long; the
   * case takes three times as long, so leave it out where time is real and leases are long.
   */
  readonly hasLeases?: boolean;
  /** The source can fail for a while. Needs `fail` and `heal`. */
  readonly canFail?: boolean;
  /** `fail` has no effect before `open`, as that is what makes the source. */
  readonly failsOnlyWhenOpen?: boolean;
  /** Requests to the source can stay without an answer. Needs `hang` and `heal`. */
  readonly canHang?: boolean;
  /** There are sources that cannot be opened at all: no such queue, access denied. Needs `createRunnerWithoutSource`. */
  readonly canBeMissing?: boolean;
  /** The source can be lost for good while it is consumed. Needs `lose`. */
  readonly canBeLost?: boolean;
  /** The harness counts requests for messages. Needs `asked`. */
  readonly countsRequests?: boolean;
  /** The runner has `stats`. */
  readonly hasStats?: boolean;
  /** The harness sees what a stopped runner leaves behind. Needs `leftovers`. */
  readonly showsLeftovers?: boolean;
  /** How long `retry` is held back in these tests, in seconds. Default 1. */
  readonly retryDelaySeconds?: number;
  /** How long a message is lent for, in milliseconds. Default 30,000. */
  readonly leaseMs?: number;
  /** The most messages that this runner can have here at once: 1 for a source that gives out one at a time. Default 10. */
  readonly mostAtOnce?: number;
}

/**
 * One source for one case, and runners of it. It is made anew for each case, empty and healthy, and `end` is called when
 * the case is over.
 *
 * @typeParam Message - What the runner delivers.
 */
export interface RunnerHarness<Message = unknown> {
  /** The time that consumer and runner go by. Default: the time of this process. */
  readonly clock?: Clock;
  /**
   * Waits until the condition holds, and rejects when it does not come to: `inVirtualTime(clock)` moves a virtual clock
   * from timer to timer, `inRealTime()` looks every few milliseconds.
   */
  until(condition: () => boolean | Promise<boolean>): Promise<void>;
  /** Makes a runner of the source, with the options that it is to be tested with. Nothing is started yet. */
  createRunner(): Runner<Message>;
  /** Puts messages into the source, one for each body, and resolves when they can be had. The source does not fail then. */
  send(bodies: readonly string[]): Promise<void> | void;
  /** Does what `send` does, for messages that belong together, in this order. */
  sendInLane?(bodies: readonly string[], lane: string): Promise<void> | void;
  /** The body that a message was sent with. */
  bodyOf(message: Message): string;
  /** Where the messages are at this moment, as the source sees it, whether or not it is failing. */
  look(): SourceView | Promise<SourceView>;
  /** How many requests for messages have come to the source so far, those included that failed or are still out. */
  asked?(): number;
  /**
   * From now on requests for messages fail as they do when the source cannot be reached for a while; those that are out,
   * too. Settlements fail as well, where they can.
   */
  fail?(): Promise<void> | void;
  /** From now on no request of a runner is answered, nor are those that are out. */
  hang?(): Promise<void> | void;
  /** Ends `fail` and `hang`. */
  heal?(): Promise<void> | void;
  /** From now on the source fails in a way that will not go away by itself: its queue is deleted, access is revoked. */
  lose?(): Promise<void> | void;
  /** Makes a runner whose source does not exist, or lets nobody in, so that its `open` rejects. */
  createRunnerWithoutSource?(): Runner<Message>;
  /**
   * Takes back a message that is here, as the source does when a lease has lapsed or a connection is gone. The runner
   * learns of it as it would from the source.
   */
  takeBack?(body: string): Promise<void> | void;
  /**
   * What runners that have stopped have left behind, in words, one for each: "a timer", "a long poll", "a connection".
   * Waited for to become empty.
   */
  leftovers?(): readonly string[] | Promise<readonly string[]>;
  /** Ends the source. Every runner was stopped before. */
  end?(): Promise<void> | void;
}

/** What is tested: what the runner and its source can do, and how to make them. */
export interface RunnerSubject<Message = unknown> {
  readonly traits: RunnerTraits;
  /** Makes a source, empty and healthy. */
  createHarness(): Promise<RunnerHarness<Message>> | RunnerHarness<Message>;
}
