// One life of a consumer, from a start to its stop, and the order in which it ends.
import { MillraceError } from "../errors.js";
import type { Clock } from "../internal/clock.js";
import { TimeLimit } from "../internal/time-limit.js";
import type { Delivery, Intake, Runner, RunnerEvents } from "../runner/runner.js";
import type { Worker, WorkerHost } from "../worker/worker.js";
import { Budget, type ByteLimit } from "./budget.js";
import { countFact } from "./counters.js";
import type { ConsumerEvents } from "./events.js";
import type { Execution } from "./execution.js";
import { Lanes } from "./lanes.js";
import type { HandlerLife } from "./handler-life.js";
import { MessagesInHand, type MessagesInHandOptions } from "./messages-in-hand.js";
import { Pause } from "./pause.js";
import { Places } from "./places.js";
import type { RateLimit } from "../worker/rate-limit.js";
import type { Reporter } from "./reporter.js";
import type { StopResult } from "./stop.js";

/** How long a stop waits for the source to confirm, and for what workers own to end, after the handlers' time is over. */
const CLOSE_TIMEOUT_MS = 2_000;

/** What a session works with. */
export interface SessionParts<Message, Resource> extends Omit<
  MessagesInHandOptions<Message, Resource>,
  "handlerHost" | "lanes" | "budget" | "onPause"
> {
  readonly runner: Runner<Message>;
  readonly worker: Worker<Resource>;
  readonly handlerLife: HandlerLife;
  readonly reporter: Reporter;
  readonly rateLimit: RateLimit;
  readonly byteLimit: ByteLimit | undefined;
  /** Called when the source has ended by itself. */
  readonly onSourceEnded: () => void;
}

/** One life of a consumer. It is started once and stopped once. */
export class Session<Message, Resource> implements Intake<Message>, WorkerHost {
  readonly clock: Clock;
  readonly #parts: SessionParts<Message, Resource>;
  readonly #polling = new AbortController();
  readonly #deadline = new AbortController();
  readonly #budget: Budget;
  readonly #places: Places;
  readonly #pause: Pause;
  readonly #lanes: Lanes<Execution<Message, Resource>>;
  readonly #inHand: MessagesInHand<Message, Resource>;
  #opened: Promise<void> | undefined;
  #source: Promise<void> | undefined;
  #isPulling = false;
  #isStopping = false;
  /** Whether messages go back that come in this tick. */
  #isRefusing = false;
  /** What came during a pause while more was asked for: given back at once, it would come by what is still out. */
  readonly #parked: Array<Execution<Message, Resource>> = [];
  /** Messages that had not started when the stop began, or came after that. */
  readonly #unstarted: Array<Execution<Message, Resource>> = [];
  #isReleasing = false;
  #answeredAt: number | undefined;
  #messagesReleased = 0;

  constructor(parts: SessionParts<Message, Resource>) {
    this.#parts = parts;
    this.clock = parts.clock;
    this.#budget = new Budget({ ...parts, onFreed: () => this.#places.serve() });
    this.#places = new Places({ worker: parts.worker, budget: this.#budget });
    this.#pause = new Pause({
      clock: parts.clock,
      onPaused: (forMs) => this.#paused(forMs),
      onResumed: () => this.#resumed(),
    });
    this.#lanes = new Lanes({
      start: (execution) => this.#handOver(execution),
      freePlace: () => this.#places.free(1),
      makePlace: () => this.#places.make(),
    });
    this.#inHand = new MessagesInHand({
      ...parts,
      lanes: this.#lanes,
      handlerHost: parts.handlerLife,
      budget: this.#budget,
      onPause: (durationMs) => this.pauseFor(durationMs),
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
    this.#isPulling = true;
    if (this.#pause.isOn) this.#holdBack();
    this.#source = this.#runSource();
  }

  /** Asks for nothing more, and gives back what has not started. What runs goes on. */
  pause(): void {
    if (!this.#isStopping) this.#pause.begin();
  }

  /** The same for a time. Of several times the one that ends last counts. */
  pauseFor(durationMs: number): void {
    if (!this.#isStopping) this.#pause.beginFor(durationMs);
  }

  /** Ends every pause. */
  resume(): void {
    if (!this.#isStopping) this.#pause.end();
  }

  /** The rate is another one. When it is lower than it was, what has not started goes back, to be counted by the new one. */
  rateChanged(isLower: boolean): void {
    if (this.#isStopping) return;
    if (isLower) this.#giveBackWaiting();
    this.#budget.rateChanged();
  }

  get isPaused(): boolean {
    return this.#pause.isOn;
  }

  /** Bytes of the messages that are here, where a budget has them counted. */
  get bytesInFlight(): number {
    return this.#budget.bytes;
  }

  /**
   * The order of stopping: ask for nothing more; wait for what is being asked for, and then give back what has not started
   * (a request of ours that is still out would take it again); wait for the handlers; past the limit, tell them to end;
   * have the source confirm every outcome; end the workers, and what handlers keep.
   */
  async stop(limit: TimeLimit): Promise<StopResult> {
    const { worker } = this.#parts;
    const inHand = this.#inHand;
    const lostBefore = inHand.settlementsLost;
    this.#isStopping = true;
    this.#pause.cancel();
    this.#places.close();
    this.#polling.abort(new MillraceError("STOPPED", "stop() was called."));
    this.#unstarted.push(...this.#withdraw());
    this.#parts.handlerLife.stopping();
    const ended = Promise.all([this.#endSource(), worker.drained()]);
    const hasEnded = await limit.allows(ended);
    const handlersAborted = hasEnded ? 0 : await this.#abort(ended);
    this.#releaseUnstarted();
    this.#places.end();
    inHand.giveBackAll();
    const isClosed = await this.#close(limit);
    inHand.close();
    const settlementsLost = inHand.settlementsLost - lostBefore;
    const handlersAbandoned = worker.stats().running; // Those too that were given up on long before the stop.
    return {
      isDrained: isClosed && handlersAborted + handlersAbandoned + settlementsLost === 0,
      messagesReleased: this.#messagesReleased,
      handlersAborted,
      handlersAbandoned,
      settlementsLost,
    };
  }

  /** Messages that wait for a pause to end, or for what is still out. */
  get parked(): number {
    return this.#parked.length;
  }

  get waitingForTurn(): number {
    return this.#lanes.waiting;
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
    return this.#places.take(atMost);
  }

  giveBack(places: number): void {
    this.#places.giveBack(places);
    this.#giveBackParked();
  }

  deliver(delivery: Delivery<Message>): void {
    this.#parts.counters.received += 1;
    const execution = this.#inHand.add(delivery);
    const isAllowed = this.#budget.arrived(execution);
    if (this.#isStopping) {
      this.#places.free(1);
      this.#unstarted.push(execution);
      if (this.#isReleasing) this.#releaseUnstarted();
    } else if (this.#pause.isOn) {
      this.#places.free(1);
      this.#parked.push(execution);
      this.#giveBackParked();
    } else if (!isAllowed || this.#isRefusing) {
      this.#places.free(1);
      this.#refuseForNow();
      execution.giveBack();
    } else {
      this.#enter(execution);
    }
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
    this.#places.serve();
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
    return (
      this.signal.aborted && (cause === this.signal.reason || (cause instanceof Error && cause.name === "AbortError"))
    );
  }

  /** To its lane or to the worker, for a place that was taken. */
  #enter(execution: Execution<Message, Resource>): void {
    const { lane } = execution.delivery;
    if (lane === undefined) this.#handOver(execution);
    else this.#lanes.enter(lane, execution);
  }

  /** A worker of the user's may refuse, though it must not: the runner is not to fail for that. */
  #handOver(execution: Execution<Message, Resource>): void {
    this.#places.use();
    try {
      this.#parts.worker.accept(execution);
    } catch (error) {
      this.report(error);
      execution.giveBack();
    }
  }

  /** What comes in one go with a message that goes back may be behind it in its lane, and goes back too. */
  #refuseForNow(): void {
    if (!this.#isRefusing) queueMicrotask(() => (this.#isRefusing = false));
    this.#isRefusing = true;
  }

  #paused(forMs: number | undefined): void {
    const { hub, reporter } = this.#parts;
    // Before that, reaching the source may take places.
    if (this.#isPulling) this.#holdBack();
    this.#giveBackWaiting();
    reporter.log("info", forMs === undefined ? "paused" : `paused for ${Math.round(forMs)} ms`);
    hub.emit("paused", { forMs });
  }

  #resumed(): void {
    const { hub, reporter } = this.#parts;
    if (this.#answeredAt !== undefined) this.#answeredAt = this.clock.now();
    reporter.log("info", "resumed");
    hub.emit("resumed");
    if (this.#pause.isOn) return; // A listener has paused it again.
    this.#enterParked();
    this.#places.resume();
  }

  #holdBack(): void {
    this.#places.pause();
    try {
      this.#parts.runner.pause?.();
    } catch (error) {
      this.report(error);
    }
  }

  /** When nothing is out by which they would come again. */
  #giveBackParked(): void {
    if (this.#parked.length === 0 || this.#budget.asked > 0) return;
    for (const execution of this.#parked.splice(0)) execution.giveBack();
  }

  /** What came during a pause that is over. */
  #enterParked(): void {
    for (const execution of this.#parked.splice(0)) {
      if (execution.isSettled) continue;
      if (!execution.hasToken) this.#refuseForNow();
      if (this.#isRefusing) {
        execution.giveBack();
      } else {
        this.#places.make();
        this.#enter(execution);
      }
    }
  }

  #giveBackWaiting(): void {
    this.#refuseForNow();
    for (const execution of this.#withdraw()) execution.giveBack();
  }

  /** Takes out what has not started, in order. */
  #withdraw(): Array<Execution<Message, Resource>> {
    const ofWorker = this.#parts.worker.withdraw() as Array<Execution<Message, Resource>>;
    return [...ofWorker, ...this.#lanes.withdraw(), ...this.#parked.splice(0)];
  }

  async #endSource(): Promise<void> {
    await this.#opened?.catch(() => undefined); // Whoever called start() is told.
    await this.#source;
    this.#releaseUnstarted();
  }

  #releaseUnstarted(): void {
    this.#isReleasing = true;
    for (const execution of this.#unstarted.splice(0)) {
      if (execution.isSettled) continue;
      this.#messagesReleased += 1;
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

  async #stopWorker(): Promise<void> {
    try {
      await this.#parts.worker.stop();
    } catch (error) {
      this.report(error);
    }
  }
}
