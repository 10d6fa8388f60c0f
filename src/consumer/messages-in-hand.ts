// The messages that are here: each from its delivery until the source has confirmed what becomes of it.
import { type ErrorCode, MillraceError } from "../errors.js";
import type { Clock } from "../internal/clock.js";
import { DeadlineScheduler } from "../internal/deadline-scheduler.js";
import { createDeferred, type Deferred } from "../internal/deferred.js";
import { isOutcome, type Outcome } from "../runner/outcome.js";
import type { Delivery, SettleFacts } from "../runner/runner.js";
import type { HandlerContext } from "./context.js";
import type { Counters } from "./counters.js";
import type { ConsumerEvents, EventHub } from "./events.js";
import { Execution, type ExecutionHost } from "./execution.js";
import type { Handler } from "./handler.js";
import { exponentialRetry, type RetryPolicy } from "./retry-policy.js";

/** What the messages in hand need to know of their consumer. */
export interface MessagesInHandOptions<Message, Resource> {
  readonly handler: Handler<Message, Resource>;
  readonly clock: Clock;
  readonly retry: RetryPolicy;
  readonly handlerTimeoutMs: number;
  readonly overdueAfterMs: number;
  readonly abortGraceMs: number;
  readonly hub: EventHub<ConsumerEvents<Message>>;
  readonly counters: Counters;
  readonly report: (error: unknown) => void;
}

const judgeByDefault = exponentialRetry();

/** The messages that are here, and everything that can happen to one between its delivery and its confirmation. */
export class MessagesInHand<Message, Resource> implements ExecutionHost<Message, Resource> {
  readonly handler: Handler<Message, Resource>;
  readonly #options: MessagesInHandOptions<Message, Resource>;
  /** Those whose outcome is not yet decided. */
  readonly #undecided = new Map<Delivery<Message>, Execution<Message, Resource>>();
  readonly #deadlines: DeadlineScheduler<Execution<Message, Resource>>;
  readonly #firstDeadlineMs: number;
  #unconfirmed = 0;
  #onConfirmed: Deferred<void> | undefined;
  #settlementsLost = 0;

  constructor(options: MessagesInHandOptions<Message, Resource>) {
    this.#options = options;
    this.handler = options.handler;
    this.#deadlines = new DeadlineScheduler(options.clock, (execution) => this.#fallDue(execution));
    this.#firstDeadlineMs = Math.min(options.handlerTimeoutMs, options.overdueAfterMs);
  }

  /** Outcomes that the source has failed to confirm. */
  get settlementsLost(): number {
    return this.#settlementsLost;
  }

  add(delivery: Delivery<Message>): Execution<Message, Resource> {
    const execution = new Execution(delivery, this);
    this.#undecided.set(delivery, execution);
    return execution;
  }

  /** The source has taken the message back: it does not start, or is told to end. */
  revoke(delivery: Delivery<Message>, reason: Error): void {
    const execution = this.#undecided.get(delivery);
    if (execution === undefined) return; // Decided already: only the confirmation is out.
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
    const running = [...this.#undecided.values()].filter((execution) => execution.isRunning);
    for (const execution of running) execution.abort(reason);
    return running.length;
  }

  /** Gives back every message whose outcome is not decided; answers how many. */
  giveBackAll(): number {
    const executions = [...this.#undecided.values()];
    for (const execution of executions) execution.giveBack();
    return executions.length;
  }

  /** Resolves when the source has confirmed, or failed to confirm, every outcome told so far. */
  async whenConfirmed(): Promise<void> {
    if (this.#unconfirmed > 0) await (this.#onConfirmed ??= createDeferred()).promise;
  }

  /** Forgets all deadlines. */
  close(): void {
    this.#deadlines.clear();
  }

  started(execution: Execution<Message, Resource>): void {
    const { clock, counters, hub } = this.#options;
    execution.startedAt = clock.now();
    counters.started += 1;
    this.#deadlines.schedule(execution, execution.startedAt + this.#firstDeadlineMs);
    if (hub.has("messageStarted")) hub.emit("messageStarted", factsOf(execution));
  }

  judge(error: unknown, execution: Execution<Message, Resource>, context: HandlerContext<Resource>): Outcome {
    const { counters, hub } = this.#options;
    const outcome = this.#decide(error, context);
    counters.failed += 1;
    if (hub.has("messageFailed")) hub.emit("messageFailed", { ...factsOf(execution), error, outcome });
    return outcome;
  }

  finished(execution: Execution<Message, Resource>, outcome: Outcome): void {
    const { clock, hub } = this.#options;
    this.#deadlines.cancel(execution);
    if (!hub.has("messageFinished")) return;
    const durationMs = clock.now() - execution.startedAt;
    hub.emit("messageFinished", { ...factsOf(execution), outcome, durationMs });
  }

  async settle(execution: Execution<Message, Resource>, outcome: Outcome, facts: SettleFacts): Promise<void> {
    const { counters, hub } = this.#options;
    const { delivery } = execution;
    this.#undecided.delete(delivery);
    this.#unconfirmed += 1;
    try {
      // A source that confirms at once returns nothing, and is not waited for.
      const confirmation = delivery.settle(outcome, facts);
      if (confirmation !== undefined) await confirmation;
      counters.settled[outcome.kind] += 1;
      if (hub.has("settled")) hub.emit("settled", { ...factsOf(execution), outcome });
    } catch (cause) {
      this.#settlementsLost += 1;
      counters.settlementsLost += 1;
      this.#options.report(asSettlementError(cause, outcome));
    }
    this.#unconfirmed -= 1;
    if (this.#unconfirmed === 0) this.#onConfirmed?.resolve();
  }

  #decide(error: unknown, context: HandlerContext<Resource>): Outcome {
    try {
      const outcome: unknown = this.#options.retry(error, context);
      if (isOutcome(outcome)) return outcome;
      throw new TypeError("the retry policy answered with something that is not an outcome");
    } catch (cause) {
      this.#options.report(
        new MillraceError("RETRY_POLICY_FAILED", "The retry policy failed; the default policy was used.", { cause }),
      );
      return judgeByDefault(error, context);
    }
  }

  /** A handler has reached its next deadline: overdue, then timed out, then given up on. */
  #fallDue(execution: Execution<Message, Resource>): void {
    const { clock, handlerTimeoutMs, overdueAfterMs, abortGraceMs } = this.#options;
    const runningMs = clock.now() - execution.startedAt;
    if (runningMs < handlerTimeoutMs) {
      this.#reportRunning(execution, "HANDLER_OVERDUE", `A handler has been running for ${overdueAfterMs} ms.`);
      this.#deadlines.schedule(execution, execution.startedAt + handlerTimeoutMs);
    } else if (!execution.isTimedOut) {
      execution.isTimedOut = true;
      this.#options.counters.timedOut += 1;
      execution.abort(createTimeoutError(handlerTimeoutMs));
      this.#deadlines.schedule(execution, clock.now() + abortGraceMs);
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
    this.#options.report(new MillraceError(code, `${text} Attempt ${execution.delivery.attempt}.`));
  }
}

/** Codes that say by themselves which settlement failed and why. */
const SETTLEMENT_CODES: ReadonlySet<ErrorCode> = new Set(["DEAD_LETTER_FAILED", "DEAD_LETTER_QUEUE_UNKNOWN"]);

function createTimeoutError(handlerTimeoutMs: number): MillraceError {
  return new MillraceError("HANDLER_TIMEOUT", `The handler has not ended within ${handlerTimeoutMs} ms.`);
}

function asSettlementError(cause: unknown, outcome: Outcome): MillraceError {
  if (cause instanceof MillraceError && SETTLEMENT_CODES.has(cause.code)) return cause;
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
