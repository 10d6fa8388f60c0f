// Runs one history: a service, its consumers and their handlers, on one clock.
import type { ConsumerGroup, Message, MillraceError, Outcome, StopResult } from "millrace";
import { type RandomSource, VirtualClock } from "millrace/testing";
import { checkBatch } from "./checks/batches.js";
import {
  checkEnd,
  checkRequestAborted,
  checkRequestBegan,
  checkRequestEnded,
  checkRunBegan,
  checkSettled,
  checkStep,
  checkStopped,
} from "./checks/checks.js";
import { Coverage } from "./coverage.js";
import { toldToEnd } from "./checks/stopping.js";
import { type Crew, createCrew } from "./crew.js";
import { Draw } from "./draw.js";
import { HandlerSide } from "./handler-side.js";
import { type History, isDisruptive, isOdd, type Reaction } from "./history.js";
import { type Member, shortId } from "./member.js";
import { obey, resume, setRate } from "./orders.js";
import {
  meetCommand,
  meetError,
  meetFaults,
  meetHistory,
  meetJournal,
  meetRequest,
  meetRun,
  meetSettled,
  meetStopped,
} from "./meetings.js";
import type { Process } from "./process.js";
import { NO_SABOTAGE, type Sabotage } from "./sabotage.js";
import { ServiceSide } from "./service-side.js";
import type { ServiceView } from "./service-view.js";
import { Trace } from "./trace.js";
import { Violations } from "./violation.js";
import type { Witness, WitnessedRequest } from "./witness-port.js";

/** How long the end may take: a group of a FIFO queue whose retries become rarer takes hours. */
const LONGEST_END_MS = 43_200_000;
/** In a history of hours. */
const LONGEST_END_OF_HOURS_MS = 360_000_000;
const HOURS_MS = 3_600_000;

const LONGEST_LATENCY_MS = 300;

const MOST_REQUESTS_AT_ONE_MOMENT = 1_000;

export interface PlayOptions {
  /** Breaks something on purpose. */
  readonly sabotage?: Sabotage | undefined;
  readonly isTraced?: boolean;
}

export class World {
  readonly history: History;
  readonly clock: VirtualClock;
  readonly random: RandomSource;
  readonly service: ServiceSide;
  readonly violations: Violations;
  readonly trace: Trace;
  readonly coverage: Coverage = new Coverage();
  readonly handlers: HandlerSide;
  readonly requests: WitnessedRequest[] = [];
  readonly sabotage: Sabotage;
  members: readonly Member[] = [];
  group: ConsumerGroup<undefined> | undefined;
  /** Whether what was planned is over. */
  isEnding = false;
  /** Whether some requests take so long that a stop, or a heartbeat, may run out of time without any fault. */
  readonly isSlow: boolean;
  /** Whether messages come when they should not, or old handles work. */
  readonly isOdd: boolean;

  constructor(history: History, { sabotage = NO_SABOTAGE, isTraced = false }: PlayOptions) {
    this.history = history;
    this.sabotage = sabotage;
    this.clock = new VirtualClock();
    this.random = new Draw(history.seed ^ 0x5eed).random;
    this.service = new ServiceSide(history, this.clock, this.random);
    this.violations = new Violations(() => this.clock.now());
    this.trace = new Trace({ clock: this.clock, sqs: this.service.sqs }, isTraced);
    this.isOdd = history.faultPeriods.some(isOdd);
    const latencies = [history.latencyMs, ...history.faultPeriods.map(({ faults }) => faults.latencyMs ?? 0)];
    this.isSlow = latencies.flat(2).some((latency) => latency > LONGEST_LATENCY_MS);
    this.handlers = this.#createHandlers();
  }

  get view(): ServiceView {
    return this.service.view;
  }

  /** Plays the history to its end, or to its first violation. */
  async play(): Promise<void> {
    meetHistory(this.coverage, this.history);
    await this.service.createQueues();
    this.sabotage.service(this.service);
    const crew = createCrew(this, (index, process) => this.#witness(index, process));
    this.#take(crew);
    this.#schedule();
    await this.clock.runUntil(() => this.#step() || this.clock.now() >= this.history.endsAtMs);
    if (!this.violations.any) await this.#end();
    meetJournal(this.coverage, this.service.sqs.journal?.entries ?? []);
    if ((crew.order?.choices ?? 0) > 0) this.coverage.meet("time", "things in another order");
    if (this.members.some(({ process }) => process.stalled > 0))
      this.coverage.meet("time", "process that stands still");
  }

  /** The consumers that start and stop together with this one. */
  peersOf(member: Member): readonly Member[] {
    return this.group === undefined ? [member] : this.members;
  }

  start(member: Member): Promise<boolean> {
    this.trace.note(member.index, () => "start()");
    const { state } = member.consumer;
    if (state === "stopped") this.coverage.meet("start", "after a stop");
    if (state === "running") this.coverage.meet("start", "while running");
    if (state === "stopping") this.coverage.meet("start", "while stopping");
    for (const peer of this.peersOf(member)) peer.startsAtMs.push(this.clock.now());
    return (this.group ?? member.consumer).start().then(
      () => true,
      (reason: unknown) => {
        const error = reason as MillraceError;
        // A stop that was called while a refused start was cleared up is over, without an event of its own.
        for (const peer of this.peersOf(member)) {
          if (peer.consumer.state !== "stopping") peer.stopCalledAtMs = undefined;
        }
        this.coverage.meet("start", error.code === "STOPPED" ? "stopped meanwhile" : "refused");
        this.trace.note(member.index, () => `start() rejects: ${error.code}`);
        if (!this.#mayRefuse(member, error)) this.violations.add("startRefused", `${error.code}: ${error.message}`);
        return false;
      },
    );
  }

  stop(member: Member, timeoutMs: number): Promise<unknown> {
    this.trace.note(member.index, () => `stop(${timeoutMs})`);
    for (const peer of this.peersOf(member)) this.#noteStop(peer, timeoutMs);
    const stopping = (this.group ?? member.consumer).stop({ timeoutMs });
    stopping.catch((error: unknown) => this.violations.add("crash", `stop() rejected: ${String(error)}`));
    return stopping;
  }

  /** Whether no request can have met a fault since then, and no process has stood still. */
  wasCalmSince(atMs: number): boolean {
    const now = this.clock.now();
    const isOver = ({ fromMs, toMs }: { fromMs: number; toMs: number }): boolean => fromMs > now || toMs + 1_000 < atMs;
    const { faultPeriods, stalls } = this.history;
    return faultPeriods.every((period) => !isDisruptive(period) || isOver(period)) && stalls.every(isOver);
  }

  get wasAlwaysCalm(): boolean {
    return this.wasCalmSince(-1);
  }

  #createHandlers(): HandlerSide {
    const { history, clock } = this;
    return new HandlerSide({
      history,
      clock,
      began: (run) => {
        this.members[run.consumer]?.running.add(run);
        this.trace.note(run.consumer, () => `starts ${shortId(run.messageId)} (${run.turn.ending})`);
        checkRunBegan(this, run);
      },
      ended: (run) => {
        const member = this.members[run.consumer];
        member?.running.delete(run);
        if (member !== undefined) meetRun(this.coverage, run, member);
        this.trace.note(run.consumer, () => `ends ${shortId(run.messageId)}: ${run.said}`);
      },
      handedOver: (consumer, runs, key) => {
        this.trace.note(
          consumer,
          () => `is handed ${runs.map(({ messageId }) => shortId(messageId)).join(", ")} (${key})`,
        );
        checkBatch(this, { consumer, runs, key });
      },
      stop: (consumer, timeoutMs) => {
        if (this.isEnding) return;
        this.coverage.meet("stop called", "in a handler");
        void this.stop(this.members[consumer] as Member, timeoutMs);
      },
    });
  }

  #take({ members, group }: Crew): void {
    this.members = members;
    this.group = group;
    for (const member of members) {
      this.sabotage.consumer(member.consumer);
      member.listen({
        stopping: (stopping) => this.#noteStop(stopping, Infinity),
        stopped: (stopped, result) => this.#noteStopped(stopped, result),
        settled: (settler, message, outcome) => this.#noteSettled(settler, message, outcome),
        error: ({ index }, error) => {
          meetError(this.coverage, error);
          this.trace.note(index, () => `error ${error.code}: ${error.message.slice(0, 120)}`);
        },
        noted: ({ index, revokedAtMs, newerHandles }, what, message) => {
          if (what === "revoked" || what === "revokedRunning")
            revokedAtMs.set(message?.MessageId ?? "", this.clock.now());
          if (what === "redelivered" && message !== undefined) {
            this.view.catchUp();
            newerHandles.set(message, this.view.messages.get(message.MessageId ?? "")?.newestHandle);
            this.coverage.meet("message", "redelivered while here");
          }
          if (what === "revoked") this.coverage.meet("message", "lease lost waiting");
          if (what === "revokedRunning") this.coverage.meet("message", "lease lost running");
          this.trace.note(index, () => (message === undefined ? what : `${what} ${shortId(message.MessageId)}`));
        },
        react: (reacting, reaction) => this.#react(reacting, reaction),
      });
    }
  }

  #witness(index: number, process: Process): Witness {
    return {
      now: () => this.clock.now(),
      turn: () => process.turn(),
      began: (request) => {
        this.requests.push(request);
        this.members[index]?.requestsOut.add(request);
        this.trace.noteRequest(request, "began");
        checkRequestBegan(this, request);
        return !this.#isFlooded();
      },
      aborted: (request) => {
        this.trace.note(index, () => `gives up ${request.operation} of ${request.sentAtMs.toFixed(1)}`);
        this.members[index]?.requestsOut.delete(request);
        checkRequestAborted(this, request);
      },
      ended: (request) => {
        this.members[index]?.requestsOut.delete(request);
        meetRequest(this.coverage, request, this.members[index] as Member);
        this.trace.noteRequest(request, "ended");
        checkRequestEnded(this, request);
      },
    };
  }

  #noteStop(member: Member, timeoutMs: number): void {
    meetCommand(this.coverage, member, { timeoutMs, isOutage: this.#isOutage, now: this.clock.now() });
    if (!member.isAlive && member.consumer.state !== "stopping") return;
    const now = this.clock.now();
    if (member.stopCalledAtMs === undefined) member.stopEndsAtMs = Infinity;
    member.stopCalledAtMs ??= now;
    member.stopEndsAtMs = Math.min(member.stopEndsAtMs, now + timeoutMs);
  }

  #noteStopped(member: Member, result: StopResult): void {
    this.trace.note(member.index, () => `stopped: ${JSON.stringify(result)}`);
    meetStopped(this.coverage, result);
    checkStopped(this, member, result);
    member.stopCalledAtMs = undefined;
    member.toldByEarlierStops = toldToEnd(this, member);
    member.lastStoppedAtMs = this.clock.now();
  }

  #noteSettled(member: Member, message: Message, outcome: Outcome): void {
    const what = outcome.kind === "retry" ? `retry after ${outcome.afterSeconds} s` : outcome.kind;
    this.trace.note(member.index, () => `settled ${shortId(message.MessageId)}: ${what}`);
    meetSettled(this.coverage, outcome);
    checkSettled(this, member, { message, outcome });
    if (outcome.kind === "retry" || outcome.kind === "release")
      member.returnedAtMs.set(message.MessageId ?? "", this.clock.now());
    if (outcome.kind === "retry") member.retriedAtMs.set(message.MessageId ?? "", this.clock.now());
  }

  #react(member: Member, { action }: Reaction): void {
    if (this.isEnding) return;
    this.trace.note(member.index, () => `a listener calls ${action}()`);
    if (action === "start") void this.start(member);
    else if (action === "stop") void this.stop(member, 1_000);
    else obey(this, member, { action, atMs: 0, consumer: member.index, timeoutMs: 0 });
  }

  get #isOutage(): boolean {
    const now = this.clock.now();
    return this.history.faultPeriods.some(({ isOutage, fromMs, toMs }) => isOutage && fromMs <= now && now < toMs);
  }

  /** A loop that asks without end would never let the clock move again. */
  #isFlooded(): boolean {
    const earlier = this.requests.at(-MOST_REQUESTS_AT_ONE_MOMENT);
    if (earlier === undefined || earlier.sentAtMs < this.clock.now()) return false;
    this.violations.add("requests", `${MOST_REQUESTS_AT_ONE_MOMENT} requests at one moment`);
    return true;
  }

  #mayRefuse({ plan }: Member, { code }: MillraceError): boolean {
    if (code === "STOPPED") return true;
    if (code === "ACCESS_DENIED") return this.history.faultPeriods.some(({ isDenied }) => isDenied);
    return code === "WORKER_START_FAILED" && plan.worker.kind === "pool" && plan.worker.resource !== undefined;
  }

  /** Called when nothing more can happen at this moment. True when the history is to end. */
  #step(): boolean {
    if (!this.violations.any) checkStep(this);
    return this.violations.any;
  }

  #schedule(): void {
    const { messages, commands, faultPeriods, endsAtMs } = this.history;
    this.#endFaults();
    faultPeriods.forEach((period) => {
      this.clock.setTimer(() => {
        this.service.beginFaults(period);
        meetFaults(this.coverage, period);
        this.trace.note(
          undefined,
          () => `faults: ${period.isDenied ? "access denied" : JSON.stringify(period.faults)}`,
        );
      }, period.fromMs);
      this.clock.setTimer(() => this.#endFaults(), period.toMs);
    });
    messages.forEach(({ sentAtMs }, index) => {
      this.clock.setTimer(() => this.service.send(index), sentAtMs);
    });
    for (const command of commands) {
      const member = this.members[command.consumer];
      if (member === undefined || command.atMs >= endsAtMs) continue;
      this.clock.setTimer(() => member.process.whenAwake(() => obey(this, member, command)), command.atMs);
    }
    this.clock.setTimer(() => undefined, endsAtMs);
  }

  #endFaults(): void {
    this.service.endFaults();
    this.trace.note(undefined, () => "no faults");
  }

  /** Faults are over: the queue must become empty, the consumers must stop, and everything must add up. */
  async #end(): Promise<void> {
    this.isEnding = true;
    if (this.history.finale === "stop") await this.#stopAll();
    this.handlers.isPlain = this.history.finale === "stop";
    this.trace.note(undefined, () => "the end begins");
    for (const member of this.members) {
      setRate(this, member, undefined);
      await this.#ensureStarted(member);
      resume(this, member);
    }
    await this.#runUntil(
      () => this.service.sent === this.history.messages.length && this.service.isEmpty,
      "the queue is not empty",
    );
    await this.#stopAll();
    if (!this.violations.any) checkEnd(this);
  }

  async #ensureStarted(member: Member): Promise<void> {
    for (let attempt = 0; attempt < 10 && !this.violations.any; attempt += 1) {
      let isStarted: boolean | undefined;
      void this.start(member).then((answer) => (isStarted = answer));
      await this.#runUntil(() => isStarted !== undefined, `consumer ${member.index} does not start`);
      if (isStarted === true) return;
    }
  }

  async #stopAll(): Promise<void> {
    let left = this.members.length;
    for (const member of this.members) {
      void this.stop(member, 25_000).then(() => (left -= 1));
    }
    await this.#runUntil(() => left === 0, "a consumer does not stop");
  }

  async #runUntil(isDone: () => boolean, otherwise: string): Promise<void> {
    if (this.violations.any) return;
    const timeoutMs = this.history.endsAtMs > HOURS_MS ? LONGEST_END_OF_HOURS_MS : LONGEST_END_MS;
    try {
      await this.clock.runUntil(() => this.#step() || isDone(), { timeoutMs });
    } catch (error) {
      this.violations.add("stuck", `${otherwise}: ${(error as Error).message}`);
    }
  }
}
