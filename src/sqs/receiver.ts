// Asks the queue for messages: as many requests at once as they come back full, one when it is empty.
import { randomUUID } from "node:crypto";
import { MillraceError, type ServiceError, type ServiceErrorClass } from "../errors.js";
import { Backoff } from "../internal/backoff.js";
import { Cancellation } from "../internal/cancellation.js";
import type { Timer } from "../internal/clock.js";
import { createDeferred, type Deferred } from "../internal/deferred.js";
import { Registry } from "../internal/registry.js";
import type { Intake } from "../runner/runner.js";
import type { Connection } from "./connection.js";
import type { Answer, Hand } from "./hand.js";
import type { Message } from "./message.js";
import type { ResolvedSqsOptions } from "./options.js";
import { CANCELLATION, type ReceiveMessageInput, type ReceiveOptions, type SqsPort } from "./port.js";
import type { ReceiveBudget } from "./receive-budget.js";
import { ReceiveLimit } from "./receive-limit.js";
import { createTimeoutError, toServiceError } from "./service-errors.js";
import { endOfLease } from "./sqs-delivery.js";

/** SQS gives at most ten messages a receive. */
const MAX_MESSAGES = 10;
/** The longest that an answer is assumed to take from the service to here. */
const MAX_LATENCY_MS = 1_000;
/** After failures. */
const BACKOFF = { baseMs: 200, maxMs: 20_000 } as const;
/**
 * Failures after which the service may have given messages to the request all the same. A throttled one cannot be repeated
 * by its id (awslabs/amazon-sqs-java-messaging-lib, issue 213).
 */
const MAY_HAVE_BEEN_DONE: ReadonlySet<ServiceErrorClass> = new Set(["network", "service"]);
/** After answers that brought nothing and did not wait for anything. */
const EMPTY_BACKOFF = { baseMs: 100, maxMs: 5_000 } as const;

/** What a receiver works with. */
export interface ReceiverParts {
  readonly options: ResolvedSqsOptions;
  readonly connection: Pick<Connection, "port" | "receiving">;
  readonly intake: Intake<Message>;
  readonly hand: Hand;
}

/** What a receive asked for, and how long it took. */
interface Asked {
  readonly places: number;
  readonly waitTimeSeconds: number;
  readonly durationMs: number;
}

/** Asks one queue for messages. */
export class Receiver {
  readonly #options: ResolvedSqsOptions;
  readonly #port: SqsPort;
  readonly #budget: ReceiveBudget;
  readonly #intake: Intake<Message>;
  readonly #hand: Hand;
  readonly #backoff: Backoff;
  readonly #emptyBackoff: Backoff;
  readonly #limit: ReceiveLimit;
  readonly #inFlight = new Registry<Cancellation, Cancellation>();
  /** Receives of a FIFO queue whose answers did not come: asked for again, they bring the same messages. */
  readonly #unanswered: string[] = [];
  readonly #stopReason = new MillraceError("STOPPED", "The consumer is stopping.");
  /** When a receive last came back full. */
  #fullAt = -Infinity;
  #pausedAt = -Infinity;
  #pause: Timer | undefined;
  #change: Deferred<void> | undefined;
  #probed: Answer | undefined;

  constructor(parts: ReceiverParts) {
    this.#options = parts.options;
    this.#port = parts.connection.port;
    this.#budget = parts.connection.receiving;
    this.#intake = parts.intake;
    this.#hand = parts.hand;
    this.#limit = new ReceiveLimit(parts.options.maxReceives, parts.intake.clock);
    this.#backoff = new Backoff({ ...BACKOFF, random: parts.options.random });
    this.#emptyBackoff = new Backoff({ ...EMPTY_BACKOFF, random: parts.options.random });
  }

  get receivesInFlight(): number {
    return this.#inFlight.size;
  }

  /**
   * Asks once, without waiting for messages: whether there is a queue and it may be read. What it brings is taken in by
   * `run`, or by `end` when that is not called any more.
   *
   * @throws ServiceError when that will not change by itself.
   */
  async probe(): Promise<void> {
    const places = await this.#intake.take(MAX_MESSAGES);
    if (this.#intake.signal.aborted) {
      this.#intake.giveBack(places);
      return;
    }
    const error = await this.#receiveUnlessStopped(places);
    if (error?.errorClass === "fatal") throw error;
  }

  /** A stop gives it as long as any other receive: the service may have given it messages, which are to go back. */
  async #receiveUnlessStopped(places: number): Promise<ServiceError | undefined> {
    const { signal, deadlineSignal } = this.#intake;
    let grace: Timer | undefined;
    const abort = (): void => this.#abort();
    const wait = (): void => {
      grace = this.#abortAfterGrace();
    };
    signal.addEventListener("abort", wait, { once: true });
    deadlineSignal.addEventListener("abort", abort, { once: true });
    const error = await this.#receive(places, 0);
    signal.removeEventListener("abort", wait);
    deadlineSignal.removeEventListener("abort", abort);
    grace?.cancel();
    return error;
  }

  /** Receives until the intake's signal aborts; then gives the receives that are out a moment to end. */
  async run(): Promise<void> {
    const { signal, deadlineSignal } = this.#intake;
    signal.addEventListener("abort", this.wake, { once: true });
    deadlineSignal.addEventListener("abort", () => this.#abort(), { once: true });
    this.#takeInProbed();
    while (!signal.aborted) {
      if (!this.#mayReceive()) {
        await (this.#change ??= createDeferred()).promise;
        continue;
      }
      if (!this.#hasBudget()) {
        this.#budget.whenFree(this.wake);
        await (this.#change ??= createDeferred()).promise;
        continue;
      }
      const places = await this.#intake.take(MAX_MESSAGES);
      if (places > 0 && this.#mayReceive() && this.#hasBudget()) void this.#receive(places, this.#waitTimeSeconds());
      else this.#intake.giveBack(places);
    }
    this.#budget.forget(this.wake);
    await this.#endReceives();
  }

  /** Ends what is still under way: there is no more time for it. Nor is any pause worth ending. */
  end(): void {
    this.#takeInProbed();
    this.#abort();
  }

  #abort(): void {
    this.#pause?.cancel();
    for (const cancellation of this.#inFlight.values()) cancellation.abort(this.#stopReason);
  }

  /** To be called when something that holds back receiving may have changed. */
  readonly wake = (): void => {
    this.#change?.resolve();
    this.#change = undefined;
  };

  #mayReceive(): boolean {
    return (
      !this.#intake.signal.aborted &&
      this.#pause === undefined &&
      this.#inFlight.size < this.#limit.value &&
      this.#hand.unconfirmed < this.#options.maxUnconfirmed
    );
  }

  /**
   * The first receive needs none: an empty queue does not wait for a busy one. For the others the queue must have been full a
   * moment ago.
   */
  #hasBudget(): boolean {
    if (this.#inFlight.size === 0) return true;
    const sinceFullMs = this.#intake.clock.now() - this.#fullAt;
    return this.#budget.hasFree && sinceFullMs <= this.#budget.longestWaitSeconds * 1_000;
  }

  #waitTimeSeconds(): number {
    const { waitTimeSeconds } = this.#options;
    return this.#inFlight.size === 0 ? waitTimeSeconds : Math.min(waitTimeSeconds, this.#budget.longestWaitSeconds);
  }

  /** One receive for places that were taken. Answers with the error, if it failed. */
  async #receive(places: number, waitTimeSeconds: number): Promise<ServiceError | undefined> {
    const cancellation = new Cancellation();
    const sentAt = this.#intake.clock.now();
    const watchdog = this.#watch(cancellation, waitTimeSeconds);
    const isProbe = waitTimeSeconds === 0;
    /** An answer that comes later has lain here: the service has sent it by then. */
    const longestMs = waitTimeSeconds * 1_000 + MAX_LATENCY_MS;
    const attemptId = this.#options.isFifo ? (this.#unanswered.shift() ?? randomUUID()) : undefined;
    let used = 0;
    this.#inFlight.add(cancellation);
    if (this.#inFlight.size > 1) this.#budget.take();
    try {
      const input = this.#inputFor(places, waitTimeSeconds, attemptId);
      const answering = this.#port.receiveMessage(input, toOptions(cancellation));
      const messages = readMessages(await cancellation.waitFor(answering));
      const durationMs = this.#intake.clock.now() - sentAt;
      this.#intake.note("received", { requested: places, count: messages.length, durationMs });
      // One that was out already when others failed says nothing of the time since.
      if (this.#backoff.failures > 0 && sentAt >= this.#pausedAt) this.#hand.serviceIsBack();
      this.#adapt(messages.length, { places, waitTimeSeconds, durationMs });
      const answer = { messages, places, deadline: this.#deadlineOf(sentAt, Math.min(durationMs, longestMs)) };
      if (isProbe) this.#probed = answer;
      used = isProbe ? places : this.#hand.takeIn(answer);
      return undefined;
    } catch (cause) {
      if (cause === this.#stopReason) return undefined;
      const error = toServiceError(cause, "ReceiveMessage");
      if (attemptId !== undefined && MAY_HAVE_BEEN_DONE.has(error.errorClass)) this.#unanswered.push(attemptId);
      if (!isProbe || error.errorClass !== "fatal") this.#backOff(error, sentAt);
      return error;
    } finally {
      watchdog.cancel();
      if (this.#inFlight.size > 1) this.#budget.giveBack();
      this.#inFlight.delete(cancellation);
      this.#intake.giveBack(places - used);
      this.wake();
    }
  }

  #takeInProbed(): void {
    const answer = this.#probed;
    if (answer === undefined) return;
    this.#probed = undefined;
    this.#intake.giveBack(answer.places - this.#hand.takeIn(answer));
  }

  /** Ends a receive that does not answer. */
  #watch(cancellation: Cancellation, waitTimeSeconds: number): Timer {
    const limitMs = waitTimeSeconds * 1_000 + this.#options.requestTimeoutMs;
    return this.#intake.clock.setTimer(
      () => cancellation.abort(createTimeoutError("ReceiveMessage", limitMs)),
      limitMs,
    );
  }

  #inputFor(places: number, waitTimeSeconds: number, attemptId: string | undefined): ReceiveMessageInput {
    const { queueUrl, visibilityTimeoutSeconds, messageAttributeNames, messageSystemAttributeNames } = this.#options;
    return {
      QueueUrl: queueUrl,
      MaxNumberOfMessages: places,
      WaitTimeSeconds: waitTimeSeconds,
      VisibilityTimeout: visibilityTimeoutSeconds,
      MessageAttributeNames: [...messageAttributeNames],
      MessageSystemAttributeNames: [...messageSystemAttributeNames],
      ...(attemptId !== undefined && { ReceiveRequestAttemptId: attemptId }),
    };
  }

  /**
   * Until when messages of this receive are ours. The service counts from the moment it assigned them, which was after the
   * request went out and before the answer came.
   */
  #deadlineOf(sentAt: number, durationMs: number): number {
    const assignedAt = sentAt + Math.max(0, durationMs - MAX_LATENCY_MS);
    return endOfLease(assignedAt, this.#options.visibilityTimeoutSeconds);
  }

  /** Goes by what a receive brought. */
  #adapt(count: number, { places, waitTimeSeconds, durationMs }: Asked): void {
    this.#backoff.reset();
    if (count === places) {
      this.#fullAt = this.#intake.clock.now();
      this.#limit.grow(this.#inFlight.size, this.#fullAt);
    } else if (count < places / 2) {
      this.#limit.shrink();
    }
    if (count > 0) this.#emptyBackoff.reset();
    // A queue with 120,000 messages in flight answers long polls with nothing (quotas of SQS): do not ask all the time.
    else if (waitTimeSeconds * 1_000 - durationMs > this.#options.waitTimeSeconds * 500)
      this.#pauseFor(this.#emptyBackoff.nextDelayMs());
  }

  #backOff(error: ServiceError, sentAt: number): void {
    // What was out while another receive failed has met the same trouble: it is backed off from already.
    if (sentAt < this.#pausedAt) return;
    this.#limit.reset();
    this.#pausedAt = this.#intake.clock.now();
    const delayMs = error.errorClass === "fatal" ? BACKOFF.maxMs : this.#backoff.nextDelayMs();
    this.#pauseFor(delayMs);
    this.#intake.report(error);
    this.#intake.note("backedOff", { error, delayMs, failures: this.#backoff.failures });
  }

  #pauseFor(delayMs: number): void {
    this.#pause?.cancel();
    this.#pause = this.#intake.clock.setTimer(() => {
      this.#pause = undefined;
      this.wake();
    }, delayMs);
  }

  /** A turn later than its time: a process that stood still finds its timers before the answers that have come meanwhile. */
  #abortAfterGrace(): Timer {
    const { clock } = this.#intake;
    const { pollGraceMs } = this.#options;
    let timer = clock.setTimer(() => {
      timer = clock.setTimer(() => this.#abort(), 0);
    }, pollGraceMs);
    return { cancel: () => timer.cancel() };
  }

  async #endReceives(): Promise<void> {
    if (this.#inFlight.size === 0) return;
    const grace = this.#abortAfterGrace();
    while (this.#inFlight.size > 0) await (this.#change ??= createDeferred()).promise;
    grace.cancel();
  }
}

/**
 * One getter for all. A literal makes one for each object, and V8 keeps it in a pair that it puts into the old generation at
 * once (`NewAccessorPair` in its factory-base.cc): what the getter knows, the messages too, would stay until a full collection.
 */
const ABORT_SIGNAL: PropertyDescriptor & ThisType<{ readonly [CANCELLATION]: Cancellation }> = {
  enumerable: true,
  get() {
    return this[CANCELLATION].signal;
  },
};

/** What the user's client is given, with a signal that is made when it is looked at. */
function toOptions(cancellation: Cancellation): ReceiveOptions {
  return Object.defineProperty({ [CANCELLATION]: cancellation }, "abortSignal", ABORT_SIGNAL);
}

function readMessages(answer: { Messages?: Message[] | undefined } | undefined): readonly Message[] {
  const messages = answer?.Messages ?? [];
  if (!Array.isArray(messages)) throw new TypeError("the answer's Messages is not a list");
  return messages;
}
