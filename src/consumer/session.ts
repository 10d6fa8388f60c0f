// One life of a consumer, from a start to its stop, and the order in which it ends.
import { MillraceError } from "../errors.js";
import type { Clock } from "../internal/clock.js";
import { TimeLimit } from "../internal/time-limit.js";
import type { Delivery, Intake, Runner, RunnerEvents } from "../runner/runner.js";
import type { WorkerHost } from "../worker/worker.js";
import { countFact } from "./counters.js";
import type { ConsumerEvents } from "./events.js";
import { Entrance, type EntranceParts } from "./entrance.js";
import type { Execution } from "./execution.js";
import type { HandlerLife } from "./handler-life.js";
import { MessagesInHand, type MessagesInHandOptions } from "./messages-in-hand.js";
import type { Reporter } from "./reporter.js";
import type { StopResult } from "./stop.js";

/** How long a stop waits for the source to confirm, and for what workers own to end, after the handlers' time is over. */
const CLOSE_TIMEOUT_MS = 2_000;

/** Never throws, whatever a runner of the user's rejects with. */
function isAbortError(cause: unknown): boolean {
  try {
    return cause instanceof Error && cause.name === "AbortError";
  } catch {
    return false;
  }
}

/** What a session works with. */
export interface SessionParts<Message, Resource>
  extends
    Omit<MessagesInHandOptions<Message, Resource>, "handlerHost" | "lanes" | "budget" | "onPause">,
    Pick<EntranceParts<Resource>, "worker" | "rateLimit" | "byteLimit"> {
  readonly runner: Runner<Message>;
  readonly handlerLife: HandlerLife;
  readonly reporter: Reporter;
  /** Called when the source has ended by itself. */
  readonly onSourceEnded: () => void;
}

/** One life of a consumer. It is started once and stopped once. */
export class Session<Message, Resource> implements Intake<Message>, WorkerHost {
  readonly clock: Clock;
  /** The way in. Once a stop has begun it is closed. */
  readonly entrance: Entrance<Message, Resource>;
  readonly #parts: SessionParts<Message, Resource>;
  readonly #polling = new AbortController();
  readonly #deadline = new AbortController();
  readonly #inHand: MessagesInHand<Message, Resource>;
  #opened: Promise<void> | undefined;
  #source: Promise<void> | undefined;
  #isStopping = false;
  /** Messages that had not started when the stop began, or came after that. */
  readonly #unstarted: Array<Execution<Message, Resource>> = [];
  #isReleasing = false;
  #answeredAt: number | undefined;
  #messagesReleased = 0;

  constructor(parts: SessionParts<Message, Resource>) {
    this.#parts = parts;
    this.clock = parts.clock;
    this.entrance = new Entrance({
      ...parts,
      report: (error) => this.report(error),
      onPaused: (forMs) => this.#paused(forMs),
      onResumed: () => this.#resumed(),
    });
    this.#inHand = new MessagesInHand({
      ...parts,
      lanes: this.entrance.lanes,
      handlerHost: parts.handlerLife,
      budget: this.entrance.budget,
      onPause: (durationMs) => {
        if (!this.#isStopping) this.entrance.pauseFor(durationMs);
      },
    });
  }

  /** Starts the worker and reaches the source. When it rejects, `stop` clears up. */
  async start(): Promise<void> {
    this.#opened = this.#open();
    await this.#opened;
  }

  /** Begins to pull. */
  pull(): void {
    if (this.#isStopping) return;
    this.entrance.open();
    this.#source = this.#runSource();
  }

  /**
   * The order of stopping: ask for nothing more; wait for what is being asked for, and then give back what has not started
   * (a request of ours that is still out would take it again); wait for the handlers; past the limit, tell them to end;
   * have the source confirm every outcome; end the workers, and what handlers keep.
   *
   * @param lostBefore - Outcomes that were lost when the stop was called: they are not its own.
   */
  async stop(limit: TimeLimit, lostBefore: number): Promise<StopResult> {
    const inHand = this.#inHand;
    this.#isStopping = true;
    this.entrance.close();
    this.#polling.abort(new MillraceError("STOPPED", "stop() was called."));
    this.#unstarted.push(...this.entrance.withdraw());
    this.#parts.handlerLife.stopping();
    const ended = Promise.all([this.#endSource(), this.#drainWorker()]);
    const hasEnded = await limit.allows(ended);
    const handlersAborted = hasEnded ? 0 : await this.#abort(ended);
    this.#releaseUnstarted();
    this.entrance.end();
    inHand.giveBackAll();
    const isClosed = await this.#close(limit);
    inHand.close();
    const settlementsLost = inHand.settlementsLost - lostBefore;
    const handlersAbandoned = this.#parts.worker.stats().running; // Those too that were given up on long before the stop.
    return {
      isDrained: isClosed && handlersAborted + handlersAbandoned + settlementsLost === 0,
      messagesReleased: this.#messagesReleased,
      handlersAborted,
      handlersAbandoned,
      settlementsLost,
    };
  }

  /** Outcomes that the source has failed to confirm. */
  get settlementsLost(): number {
    return this.#inHand.settlementsLost;
  }

  get waitingForTurn(): number {
    return this.entrance.lanes.waiting;
  }

  /** How long ago the source last answered a request for messages. */
  get sinceAnswerMs(): number | undefined {
    return this.#answeredAt === undefined ? undefined : this.clock.now() - this.#answeredAt;
  }

  get signal(): AbortSignal {
    return this.#polling.signal;
  }

  get deadlineSignal(): AbortSignal {
    return this.#deadline.signal;
  }

  take(atMost: number): Promise<number> {
    return this.entrance.take(atMost);
  }

  giveBack(places: number): void {
    this.entrance.giveBack(places);
  }

  deliver(delivery: Delivery<Message>): void {
    this.#parts.counters.received += 1;
    const execution = this.#inHand.add(delivery);
    if (!this.#isStopping) {
      this.entrance.admit(execution);
      return;
    }
    this.entrance.pass(execution);
    this.#unstarted.push(execution);
    if (this.#isReleasing) this.#releaseUnstarted();
  }

  revoke(delivery: Delivery<Message>, reason: Error): void {
    this.#parts.reporter.log("warn", reason.message, { attempt: delivery.attempt });
    this.#inHand.revoke(delivery, reason);
  }

  settled(delivery: Delivery<Message>, error?: unknown): void {
    this.#inHand.confirm(delivery, error);
  }

  report(error: unknown): void {
    this.#parts.reporter.report(error);
  }

  note<Name extends keyof RunnerEvents<Message>>(name: Name, facts: RunnerEvents<Message>[Name]): void {
    const { counters, hub } = this.#parts;
    countFact(counters, name, facts);
    if (name === "received") this.#answeredAt = this.clock.now();
    this.#parts.reporter.logFact(name, facts);
    if (hub.has(name)) hub.emit(name, ...([facts] as ConsumerEvents<Message>[Name]));
  }

  placesFreed(): void {
    this.entrance.serve();
  }

  workersChanged(change: 1 | -1): void {
    const { hub, worker } = this.#parts;
    const name = change === 1 ? "workerSpawned" : "workerReleased";
    if (hub.has(name)) hub.emit(name, { workers: worker.stats().workers });
  }

  async #open(): Promise<void> {
    const { worker, runner, handlerLife } = this.#parts;
    await worker.start(this);
    if (!this.#isStopping) await handlerLife.prepare();
    if (!this.#isStopping) await runner.open?.(this);
  }

  async #runSource(): Promise<void> {
    try {
      await this.#parts.runner.run(this);
    } catch (cause) {
      if (this.#isAbort(cause)) return;
      this.report(new MillraceError("RUNNER_FAILED", "The runner has failed: the consumer stops.", { cause }));
    }
    if (!this.#isStopping) this.#parts.onSourceEnded();
  }

  /** Whether a runner has only passed on that the signal has aborted. */
  #isAbort(cause: unknown): boolean {
    return this.signal.aborted && (cause === this.signal.reason || isAbortError(cause));
  }

  #paused(forMs: number | undefined): void {
    const { hub, reporter } = this.#parts;
    reporter.log("info", forMs === undefined ? "paused" : `paused for ${Math.round(forMs)} ms`);
    hub.emit("paused", { forMs });
  }

  #resumed(): void {
    const { hub, reporter } = this.#parts;
    if (this.#answeredAt !== undefined) this.#answeredAt = this.clock.now();
    reporter.log("info", "resumed");
    hub.emit("resumed");
  }

  async #endSource(): Promise<void> {
    await this.#opened?.catch(() => undefined); // Whoever called start() is told.
    await this.#source;
    this.#releaseUnstarted();
  }

  #releaseUnstarted(): void {
    this.#isReleasing = true;
    for (const execution of this.#unstarted.splice(0)) {
      if (execution.abortReason !== undefined) continue; // Its lease has lapsed meanwhile: it was not for us to give back.
      this.#messagesReleased += 1; // Even if it has gone back already, behind one that failed.
      execution.giveBack();
    }
  }

  /** Ends what has not ended in time, and waits a moment for it. Answers how many handlers were told. */
  async #abort(ended: Promise<unknown>): Promise<number> {
    const reason = new MillraceError("STOPPED", "The consumer stops, and the time given is over.");
    this.#deadline.abort(reason);
    const aborted = this.#inHand.abortAll(reason);
    await this.#waitAtMost(this.#parts.abortGraceMs, ended);
    return aborted;
  }

  /** Has the source confirm every outcome, and ends the workers and what handlers keep. False when there was not the time for it. */
  async #close(limit: TimeLimit): Promise<boolean> {
    const outOfTime = new AbortController();
    const sourceClosed = this.#closeSource(outOfTime.signal);
    const closed = Promise.all([sourceClosed, this.#stopWorker(), this.#parts.handlerLife.end()]);
    // The limit itself, as a further stop() may shorten it.
    if ((await limit.allows(closed)) || (await this.#waitAtMost(CLOSE_TIMEOUT_MS, closed))) return true;
    outOfTime.abort(new MillraceError("STOPPED", "The consumer has stopped before the source confirmed."));
    // What heeds the signal ends now; what does not is not waited for.
    await this.#waitAtMost(0, sourceClosed);
    return false;
  }

  async #waitAtMost(timeoutMs: number, promise: Promise<unknown>): Promise<boolean> {
    const limit = new TimeLimit(this.clock, timeoutMs);
    const isInTime = await limit.allows(promise);
    limit.cancel();
    return isInTime;
  }

  async #closeSource(signal: AbortSignal): Promise<void> {
    try {
      await Promise.all([this.#parts.runner.close?.(signal), this.#inHand.whenConfirmed()]);
    } catch (error) {
      this.report(error);
    }
  }

  async #drainWorker(): Promise<void> {
    try {
      await this.#parts.worker.drained();
    } catch (error) {
      this.report(error);
    }
  }

  async #stopWorker(): Promise<void> {
    try {
      await this.#parts.worker.stop();
    } catch (error) {
      this.report(error);
    }
  }
}
