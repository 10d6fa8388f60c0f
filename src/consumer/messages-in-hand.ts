// The messages that are here: each from its delivery until the source has confirmed what becomes of it.
import { type ErrorCode, isInstance, MillraceError } from "../errors.js";
import type { Clock } from "../internal/clock.js";
import { DeadlineScheduler } from "../internal/deadline-scheduler.js";
import { createDeferred, type Deferred } from "../internal/deferred.js";
import { Registry } from "../internal/registry.js";
import { silence } from "../internal/silence.js";
import { isOutcome, type Outcome } from "../runner/outcome.js";
import type { Delivery, SettleFacts } from "../runner/runner.js";
import type { Budget } from "./budget.js";
import type { HandlerContext } from "./context.js";
import type { Counters } from "./counters.js";
import type { ConsumerEvents, EventHub } from "./events.js";
import { Execution, type ExecutionHost } from "./execution.js";
import type { Handler } from "./handler.js";
import type { Lanes } from "./lanes.js";
import type { HandlerHost } from "./handler-life.js";
import type { Reporter } from "./reporter.js";
import { exponentialRetry, type RetryPolicy } from "./retry-policy.js";

/** What the messages in hand need to know of their consumer. */
export interface MessagesInHandOptions<Message, Resource> {
  readonly handler: Handler<Message, Resource>;
  readonly handlerHost: HandlerHost;
  /** Told what becomes of messages that have their turns one after another. */
  readonly lanes: Pick<
    Lanes<Execution<Message, Resource>>,
    "decided" | "confirmed" | "ended" | "holds" | "before" | "goOn"
  >;
  readonly clock: Clock;
  readonly retry: RetryPolicy;
  readonly handlerTimeoutMs: number;
  readonly overdueAfterMs: number;
  readonly abortGraceMs: number;
  readonly hub: EventHub<ConsumerEvents<Message>>;
  readonly counters: Counters;
  readonly reporter: Pick<Reporter, "report" | "log">;
  readonly budget: Pick<Budget, "started" | "unstarted" | "left">;
  /** A handler has paused everything that the consumer receives. */
  readonly onPause: (durationMs: number) => void;
}

const judgeByDefault = exponentialRetry();

/** The messages that are here, and everything that can happen to one between its delivery and its confirmation. */
export class MessagesInHand<Message, Resource> implements ExecutionHost<Message, Resource> {
  readonly handler: Handler<Message, Resource>;
  readonly handlerHost: HandlerHost;
  readonly #options: MessagesInHandOptions<Message, Resource>;
  /** From the delivery until the source has confirmed the outcome. */
  readonly #executions = new Registry<Delivery<Message>, Execution<Message, Resource>>();
  readonly #deadlines: DeadlineScheduler<Execution<Message, Resource>>;
  readonly #firstDeadlineMs: number;
  #onConfirmed: Deferred<void> | undefined;
  #settlementsLost = 0;

  constructor(options: MessagesInHandOptions<Message, Resource>) {
    this.#options = options;
    this.handler = options.handler;
    this.handlerHost = options.handlerHost;
    this.#deadlines = new DeadlineScheduler(options.clock, (execution) => this.#fallDue(execution));
    this.#firstDeadlineMs = Math.min(options.handlerTimeoutMs, options.overdueAfterMs);
  }

  /** Outcomes that the source has failed to confirm. */
  get settlementsLost(): number {
    return this.#settlementsLost;
  }

  add(delivery: Delivery<Message>): Execution<Message, Resource> {
    const execution = new Execution(delivery, this);
    this.#executions.set(delivery, execution);
    return execution;
  }

  /** The source has taken the message back: it does not start, or is told to end. */
  revoke(delivery: Delivery<Message>, reason: Error): void {
    const execution = this.#executions.get(delivery);
    if (execution === undefined || execution.isSettled) return; // Decided already: only the confirmation is out.
    const wasRunning = execution.isRunning;
    this.#options.counters.revoked += 1;
    execution.abort(reason);
    if (!wasRunning) execution.giveBack();
    if (this.#options.hub.has("messageRevoked")) {
      this.#options.hub.emit("messageRevoked", { ...factsOf(execution), error: reason, wasRunning });
    }
  }

  lapsed(execution: Execution<Message, Resource>): void {
    const reason = new MillraceError("LEASE_LOST", "The message's lease had lapsed when its turn came.");
    this.revoke(execution.delivery, reason);
  }

  /** Tells every handler to end; answers how many there are. */
  abortAll(reason: Error): number {
    const running = this.#executions.values().filter(({ isRunning, isSettled }) => isRunning && !isSettled);
    for (const execution of running) execution.abort(reason);
    return running.length;
  }

  /** Gives back every message whose outcome is not decided. */
  giveBackAll(): void {
    for (const execution of this.#executions.values()) execution.giveBack();
  }

  /** Resolves when the source has confirmed, or failed to confirm, what becomes of every message. */
  async whenConfirmed(): Promise<void> {
    if (this.#executions.size > 0) await (this.#onConfirmed ??= createDeferred()).promise;
  }

  /** Forgets all deadlines. */
  close(): void {
    this.#deadlines.clear();
  }

  started(execution: Execution<Message, Resource>): void {
    const { clock, counters, hub } = this.#options;
    execution.startedAt = clock.now();
    counters.started += 1;
    this.#options.budget.started(execution);
    this.#schedule(execution, execution.startedAt + this.#firstDeadlineMs);
    if (hub.has("messageStarted")) hub.emit("messageStarted", factsOf(execution));
  }

  judge(error: unknown, execution: Execution<Message, Resource>, context: HandlerContext<Resource>): Outcome {
    const { counters, hub } = this.#options;
    const outcome = this.#decide(error, context);
    counters.failed += 1;
    this.#options.reporter.log("warn", `a handler has failed: ${outcome.kind}`, {
      attempt: execution.delivery.attempt,
      error,
    });
    if (hub.has("messageFailed")) hub.emit("messageFailed", { ...factsOf(execution), error, outcome });
    return outcome;
  }

  endedLate(execution: Execution<Message, Resource>): void {
    if (this.#executions.get(execution.delivery) !== execution) this.#options.budget.left(execution);
    if (execution.lane !== undefined) this.#options.lanes.ended(execution);
    try {
      execution.delivery.ended?.();
    } catch (error) {
      this.#options.reporter.report(error);
    }
  }

  finished(execution: Execution<Message, Resource>, outcome: Outcome): void {
    const { clock, hub } = this.#options;
    this.#deadlines.cancel(execution);
    if (!hub.has("messageFinished")) return;
    const durationMs = clock.now() - execution.startedAt;
    hub.emit("messageFinished", { ...factsOf(execution), outcome, durationMs });
  }

  holds(execution: Execution<Message, Resource>, outcome: Outcome): boolean {
    return this.#options.lanes.holds(execution, outcome);
  }

  before(execution: Execution<Message, Resource>): Execution<Message, Resource> | undefined {
    return this.#options.lanes.before(execution);
  }

  goOn(execution: Execution<Message, Resource>): void {
    this.#options.lanes.goOn(execution);
  }

  kept(execution: Execution<Message, Resource>): void {
    this.#deadlines.cancel(execution);
  }

  worked(execution: Execution<Message, Resource>): void {
    execution.startedAt = this.#options.clock.now();
    this.#schedule(execution, execution.startedAt + this.#firstDeadlineMs);
  }

  settle(execution: Execution<Message, Resource>, outcome: Outcome, facts: SettleFacts): void {
    if (!execution.hasStarted) this.#options.budget.unstarted(execution);
    if (outcome.kind === "retry" && outcome.pause === "queue") this.#options.onPause(outcome.afterSeconds * 1_000);
    this.#tell(execution.delivery, outcome, facts);
    if (execution.lane !== undefined) this.#options.lanes.decided(execution, outcome);
  }

  /** The source has confirmed the outcome of a message, or with an error cannot. */
  confirm(delivery: Delivery<Message>, cause: unknown): void {
    const execution = this.#executions.get(delivery);
    if (execution?.outcome === undefined) return;
    const { counters, hub } = this.#options;
    const { outcome } = execution;
    this.#executions.delete(delivery);
    if (!execution.isRunning) this.#options.budget.left(execution);
    if (cause === undefined) {
      counters.settled[outcome.kind] += 1;
      if (hub.has("settled")) hub.emit("settled", { ...factsOf(execution), outcome });
    } else {
      this.#settlementsLost += 1;
      counters.settlementsLost += 1;
      this.#options.reporter.report(asSettlementError(cause, outcome));
    }
    if (execution.lane !== undefined) this.#options.lanes.confirmed(execution, cause);
    if (this.#executions.size === 0) this.#onConfirmed?.resolve();
  }

  #tell(delivery: Delivery<Message>, outcome: Outcome, facts: SettleFacts): void {
    try {
      const confirmation = delivery.settle(outcome, facts);
      if (confirmation === "later") return;
      if (confirmation === undefined) this.confirm(delivery, undefined);
      else void this.#awaitConfirmation(delivery, confirmation);
    } catch (error) {
      this.confirm(delivery, asError(error));
    }
  }

  async #awaitConfirmation(delivery: Delivery<Message>, confirmation: Promise<void>): Promise<void> {
    try {
      await confirmation;
      this.confirm(delivery, undefined);
    } catch (error) {
      this.confirm(delivery, asError(error));
    }
  }

  #decide(error: unknown, context: HandlerContext<Resource>): Outcome {
    try {
      const outcome: unknown = this.#options.retry(error, context);
      if (isOutcome(outcome)) return outcome;
      silence(outcome);
      throw new TypeError("the retry policy answered with something that is not an outcome");
    } catch (cause) {
      this.#options.reporter.report(
        new MillraceError("RETRY_POLICY_FAILED", "The retry policy failed; the default policy was used.", { cause }),
      );
      return judgeByDefault(error, context);
    }
  }

  /** At a whole millisecond, for memory: V8 keeps a number with a fraction in an object of its own. */
  #schedule(execution: Execution<Message, Resource>, dueAt: number): void {
    this.#deadlines.schedule(execution, Math.ceil(dueAt));
  }

  /** A handler has reached its next deadline: overdue, then timed out, then given up on. */
  #fallDue(execution: Execution<Message, Resource>): void {
    const { clock, handlerTimeoutMs, overdueAfterMs, abortGraceMs } = this.#options;
    // The same sum as the deadline: a difference may be rounded to less than the time-out, and fall due without end.
    if (clock.now() < execution.startedAt + handlerTimeoutMs) {
      this.#reportRunning(execution, "HANDLER_OVERDUE", `A handler has been running for ${overdueAfterMs} ms.`);
      this.#schedule(execution, execution.startedAt + handlerTimeoutMs);
    } else if (!execution.isTimedOut) {
      execution.isTimedOut = true;
      this.#options.counters.timedOut += 1;
      execution.abort(createTimeoutError(handlerTimeoutMs));
      this.#schedule(execution, clock.now() + abortGraceMs);
    } else {
      this.#reportRunning(
        execution,
        "HANDLER_STUCK",
        `A handler has not ended ${abortGraceMs} ms after its time-out. Its message is retried; its slot stays taken.`,
      );
      execution.giveUp(createTimeoutError(handlerTimeoutMs));
    }
  }

  #reportRunning(
    execution: Execution<Message, Resource>,
    code: "HANDLER_OVERDUE" | "HANDLER_STUCK",
    text: string,
  ): void {
    this.#options.reporter.report(new MillraceError(code, `${text} Attempt ${execution.delivery.attempt}.`));
  }
}

/** Codes that say by themselves which settlement failed and why. */
const SETTLEMENT_CODES: ReadonlySet<ErrorCode> = new Set(["DEAD_LETTER_FAILED", "DEAD_LETTER_QUEUE_UNKNOWN"]);

/** Even `undefined` can be thrown, and is a failure. */
function asError(thrown: unknown): unknown {
  return thrown ?? new Error(`${String(thrown)} was thrown`);
}

function createTimeoutError(handlerTimeoutMs: number): MillraceError {
  return new MillraceError("HANDLER_TIMEOUT", `The handler has not ended within ${handlerTimeoutMs} ms.`);
}

function asSettlementError(cause: unknown, outcome: Outcome): MillraceError {
  if (isInstance(cause, MillraceError) && SETTLEMENT_CODES.has(cause.code)) return cause;
  if (outcome.kind === "ack" || outcome.kind === "drop") {
    return new MillraceError("ACKNOWLEDGEMENT_LOST", "A message could not be acknowledged: it will come again.", {
      cause,
    });
  }
  return new MillraceError("SETTLEMENT_FAILED", `The outcome ${outcome.kind} could not be told to the source.`, {
    cause,
  });
}

function factsOf<Message>({ delivery }: { delivery: Delivery<Message> }): { message: Message; attempt: number } {
  return { message: delivery.message, attempt: delivery.attempt };
}
