/// <reference lib="esnext.disposable" preserve="true" />
// Many queues over one pool: each is a consumer of its own, and all share the slots.
import type { Consumer, ConsumerState } from "../consumer/consumer.js";
import { createCounters } from "../consumer/counters.js";
import type { Listener } from "../consumer/events.js";
import { Reporter } from "../consumer/reporter.js";
import { readStopTimeoutMs, type StopOptions, type StopResult } from "../consumer/stop.js";
import { MillraceError, OptionError } from "../errors.js";
import { SharedConnections } from "../sqs/connection.js";
import type { Message } from "../sqs/message.js";
import type { PoolShareOptions } from "../worker/pool-share.js";
import type { PoolWorker } from "../worker/pool-worker.js";
import { Discovery } from "./discovery.js";
import { type ConsumerGroupEvents, GroupEvents } from "./events.js";
import {
  type ConsumerGroupOptions,
  type GroupHandler,
  type GroupQueue,
  type ResolvedDiscovery,
  readFound,
  type ResolvedGroup,
  resolveGroup,
} from "./options.js";
import { Members } from "./members.js";
import { describeQueue, type Member } from "./queue.js";
import { createStartError } from "./start-failures.js";
import { type ConsumerGroupStats, type ConsumerGroupStopResult, sumCounters, sumResults, sumStats } from "./stats.js";

interface LivingLife {
  state: "starting" | "running";
  started: Promise<void>;
  readonly discovery: Discovery | undefined;
}

type Life =
  | { readonly state: "idle" }
  | { readonly state: "stopped" }
  | LivingLife
  | { readonly state: "stopping"; readonly stopped: Promise<ConsumerGroupStopResult> };

/**
 * Calls a handler with the messages of many queues, over one pool of workers. Each queue has its own long poll, waiting room,
 * retry policy, limits and statistics, as it is a `Consumer` of its own; at the slots they have turns by weight and priority.
 * Nothing happens before `start()`.
 *
 * @typeParam Resource - What the pool's workers own; the handler finds it as `context.resource`.
 */
export class ConsumerGroup<Resource = unknown> implements AsyncDisposable {
  readonly #options: ResolvedGroup<Resource>;
  readonly #members: Members<Resource>;
  readonly #events: GroupEvents;
  readonly #reporter: Reporter;
  readonly #counters = createCounters();
  #isPaused = false;
  #life: Life = { state: "idle" };

  /**
   * @param handler - Called with each message, its context and the name of its queue. A queue may have one of its own.
   * @throws OptionError when an option cannot be used; it names the queue. Nothing was started then.
   */
  constructor(handler: GroupHandler<Message, Resource>, options: ConsumerGroupOptions<Resource>) {
    this.#options = resolveGroup(handler, options);
    const { pool, defaults, limits, logger } = this.#options;
    const { connect } = new SharedConnections(limits);
    this.#events = new GroupEvents((name, cause) => this.#reporter.listenerFailed(name, cause));
    this.#reporter = new Reporter({
      logger,
      counters: this.#counters,
      emit: (error) => this.#events.emit("error", error, undefined),
    });
    this.#members = new Members({ host: { handler, pool, defaults, connect, logger }, events: this.#events });
    this.#options.queues.forEach((queue, index) => this.#members.add(queue, `queues[${index}]`));
  }

  /** Where the group stands in its life. */
  get state(): ConsumerState {
    return this.#life.state;
  }

  /** The pool whose slots the queues share: `group.pool.resize({ maxWorkers: 200 })`. */
  get pool(): PoolWorker<Resource> {
    return this.#options.pool;
  }

  /** The names of its queues. */
  get names(): readonly string[] {
    return this.#members.names;
  }

  /**
   * Starts all queues at once, and looks for the first time for those to be discovered. Called again while starting or running
   * it does nothing more; while stopping it waits for the stop and then starts anew.
   *
   * @throws MillraceError when a queue that was listed or added cannot be started, with the code of its failure (see `start` of
   * `Consumer`); the message names the queues. The others have been stopped again, running handlers had the usual time. Also
   * when the list of queues cannot be had and that will not change by itself, or when `stop()` was called meanwhile
   * (`STOPPED`).
   */
  async start(): Promise<void> {
    const life = this.#life;
    if (life.state === "starting" || life.state === "running") return life.started;
    if (life.state === "stopping") {
      await life.stopped;
      return this.start();
    }
    this.#isPaused = false;
    this.#members.deleteDiscovered();
    const starting: LivingLife = {
      state: "starting",
      started: Promise.resolve(),
      discovery: this.#createDiscovery(),
    };
    this.#life = starting;
    starting.started = this.#start(starting);
    return starting.started;
  }

  /**
   * Stops all queues at once, each as a `Consumer` stops, all within the same time. Called while it stops, it waits for the
   * same stop, and shortens it if it has less time.
   *
   * @throws OptionError when `timeoutMs` cannot be used; the group goes on.
   */
  async stop(options: StopOptions = {}): Promise<ConsumerGroupStopResult> {
    const timeoutMs = readStopTimeoutMs(options);
    const life = this.#life;
    if (life.state === "idle" || life.state === "stopped") return sumResults([]);
    if (life.state === "stopping") {
      void this.#members.stop(timeoutMs);
      return life.stopped;
    }
    // The state changes before anything of the user's is called: it may call stop() again.
    const stopped = Promise.resolve().then(() => this.#stop(life, timeoutMs));
    this.#life = { state: "stopping", stopped };
    return stopped;
  }

  /**
   * Adds a queue. While the group runs it is started at once; otherwise with the group.
   *
   * @throws OptionError when an option cannot be used. MillraceError when the queue cannot be started, with the code of the
   * failure. It is not in the group then, and the others go on.
   */
  async add(queue: GroupQueue<Resource>): Promise<void> {
    await this.#startAdded(this.#members.add(queue, "The queue"));
  }

  /**
   * Removes a queue: it stops as a `Consumer` does, and the others go on. One that was discovered and still exists is not
   * added again before the next start.
   *
   * @throws OptionError when there is no such queue, or `timeoutMs` cannot be used.
   */
  async remove(name: string, options: StopOptions = {}): Promise<StopResult> {
    const member = this.#members.find(name);
    const timeoutMs = readStopTimeoutMs(options);
    member.isLeaving = true;
    const result = await member.consumer.stop({ timeoutMs });
    if (this.#members.delete(member)) this.#events.emit("queueRemoved", name, result);
    return result;
  }

  /**
   * Changes the weight, priority or limits of a queue, at once. What is not given stays as it is.
   *
   * @throws OptionError when there is no such queue, or an option cannot be used; nothing has changed then.
   */
  update(name: string, options: PoolShareOptions): void {
    const { share } = this.#members.find(name);
    try {
      share.update(options);
    } catch (error) {
      throw error instanceof OptionError ? error.of(describeQueue(name)) : error;
    }
  }

  /**
   * Pauses one queue, or all, those that are added later included: see `pause` of `Consumer`. A start begins unpaused.
   *
   * @throws OptionError when there is no such queue.
   */
  pause(name?: string): void {
    if (name !== undefined) {
      this.#members.find(name).consumer.pause();
      return;
    }
    this.#isPaused = this.#isLiving;
    for (const { consumer } of this.#members.all) consumer.pause();
  }

  /**
   * Ends the pause of one queue, or of all.
   *
   * @throws OptionError when there is no such queue.
   */
  resume(name?: string): void {
    if (name !== undefined) {
      this.#members.find(name).consumer.resume();
      return;
    }
    this.#isPaused = false;
    for (const { consumer } of this.#members.all) consumer.resume();
  }

  /** The consumer of a queue; undefined when there is no such queue. Starting and stopping it is the group's. */
  get(name: string): Consumer | undefined {
    return this.#members.get(name)?.consumer as Consumer | undefined;
  }

  /** Stops with the default time, at the end of an `await using` block. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** What the group is doing now, and what it has done, in all and queue by queue. */
  stats(): ConsumerGroupStats {
    const queues = this.#members.stats;
    const all = queues.map(([, stats]) => stats);
    return {
      state: this.state,
      ...sumStats(all),
      workers: this.pool.stats().workers,
      counters: sumCounters([this.#counters, this.#members.removedCounters, ...all.map(({ counters }) => counters)]),
      queues: Object.fromEntries(queues),
    };
  }

  /** Calls `listener` at each event of that name. What it throws, or rejects with, becomes an `error` event. */
  on<Name extends keyof ConsumerGroupEvents>(name: Name, listener: Listener<ConsumerGroupEvents[Name]>): this {
    this.#events.on(name, listener);
    return this;
  }

  /** Calls `listener` at the next event of that name only. */
  once<Name extends keyof ConsumerGroupEvents>(name: Name, listener: Listener<ConsumerGroupEvents[Name]>): this {
    this.#events.once(name, listener);
    return this;
  }

  /** Takes a listener off again. */
  off<Name extends keyof ConsumerGroupEvents>(name: Name, listener: Listener<ConsumerGroupEvents[Name]>): this {
    this.#events.off(name, listener);
    return this;
  }

  async #start(life: LivingLife): Promise<void> {
    const results = await Promise.allSettled([this.#members.start(), life.discovery?.start()]);
    if (this.#life !== life) throw new MillraceError("STOPPED", "stop() was called.");
    const failure = results.find((result) => result.status === "rejected");
    if (failure === undefined) {
      life.state = "running";
      return;
    }
    await this.stop();
    throw failure.reason;
  }

  async #stop({ discovery }: LivingLife, timeoutMs: number): Promise<ConsumerGroupStopResult> {
    const [results] = await Promise.all([this.#members.stop(timeoutMs), discovery?.stop()]);
    this.#life = { state: "stopped" };
    return sumResults(results);
  }

  /** Starts a queue that was taken in, if the group runs. One that cannot be started is not kept. */
  async #startAdded(member: Member<Resource>): Promise<void> {
    const { name, consumer } = member;
    if (this.#isLiving) {
      try {
        const started = consumer.start();
        if (this.#isPaused) consumer.pause();
        await started;
      } catch (error) {
        this.#members.delete(member);
        throw createStartError([{ queue: name, error }]);
      }
    }
    this.#events.emit("queueAdded", name);
  }

  get #isLiving(): boolean {
    return this.#life.state === "starting" || this.#life.state === "running";
  }

  #createDiscovery(): Discovery | undefined {
    const { discover, client, region, clock } = this.#options;
    if (discover === undefined) return undefined;
    return new Discovery({
      ...discover,
      client,
      region,
      clock,
      has: (queueUrl) => this.#members.findByUrl(queueUrl) !== undefined,
      add: (queueUrl) => this.#addFound(queueUrl, discover.queue),
      remove: (queueUrl) => this.#removeLost(queueUrl),
      onNothingFound: () => {
        this.#reporter.log("warn", `no queue has a name that begins with ${discover.queueNamePrefix}, so far`);
      },
      report: (error) => this.#reporter.report(error),
    });
  }

  async #addFound(queueUrl: string, optionsOf: ResolvedDiscovery["queue"]): Promise<boolean> {
    let member: Member<Resource> | undefined;
    try {
      const options = readFound(optionsOf(queueUrl), queueUrl);
      if (options === undefined) return false;
      member = this.#members.add({ ...options, queueUrl }, queueUrl, true);
      await this.#startAdded(member);
      return true;
    } catch (cause) {
      if (member?.isLeaving === true) return true; // Removed by hand while it was started.
      if (!this.#isLiving) return false;
      const isTold = cause instanceof MillraceError;
      this.#reporter.report(
        isTold ? cause : new MillraceError("DISCOVERY_FAILED", `discover.queue has failed for ${queueUrl}.`, { cause }),
      );
      return false;
    }
  }

  #removeLost(queueUrl: string): void {
    const member = this.#members.findByUrl(queueUrl);
    if (member?.isDiscovered === true && !member.isLeaving) void this.remove(member.name);
  }
}
