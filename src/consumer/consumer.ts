/// <reference lib="esnext.disposable" preserve="true" />
// The consumer: one handler, one source, one worker strategy, started and stopped as a whole.
import { MillraceError, OptionError } from "../errors.js";
import { abortable } from "../internal/abortable.js";
import { OptionReader } from "../internal/options.js";
import { TimeLimit } from "../internal/time-limit.js";
import type { Message } from "../sqs/message.js";
import { claim, unclaim } from "./claims.js";
import { type Counters, copyCounters, createCounters } from "./counters.js";
import { CONSUMER_EVENT_NAMES, type ConsumerEvents, EventHub, type Listener } from "./events.js";
import type { Handler } from "./handler.js";
import { HandlerLife, traitsOf } from "./handler-life.js";
import {
  readConcurrency,
  type ResolvedOptions,
  resolveOptions,
  type RunnerConsumerOptions,
  type SqsConsumerOptions,
} from "./options.js";
import { type Rate, RateLimit, readRate } from "../worker/rate-limit.js";
import type { TenantOptions } from "../worker/tenant.js";
import { Reporter } from "./reporter.js";
import { Session } from "./session.js";
import { readStopTimeoutMs, type StopOptions, type StopResult } from "./stop.js";

/**
 * - `idle`: made, never started.
 * - `starting`: the source is being reached.
 * - `running`: messages are being asked for.
 * - `stopping`: no more are asked for; what is in hand is being finished.
 * - `stopped`: nothing runs. It can be started again.
 */
export type ConsumerState = "idle" | "starting" | "running" | "stopping" | "stopped";

/** What a consumer is doing at one moment. Taking it costs next to nothing. */
export interface ConsumerStats {
  readonly state: ConsumerState;
  /** Whether it is paused: by `pause()`, or by a handler for a time. */
  readonly isPaused: boolean;
  /** Handlers that run now. */
  readonly running: number;
  /** Messages that are here and have not started. */
  readonly waiting: number;
  /** Workers that exist, busy or idle. */
  readonly workers: number;
  /** Requests for messages that are out. */
  readonly receivesInFlight: number;
  /** Outcomes that the source has not confirmed. */
  readonly settlementsPending: number;
  /** Bytes of the messages that are here; 0 without `maxInFlightBytes`, as nobody counts them then. */
  readonly bytesInFlight: number;
  /**
   * How long ago the source last answered a request for messages, in milliseconds; undefined when it has not since the
   * start, or nothing runs. An idle SQS queue answers every `waitTimeSeconds`: what is far above that is not healthy, unless
   * the slots are all taken, or it is paused. When a pause ends it counts from then.
   */
  readonly sinceLastReceiveMs: number | undefined;
  /** What was done since the consumer was made. */
  readonly counters: Readonly<Counters>;
}

/** Refuses a handler of other messages than those of SQS where no runner brings others. */
export type SqsOnly<SourceMessage> = Message extends SourceMessage ? unknown : never;

interface LivingLife<SourceMessage, Resource> {
  readonly state: "starting" | "running";
  readonly session: Session<SourceMessage, Resource>;
  readonly started: Promise<void>;
}

interface EndingLife<SourceMessage, Resource> {
  readonly state: "stopping";
  readonly session: Session<SourceMessage, Resource>;
  readonly limit: TimeLimit;
  readonly stopped: Promise<StopResult>;
}

type Life<SourceMessage, Resource> =
  | { readonly state: "idle" }
  | { readonly state: "stopped" }
  | LivingLife<SourceMessage, Resource>
  | EndingLife<SourceMessage, Resource>;

const NOTHING_LEFT: StopResult = Object.freeze({
  isDrained: true,
  messagesReleased: 0,
  handlersAborted: 0,
  handlersAbandoned: 0,
  settlementsLost: 0,
});

/**
 * Calls a handler with each message of a queue, or of any other source, as many at once as its worker allows, and tells
 * the source what became of each. Nothing happens before `start()`.
 *
 * @typeParam SourceMessage - What the handler is called with: SQS messages, unless a `runner` brings others.
 * @typeParam Resource - What the pool's workers own; the handler finds it as `context.resource`.
 */
export class Consumer<SourceMessage = Message, Resource = unknown> implements AsyncDisposable {
  readonly #handler: Handler<SourceMessage, Resource>;
  readonly #options: ResolvedOptions<SourceMessage, Resource>;
  readonly #counters = createCounters();
  readonly #hub: EventHub<ConsumerEvents<SourceMessage>>;
  readonly #reporter: Reporter;
  readonly #rateLimit: RateLimit;
  #life: Life<SourceMessage, Resource> = { state: "idle" };

  /**
   * @param handler - Called with each message and its context. See {@link Handler}.
   * @throws OptionError when an option cannot be used. Nothing was started then.
   */
  constructor(
    handler: Handler<SourceMessage, Resource>,
    options: RunnerConsumerOptions<SourceMessage, Resource> | (SqsConsumerOptions<Resource> & SqsOnly<SourceMessage>),
  ) {
    if (typeof handler !== "function") throw new OptionError("handler", "a function", handler);
    this.#handler = handler;
    this.#options = resolveOptions(options, traitsOf(handler));
    this.#rateLimit = new RateLimit(this.#options.clock, this.#options.rate);
    this.#hub = new EventHub(CONSUMER_EVENT_NAMES, (name, cause) => this.#reporter.listenerFailed(name, cause));
    this.#reporter = new Reporter({
      logger: this.#options.logger,
      counters: this.#counters,
      emit: (error) => this.#hub.emit("error", error),
    });
  }

  /** Where the consumer stands in its life. */
  get state(): ConsumerState {
    return this.#life.state;
  }

  /**
   * Starts the workers, reaches the source, and begins to ask for messages. Called again while starting or running it does
   * nothing more; while stopping it waits for the stop and then starts anew.
   *
   * @throws MillraceError when the source cannot be reached and that will not change by itself (`QUEUE_NOT_FOUND`,
   * `ACCESS_DENIED`, `REGION_MISSING`, `SDK_MISSING`), when a worker cannot be started (`WORKER_START_FAILED`), when the
   * runner or the worker serves another consumer (`IN_USE`), or when `stop()` was called meanwhile (`STOPPED`, when
   * it has stopped). Nothing runs then, and it can be started again.
   */
  async start(): Promise<void> {
    const life = this.#life;
    if (life.state === "starting" || life.state === "running") return life.started;
    if (life.state === "stopping") {
      await life.stopped;
      return this.start();
    }
    claim(this.#options);
    const session = this.#createSession();
    const started = this.#start(session);
    this.#life = { state: "starting", session, started };
    return started;
  }

  /**
   * Stops: asks for no more messages, gives back those that have not started, waits for running handlers, has the source
   * confirm every outcome, and ends the workers. What is still running after `timeoutMs` is told to end through its
   * signal, and after `abortGraceMs` given back. Never rejects because of handlers, source or workers; the result says
   * what was left.
   *
   * Called while it stops, it waits for the same stop, and shortens it if it has less time. Called when nothing runs, it
   * does nothing. Do not await it inside a handler: it would wait for that handler.
   *
   * @throws OptionError when `timeoutMs` cannot be used; the consumer goes on.
   */
  async stop(options: StopOptions = {}): Promise<StopResult> {
    const timeoutMs = readStopTimeoutMs(options);
    const life = this.#life;
    if (life.state === "idle" || life.state === "stopped") return NOTHING_LEFT;
    if (life.state === "stopping") {
      life.limit.shorten(timeoutMs);
      return life.stopped;
    }
    const limit = new TimeLimit(this.#options.clock, timeoutMs);
    const lostBefore = life.session.settlementsLost;
    // The state changes before anything of the user's is called: it may call stop() again.
    const stopped = Promise.resolve().then(() => this.#stop(life.session, limit, lostBefore));
    this.#life = { state: "stopping", session: life.session, limit, stopped };
    this.#reporter.log("info", `stopping: running handlers have up to ${timeoutMs} ms`);
    this.#hub.emit("stopping");
    return stopped;
  }

  /**
   * Pauses: asks for no more messages, and gives back those that have not started. What requests that are out still bring
   * is given back when the last of them has ended, or started if the pause is over by then. Handlers that run go on, and are
   * acknowledged. Called again, or when nothing runs, it does nothing; a start begins unpaused.
   */
  pause(): void {
    this.#session?.entrance.pause();
  }

  /** Asks for messages again, also where a handler has paused the queue for a time. Does nothing when nothing is paused. */
  resume(): void {
    this.#session?.entrance.resume();
  }

  /**
   * Changes how many handlers run at once. More start at once; when there are to be fewer, those that run go on.
   *
   * @param concurrency - 1 to 100,000.
   * @throws OptionError when it cannot be used, or when the consumer was given a `worker`: that says it itself.
   */
  setConcurrency(concurrency: number): void {
    const { ownPool } = this.#options;
    if (ownPool === undefined) {
      const expected = "to be changed on the worker that was given (a PoolWorker has resize for it)";
      throw new OptionError("concurrency", expected, concurrency);
    }
    const reader = new OptionReader("setConcurrency", { concurrency });
    ownPool.resize({ maxWorkers: readConcurrency(reader, traitsOf(this.#handler)) });
  }

  /**
   * Changes how many messages may start in a time. When that is fewer than before, messages that have not started go back,
   * and come again at the new rate.
   *
   * @param rate - As the option `rate`; undefined for as many as there are.
   * @throws OptionError when it cannot be used.
   */
  setRate(rate: Rate | undefined): void {
    const changed = readRate(rate);
    const before = this.#rateLimit.rate?.perSecond ?? Infinity;
    this.#rateLimit.change(changed);
    this.#session?.entrance.rateChanged((changed?.perSecond ?? Infinity) < before);
  }

  /**
   * Changes the limits of tenants, at once; what is not given is at its default again. Handlers that run go on.
   *
   * @param tenants - As the option `tenants`, which has to have been given. Its `key` stays.
   * @throws OptionError when it cannot be used, when there were no `tenants`, or when the consumer was given a `worker`:
   * that takes them itself.
   */
  setTenants(tenants: Omit<TenantOptions, "key">): void {
    const { ownPool } = this.#options;
    if (ownPool === undefined) {
      throw new OptionError("tenants", "to be changed on the worker that was given (update({ tenants }))", tenants);
    }
    ownPool.update({ tenants });
  }

  /** Stops with the default time, at the end of an `await using` block. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** What the consumer is doing now, and what it has done. */
  stats(): ConsumerStats {
    const { worker, runner } = this.#options;
    const { running, waiting, workers } = worker.stats();
    const { receivesInFlight, settlementsPending } = runner.stats?.() ?? { receivesInFlight: 0, settlementsPending: 0 };
    const counters = copyCounters(this.#counters);
    const session = "session" in this.#life ? this.#life.session : undefined;
    return {
      state: this.state,
      isPaused: this.#session?.entrance.isPaused ?? false,
      running,
      waiting: waiting + (session?.entrance.waiting ?? 0),
      workers,
      receivesInFlight,
      settlementsPending,
      bytesInFlight: session?.entrance.budget.bytes ?? 0,
      sinceLastReceiveMs: this.#session?.sinceAnswerMs,
      counters,
    };
  }

  /** Calls `listener` at each event of that name. What it throws, or rejects with, becomes an `error` event. */
  on<Name extends keyof ConsumerEvents<SourceMessage>>(
    name: Name,
    listener: Listener<ConsumerEvents<SourceMessage>[Name]>,
  ): this {
    this.#hub.on(name, listener);
    return this;
  }

  /** Calls `listener` at the next event of that name only. */
  once<Name extends keyof ConsumerEvents<SourceMessage>>(
    name: Name,
    listener: Listener<ConsumerEvents<SourceMessage>[Name]>,
  ): this {
    this.#hub.once(name, listener);
    return this;
  }

  /** Takes a listener off again. */
  off<Name extends keyof ConsumerEvents<SourceMessage>>(
    name: Name,
    listener: Listener<ConsumerEvents<SourceMessage>[Name]>,
  ): this {
    this.#hub.off(name, listener);
    return this;
  }

  /** The life that it has now, until it is stopped. */
  get #session(): Session<SourceMessage, Resource> | undefined {
    return this.#life.state === "starting" || this.#life.state === "running" ? this.#life.session : undefined;
  }

  async #start(session: Session<SourceMessage, Resource>): Promise<void> {
    try {
      // A stop ends the start, even if the source never answers.
      await abortable(session.start(), session.signal);
    } catch (error) {
      if (this.#life.state === "starting") await this.#clearUp(session);
      else await this.#untilStopped();
      throw error;
    }
    const life = this.#life;
    if (life.state !== "starting") {
      await this.#untilStopped();
      throw new MillraceError("STOPPED", "stop() was called.");
    }
    this.#life = { ...life, state: "running" };
    this.#reporter.log("info", "started");
    this.#hub.emit("started");
    if (this.state === "running") session.pull(); // A listener may have called stop().
  }

  /** A program that ends because its start has rejected is not to cut off what the stop has still to tell the source. */
  async #untilStopped(): Promise<void> {
    if (this.#life.state === "stopping") await this.#life.stopped;
  }

  /** Ends what a failed start has left. */
  async #clearUp(session: Session<SourceMessage, Resource>): Promise<void> {
    const limit = new TimeLimit(this.#options.clock, 0);
    const stopped = session.stop(limit, session.settlementsLost);
    this.#life = { state: "stopping", session, limit, stopped };
    await stopped;
    limit.cancel();
    unclaim(this.#options);
    this.#life = { state: "stopped" };
  }

  async #stop(session: Session<SourceMessage, Resource>, limit: TimeLimit, lostBefore: number): Promise<StopResult> {
    const result = await session.stop(limit, lostBefore);
    limit.cancel();
    unclaim(this.#options);
    this.#life = { state: "stopped" };
    this.#reporter.log("info", "stopped", result);
    this.#hub.emit("stopped", result);
    return result;
  }

  #createSession(): Session<SourceMessage, Resource> {
    const handler = this.#handler;
    const { clock, worker } = this.#options;
    return new Session({
      ...this.#options,
      rateLimit: this.#rateLimit,
      handler,
      handlerLife: new HandlerLife({ handler, reporter: this.#reporter, clock, worker }),
      hub: this.#hub,
      counters: this.#counters,
      reporter: this.#reporter,
      onSourceEnded: () => void this.stop({ timeoutMs: Infinity }),
    });
  }
}
