// What a case of the suite works with: a source, consumers of it, and handlers that end when they are told to.

import assert from "node:assert/strict";
import { Consumer } from "../../consumer/consumer.js";
import type { HandlerContext } from "../../consumer/context.js";
import type { Counters } from "../../consumer/counters.js";
import type { StopOptions, StopResult } from "../../consumer/stop.js";
import { type Clock, systemClock } from "../../internal/clock.js";
import { createDeferred, type Deferred } from "../../internal/deferred.js";
import { retry } from "../../runner/outcome.js";
import type { Runner } from "../../runner/runner.js";
import type { RunnerHarness, RunnerTraits, SourceView } from "./harness.js";
import { SlotsWorker } from "./slots-worker.js";
import { WatchedRunner } from "./watched-runner.js";

/** How long a handler that is told to end is waited for. */
const ABORT_GRACE_MS = 50;
/**
 * When a source is looked at that has not yet shown what it was told: two seconds in all. No longer, as the end of a lease
 * must not do what the runner should have; and no timer of ours is set while we look for timers that were left.
 */
const SHOWING_STEPS_MS = [1, 4, 15, 30, 50, 100, 300, 500, 1_000] as const;
const MOST_AT_ONCE = 10;

/** One call of the handler. */
export class HandlerCall {
  readonly body: string;
  readonly attempt: number;
  readonly context: HandlerContext;
  /** When it was called, on the clock. */
  readonly at: number;
  readonly #answer: Deferred<unknown> = createDeferred<unknown>();
  isEnded = false;

  constructor(parts: { body: string; at: number; context: HandlerContext }) {
    this.body = parts.body;
    this.at = parts.at;
    this.context = parts.context;
    this.attempt = parts.context.attempt;
  }

  get answer(): Promise<unknown> {
    return this.#answer.promise;
  }

  /** Has the handler return this. */
  end(outcome?: unknown): void {
    this.isEnded = true;
    this.#answer.resolve(outcome);
  }

  /** Has the handler throw this. */
  fail(error: unknown): void {
    this.isEnded = true;
    this.#answer.reject(error);
  }
}

/** What a consumer is made with. */
export interface RigOptions<Message> {
  /** How many messages may be here. Fewer when the runner cannot have as many. Default 3. */
  readonly places?: number;
  /** How many of them run. Default: all. */
  readonly slots?: number;
  /** Default: a new one. */
  readonly runner?: Runner<Message>;
  /** What every handler answers at once. Default: they end when they are told to. */
  readonly answer?: (call: HandlerCall) => unknown;
  /** How long a handler may run. Default: as long as it wants. */
  readonly handlerTimeoutMs?: number;
}

/** One consumer with its runner. */
export class RunnerRig<Message> {
  readonly bench: RunnerBench<Message>;
  readonly places: number;
  readonly watched: WatchedRunner<Message>;
  readonly consumer: Consumer<Message>;
  readonly calls: HandlerCall[] = [];
  answer: ((call: HandlerCall) => unknown) | undefined;

  constructor(bench: RunnerBench<Message>, options: RigOptions<Message>) {
    const { places = 3, slots = places, runner = bench.harness.createRunner(), answer } = options;
    const { handlerTimeoutMs } = options;
    this.bench = bench;
    this.places = Math.min(places, bench.traits.mostAtOnce ?? MOST_AT_ONCE);
    this.answer = answer;
    this.watched = new WatchedRunner(runner);
    this.consumer = new Consumer<Message>((message, context) => this.#handle(message, context), {
      runner: this.watched,
      worker: new SlotsWorker({ places: this.places, slots: Math.min(slots, this.places) }),
      clock: bench.clock,
      abortGraceMs: ABORT_GRACE_MS,
      handlerTimeoutMs,
      retry: () => retry(),
    });
  }

  get counters(): Readonly<Counters> {
    return this.consumer.stats().counters;
  }

  /** Calls that have not ended. */
  get running(): readonly HandlerCall[] {
    return this.calls.filter(({ isEnded }) => !isEnded);
  }

  /** Whether it was started and has not stopped. */
  get isAlive(): boolean {
    return this.consumer.state !== "idle" && this.consumer.state !== "stopped";
  }

  get bodies(): readonly string[] {
    return this.calls.map(({ body }) => body);
  }

  /** Starts it and waits until it has. */
  async start(): Promise<void> {
    await this.bench.settled("start() to resolve", this.consumer.start());
  }

  /** Stops it, waits until it has, and holds what is left against the contract. */
  async stop(options?: StopOptions): Promise<StopResult> {
    return this.untilStopped(this.consumer.stop(options));
  }

  /** Waits for a stop that was begun, and holds what is left against the contract. */
  async untilStopped<Value>(stopping: Promise<Value>): Promise<Value> {
    const result = await this.bench.settled("stop() to resolve", stopping);
    const { watched } = this;
    await this.bench.forAMoment(async () => watched.runState !== "running" && watched.isClosed);
    assert.notEqual(watched.runState, "running", "run has not ended though stop() has resolved");
    assert.ok(watched.isClosed, "close has not ended though stop() has resolved");
    this.check();
    await this.bench.untilNothingLeft();
    return result;
  }

  /** Waits until so many handlers run. */
  async untilRunning(count: number): Promise<void> {
    await this.bench.until(`${count} handlers to run`, () => this.running.length >= count);
    assert.equal(this.running.length, count, `handlers that run`);
  }

  /** Waits until the handler has been called so often, in all. */
  async untilCalled(times: number): Promise<void> {
    await this.bench.until(`call ${times} of the handler`, () => this.calls.length >= times);
  }

  /** Waits until the source has confirmed so many outcomes, in all. */
  async untilConfirmed(count: number): Promise<void> {
    const sum = (): number => Object.values(this.counters.settled).reduce((one, other) => one + other, 0);
    await this.bench.until(`${count} outcomes to be confirmed`, () => sum() >= count);
    assert.equal(this.counters.settlementsLost, 0, "outcomes that were not confirmed");
  }

  /** Fails when the runner has done something that it must not. */
  check(): void {
    assertNone(this.watched.complaints);
  }

  #handle(message: Message, context: HandlerContext): unknown {
    const { bench } = this;
    const call = new HandlerCall({ body: bench.harness.bodyOf(message), at: bench.clock.now(), context });
    this.calls.push(call);
    if (this.answer === undefined) return call.answer;
    call.isEnded = true;
    return this.answer(call);
  }
}

/** One source and everything that consumes it. */
export class RunnerBench<Message> {
  readonly harness: RunnerHarness<Message>;
  readonly traits: RunnerTraits;
  readonly clock: Clock;
  readonly #rigs: Array<RunnerRig<Message>> = [];
  #sent = 0;

  constructor(harness: RunnerHarness<Message>, traits: RunnerTraits) {
    this.harness = harness;
    this.traits = traits;
    this.clock = harness.clock ?? systemClock;
  }

  /** A consumer that was not started. */
  createRig(options: RigOptions<Message> = {}): RunnerRig<Message> {
    const rig = new RunnerRig(this, options);
    this.#rigs.push(rig);
    return rig;
  }

  /** A consumer that was started. */
  async openRig(options: RigOptions<Message> = {}): Promise<RunnerRig<Message>> {
    const rig = this.createRig(options);
    await rig.start();
    return rig;
  }

  /** Sends so many messages, that belong together if there is a lane, and answers with their bodies. */
  async send(count: number, lane?: string): Promise<readonly string[]> {
    const bodies = Array.from({ length: count }, () => `message ${(this.#sent += 1)}`);
    if (lane === undefined) await this.harness.send(bodies);
    else await this.harness.sendInLane?.(bodies, lane);
    return bodies;
  }

  /** Waits until something holds. */
  async until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
    const complaints = (): string[] => this.#rigs.flatMap(({ watched }) => watched.complaints);
    try {
      // What has gone wrong already is not waited for.
      await this.harness.until(async () => complaints().length > 0 || condition());
    } catch (error) {
      const message = `waited in vain for ${what}: ${error instanceof Error ? error.message : String(error)}`;
      throw new assert.AssertionError({ message });
    }
    assertNone(complaints());
  }

  /** Waits for a promise, and settles as it does. */
  async settled<Value>(what: string, promise: Promise<Value>): Promise<Value> {
    let isSettled = false;
    const note = (): void => void (isSettled = true);
    promise.then(note, note);
    await this.until(what, () => isSettled);
    return promise;
  }

  /** Lets so much time pass. */
  async pass(ms: number): Promise<void> {
    let isOver = false;
    this.clock.setTimer(() => (isOver = true), ms);
    await this.until(`${ms} ms to pass`, () => isOver);
  }

  /** Waits a moment for the source to show this, no longer than that. */
  async untilSource(expected: Partial<SourceView>): Promise<void> {
    let view: SourceView | undefined;
    await this.forAMoment(async () => {
      view = await this.harness.look();
      return matches(view, expected);
    });
    assert.deepEqual({ ...view }, { ...view, ...expected }, "where the source has its messages");
  }

  /** Waits until the source has no message any more, however long that takes. */
  async untilDone(): Promise<void> {
    await this.until("the source to have no message any more", async () => {
      const { ready, held } = await this.harness.look();
      return ready + held === 0;
    });
  }

  /** Stops what still runs, and looks for what was left behind. */
  async finish(): Promise<void> {
    await this.harness.heal?.();
    for (const rig of this.#rigs) {
      for (const call of rig.running) call.end();
      if (rig.isAlive) await rig.stop();
      rig.check();
    }
    await this.untilNothingLeft();
  }

  /**
   * Waits until nothing is left of what has stopped, such as the source's end of a connection. Only when nothing runs: what
   * a running consumer has is not left behind.
   */
  async untilNothingLeft(): Promise<void> {
    const { harness } = this;
    if (harness.leftovers === undefined || this.#rigs.some(({ isAlive }) => isAlive)) return;
    let left: readonly string[] = [];
    await this.forAMoment(async () => {
      left = (await harness.leftovers?.()) ?? [];
      return left.length === 0;
    });
    assertNone(left.map((what) => `a runner that has stopped has left ${what}`));
  }

  /** Ends everything after a case that has failed, whatever else goes wrong. */
  async abandon(): Promise<void> {
    for (const rig of this.#rigs) {
      for (const call of rig.running) call.end();
      rig.answer = () => undefined;
      const stopped = rig.consumer.stop({ timeoutMs: 0 });
      let isStopped = false;
      stopped.then(
        () => (isStopped = true),
        () => (isStopped = true),
      );
      await this.harness.until(() => isStopped).catch(() => undefined);
    }
  }

  /** Waits until something holds, and a moment at most: what shows only later has another cause. */
  async forAMoment(condition: () => Promise<boolean>): Promise<void> {
    for (const stepMs of SHOWING_STEPS_MS) {
      if (await condition()) return;
      await this.pass(stepMs);
    }
    await condition();
  }
}

function matches(view: SourceView, expected: Partial<SourceView>): boolean {
  return (Object.keys(expected) as Array<keyof SourceView>).every((name) => view[name] === expected[name]);
}

function assertNone(complaints: readonly string[]): void {
  if (complaints.length > 0) throw new assert.AssertionError({ message: complaints.join("; ") });
}
