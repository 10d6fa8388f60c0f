// One message's passage: it waits, its handler runs, and an outcome is told. Told once, whatever happens meanwhile.
import { MillraceError, OptionError } from "../errors.js";
import type { Scheduled } from "../internal/deadline-queue.js";
import { ack, isBrokenOutcome, isOutcome, release, retry, type Outcome } from "../runner/outcome.js";
import type { Delivery, SettleFacts } from "../runner/runner.js";
import type { Task } from "../worker/worker.js";
import { type HandlerContext, LazyContext } from "./context.js";
import type { Handler } from "./handler.js";
import type { Lane, LaneMember } from "./lanes.js";
import type { HandlerHost, HandlerTurn } from "./handler-life.js";

/** What an execution needs of the session it belongs to. */
export interface ExecutionHost<Message, Resource> {
  readonly handler: Handler<Message, Resource>;
  readonly handlerHost: HandlerHost;
  /** The handler is about to be called. */
  started(execution: Execution<Message, Resource>): void;
  /** Turns a failure into an outcome. Never throws. */
  judge(error: unknown, execution: Execution<Message, Resource>, context: HandlerContext<Resource>): Outcome;
  /** The handler has ended whose message was settled without it. */
  endedLate(execution: Execution<Message, Resource>): void;
  /** The handler has ended. */
  finished(execution: Execution<Message, Resource>, outcome: Outcome): void;
  /** The lease has lapsed before the handler could be called. */
  lapsed(execution: Execution<Message, Resource>): void;
  /** Whether the outcome must wait for the message before it in its lane. */
  holds(execution: Execution<Message, Resource>, outcome: Outcome): boolean;
  /** The message before it in its lane, if that is not through. */
  before(execution: Execution<Message, Resource>): Execution<Message, Resource> | undefined;
  /** The handler may want the next of the lane now. */
  goOn(execution: Execution<Message, Resource>): void;
  /** The handler keeps the message for a while: its time limits pause. */
  kept(execution: Execution<Message, Resource>): void;
  /** The handler works on the message: its time limits count from now. */
  worked(execution: Execution<Message, Resource>): void;
  /** Tells the source what becomes of the message. */
  settle(execution: Execution<Message, Resource>, outcome: Outcome, facts: SettleFacts): void;
}

/** The facts of most outcomes. */
const PLAIN_FACTS: SettleFacts = Object.freeze({ error: undefined, isStillRunning: false });

type Phase = "waiting" | "running" | "ended";

/** What few messages have: those of lanes and batches, and those that are aborted. */
class Rarities {
  abortReason: Error | undefined;
  /** What the handler has said, until the message before it in its lane is done. */
  held: Outcome | undefined;
  /** Whether it goes back whatever the handler says. */
  isOverruled = false;
  mayNextJoin: (() => boolean) | undefined;
  onFirst: (() => void) | undefined;
  onAborted: (() => void) | undefined;
}

/** The passage of one message. */
export class Execution<Message, Resource>
  implements Task, Scheduled, HandlerTurn, LaneMember<Execution<Message, Resource>>
{
  readonly delivery: Delivery<Message>;
  readonly #host: ExecutionHost<Message, Resource>;
  #phase: Phase = "waiting";
  #outcome: Outcome | undefined;
  #controller: AbortController | undefined;
  #context: LazyContext<Message, Resource> | undefined;
  #onEnd: (() => void) | undefined;
  #rarities: Rarities | undefined;
  /** When the handler was called, or began to work on the message, on the clock. Set by the host. */
  startedAt = 0;
  /** Whether the handler has run longer than it may. Set by the host. */
  isTimedOut = false;
  lane: Lane<Execution<Message, Resource>> | undefined;
  isConfirmed = false;
  /** Whether it has taken a token of the rate. Set by the budget. */
  hasToken = false;
  /** What it counts for in the budget of bytes; undefined where there is none. Set by the budget. */
  bytes: number | undefined;
  /** For the scheduler of handler timeouts. */
  dueAt = 0;
  queueIndex = -1;

  constructor(delivery: Delivery<Message>, host: ExecutionHost<Message, Resource>) {
    this.delivery = delivery;
    this.#host = host;
  }

  get message(): Message {
    return this.delivery.message;
  }

  get handlerHost(): HandlerHost {
    return this.#host.handlerHost;
  }

  get isRunning(): boolean {
    return this.#phase === "running";
  }

  /** Whether the handler was called. */
  get hasStarted(): boolean {
    return this.#phase !== "waiting";
  }

  get groupId(): string | undefined {
    return this.delivery.groupId;
  }

  get attempt(): number {
    return this.delivery.attempt;
  }

  get keyPausedForMs(): number {
    const outcome = this.#rarities?.held ?? this.#outcome;
    return outcome?.kind === "retry" && outcome.pause === "key" ? outcome.afterSeconds * 1_000 : 0;
  }

  /** What becomes of the message, once the source was told. */
  get outcome(): Outcome | undefined {
    return this.#outcome;
  }

  get isSettled(): boolean {
    return this.#outcome !== undefined;
  }

  get isHeld(): boolean {
    return this.#rarities?.held !== undefined && !this.isSettled;
  }

  get isGoingBack(): boolean {
    return this.#isOverruled && !this.isSettled;
  }

  get wantsNext(): boolean {
    return this.isRunning && !this.isSettled && !this.#isOverruled && this.#rarities?.mayNextJoin?.() === true;
  }

  get before(): HandlerTurn | undefined {
    return this.#host.before(this);
  }

  get abortReason(): Error | undefined {
    return this.#rarities?.abortReason;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.abortReason !== undefined) this.#controller.abort(this.abortReason);
    }
    return this.#controller.signal;
  }

  run(resource: unknown, onEnd: () => void): void {
    this.#onEnd = onEnd;
    this.#context = new LazyContext<Message, Resource>(this, resource as Resource);
    let answer: unknown;
    let promise: Promise<unknown> | undefined;
    try {
      if (this.#mayBegin()) {
        answer = this.#begin(this.#context);
        promise = asPromise(answer);
      }
    } catch (error) {
      this.#fail(error);
      return;
    }
    if (this.#phase === "waiting") {
      onEnd();
    } else if (promise === undefined) {
      this.#succeed(answer);
    } else {
      // One promise per message: the one that `then` makes.
      void promise.then(
        (value) => this.#succeed(value),
        (error: unknown) => this.#fail(error),
      );
    }
  }

  /** Tells the handler to end. The first reason stays. */
  abort(reason: Error): void {
    if (this.abortReason !== undefined) return;
    this.#rare.abortReason = reason;
    this.#controller?.abort(reason);
    this.#rare.onAborted?.();
  }

  /** Gives the message back without its handler: it has not started, or there is no more time to wait for it. */
  giveBack(): void {
    if (!this.isSettled) this.#settle(release());
  }

  postpone(afterSeconds: number): void {
    if (!this.isSettled) this.#settle(retry({ afterSeconds }));
  }

  /** Settles the message as failed, though its handler has not ended. */
  giveUp(error: Error): void {
    if (!this.isSettled) this.#settle(this.#isOverruled ? release() : this.#judge(error), error);
  }

  overrule(): void {
    this.#rare.isOverruled = true;
    if (!this.isRunning) this.giveBack();
    else
      this.abort(new MillraceError("EARLIER_NOT_DONE", "A message before it in its group is not done: it goes back."));
  }

  tellHeld(): void {
    const held = this.#rarities?.held;
    if (held !== undefined && !this.isSettled) this.#settle(held);
  }

  becomeFirst(): void {
    if (!this.#isOverruled) this.#rarities?.onFirst?.();
  }

  keep(): void {
    this.#host.kept(this);
  }

  letNextJoin(mayJoin: () => boolean): void {
    this.#rare.mayNextJoin = mayJoin;
    this.#host.goOn(this);
  }

  whenAborted(callback: () => void): void {
    this.#rare.onAborted = callback;
  }

  whenFirst(callback: () => void): void {
    this.#rare.onFirst = callback;
  }

  work(): void {
    if (this.isRunning && !this.isSettled) this.#host.worked(this);
  }

  async extend(seconds: number): Promise<void> {
    if (!(typeof seconds === "number" && seconds >= 1 && seconds <= 43_200)) {
      throw new OptionError("seconds", "a number from 1 to 43200", seconds);
    }
    if (this.isSettled) throw new MillraceError("LEASE_LOST", "The message is settled: it cannot be extended.");
    await this.delivery.extend?.(seconds);
  }

  get #rare(): Rarities {
    return (this.#rarities ??= new Rarities());
  }

  get #isOverruled(): boolean {
    return this.#rarities?.isOverruled === true;
  }

  #mayBegin(): boolean {
    if (this.isSettled) return false; // Its lease lapsed while it waited.
    if (this.delivery.begin?.() !== false) return true;
    this.#host.lapsed(this);
    return false;
  }

  #begin(context: HandlerContext<Resource>): unknown {
    this.#phase = "running";
    this.#host.started(this);
    const { handler } = this.#host;
    return handler(this.delivery.message, context);
  }

  #succeed(value: unknown): void {
    if (isOutcome(value)) this.#finish(value, undefined);
    else if (isBrokenOutcome(value))
      this.#fail(new TypeError("The handler has answered with an outcome that is none."));
    else this.#finish(ack(value), undefined);
  }

  #fail(error: unknown): void {
    if (isOutcome(error)) this.#finish(error, undefined);
    else if (this.isSettled || this.#isOverruled) this.#finish(release(), error);
    else this.#finish(this.#judge(error), error);
  }

  #judge(error: unknown): Outcome {
    return this.#host.judge(error, this, this.#context as LazyContext<Message, Resource>);
  }

  /** The handler has ended: its message is settled, unless it was without it, and its slot is free. */
  #finish(said: Outcome, error: unknown): void {
    this.#phase = "ended";
    if (this.isSettled) {
      this.#host.endedLate(this);
    } else {
      const outcome = this.#isOverruled ? release() : said;
      this.#host.finished(this, outcome);
      if (this.lane !== undefined && this.#host.holds(this, outcome)) this.#rare.held = outcome;
      else this.#settle(outcome, error);
    }
    this.#onEnd?.();
  }

  #settle(outcome: Outcome, error?: unknown): void {
    this.#outcome = outcome;
    const isStillRunning = this.isRunning;
    const facts = error === undefined && !isStillRunning ? PLAIN_FACTS : { error, isStillRunning };
    this.#host.settle(this, outcome, facts);
  }
}

/** The answer as a promise, if it is something to wait for. A `then` of others may call back twice, or throw. */
function asPromise(answer: unknown): Promise<unknown> | undefined {
  if (typeof answer !== "object" || answer === null) return undefined;
  const then: unknown = (answer as Partial<PromiseLike<unknown>>).then;
  if (typeof then !== "function") return undefined;
  if (then === Promise.prototype.then && answer instanceof Promise) return answer;
  return new Promise((resolve) => resolve(answer));
}
