// One event while it is here: its records are delivered, each outcome is noted, and what is done by its deadline decides the
// answer.
import { MillraceError } from "../errors.js";
import type { Clock, Timer } from "../internal/clock.js";
import { createDeferred } from "../internal/deferred.js";
import { type Ack, type Drop, type Outcome, release } from "../runner/outcome.js";
import type { Intake, SettleFacts } from "../runner/runner.js";
import type { Message } from "../sqs/message.js";
import { type DeliveryKeeper, SqsDelivery } from "../sqs/sqs-delivery.js";
import type { EventTimes } from "./options.js";
import type { QueueTeller } from "./queue-teller.js";
import type { SqsBatchResponse, SqsEvent } from "./sqs-event.js";

/** What an event in hand works with. */
export interface EventInHandParts {
  readonly event: SqsEvent;
  readonly intake: Intake<Message>;
  readonly times: EventTimes;
  /** Tells the queue what the answer cannot. */
  readonly teller: QueueTeller;
}

/**
 * An event, from its coming until Lambda has taken the answer.
 *
 * Nothing is done that has not been said to be: whatever happens, a message whose outcome is missing is among the failures.
 */
export class EventInHand implements DeliveryKeeper {
  readonly #intake: Intake<Message>;
  readonly #isFifo: boolean;
  /** Message groups, as lanes, of which a message is not done. What comes after it in this event is returned, undelivered. */
  readonly #endedLanes = new Set<string | undefined>();
  readonly #times: EventTimes;
  readonly #teller: QueueTeller;
  readonly #deliveries: readonly SqsDelivery[];
  /** How many have been delivered. */
  #delivered = 0;
  /** Delivered, and their outcome is not decided. */
  readonly #undecided = new Set<SqsDelivery>();
  readonly #done = new Set<SqsDelivery>();
  /** Done, and to be confirmed when Lambda has taken the answer. */
  readonly #unconfirmed = new Set<SqsDelivery>();
  /** Outcomes that the queue is being told. */
  #telling = 0;
  readonly #over = createDeferred();
  /** No more is delivered: the deadline is near, or the consumer stops. */
  #isClosed = false;
  #isAborted = false;
  #isAnswered = false;

  constructor({ event, intake, times, teller }: EventInHandParts) {
    this.#intake = intake;
    this.#isFifo = event.isFifo;
    this.#times = times;
    this.#teller = teller;
    const arrival = { receivedAt: new Date(), latestDeadline: teller.latestDeadline };
    this.#deliveries = event.messages.map((message) => {
      const { MessageId: id, ReceiptHandle: handle } = message;
      const receipt = { handle, deadline: times.answerAt, arrival };
      return new SqsDelivery({ id, message, lane: laneOf(event, message), receipt }, this);
    });
  }

  /** Outcomes that Lambda or the queue has not confirmed. */
  get settlementsPending(): number {
    return this.#unconfirmed.size + this.#telling;
  }

  /** Has every record worked on, and answers when each is decided, or when there is no more time. */
  async answer(): Promise<SqsBatchResponse> {
    const { clock, deadlineSignal } = this.#intake;
    const end = (): void => this.#over.resolve();
    const timers = [
      this.#at(clock, this.#times.abortAt, () => this.#abort()),
      this.#at(clock, this.#times.answerAt, end),
    ];
    deadlineSignal.addEventListener("abort", end);
    if (deadlineSignal.aborted) end();
    void this.#deliver();
    await this.#over.promise;
    this.#isClosed = true;
    this.#isAnswered = true;
    for (const timer of timers) timer.cancel();
    deadlineSignal.removeEventListener("abort", end);
    this.#teller.close();
    return this.#createResponse();
  }

  /** Lambda has taken the answer, or with an error has not: then all messages come again, those that are done too. */
  confirm(error?: unknown): void {
    for (const delivery of this.#unconfirmed) this.#intake.settled(delivery, error);
    this.#unconfirmed.clear();
  }

  settle(delivery: SqsDelivery, outcome: Outcome, facts: SettleFacts): "later" {
    this.#undecided.delete(delivery);
    if (outcome.kind === "retry" || outcome.kind === "release") this.#endedLanes.add(delivery.lane);
    if (this.#isAnswered) this.#settleLate(delivery, outcome);
    else if (outcome.kind === "ack" || outcome.kind === "drop") this.#note(delivery);
    else void this.#tell(delivery, outcome, facts);
    this.#checkWhetherOver();
    return "later";
  }

  hasLapsed(): boolean {
    return this.#isAnswered || this.#intake.clock.now() >= this.#times.abortAt;
  }

  /** The queue hides the messages for longer than the function may run: Lambda sees to that when a trigger is made. */
  async extend(): Promise<void> {}

  /** A handler that was given up on has ended: its message was reported as failed long since. */
  ended(): void {}

  /** Never rejects: a worker of the user's may throw, and what it has no places for is not done. */
  async #deliver(): Promise<void> {
    try {
      await this.#deliverAll();
    } catch (error) {
      this.#isClosed = true;
      this.#intake.report(error);
    }
    this.#checkWhetherOver();
  }

  async #deliverAll(): Promise<void> {
    const { clock } = this.#intake;
    while (!this.#isClosed && this.#delivered < this.#deliveries.length) {
      const places = await this.#intake.take(this.#deliveries.length - this.#delivered);
      // Handlers that are synchronous leave timers no turn.
      if (!this.#isClosed && clock.now() >= this.#times.abortAt) this.#abort();
      if (places === 0) this.#isClosed = true; // The consumer stops.
      if (this.#isClosed) this.#intake.giveBack(places);
      else this.#deliverNext(places);
    }
  }

  #deliverNext(places: number): void {
    let free = places;
    while (free > 0 && this.#delivered < this.#deliveries.length) {
      const delivery = this.#deliveries[this.#delivered] as SqsDelivery;
      this.#delivered += 1;
      if (delivery.lane !== undefined && this.#endedLanes.has(delivery.lane)) {
        void this.#returnUndelivered(delivery);
        continue;
      }
      free -= 1;
      this.#undecided.add(delivery);
      this.#intake.deliver(delivery);
    }
    this.#intake.giveBack(free);
  }

  /** The deadline is near: what waits does not start, what runs is told to end. */
  #abort(): void {
    if (this.#isAborted) return;
    this.#isAborted = true;
    this.#isClosed = true;
    const text = "The deadline of this Lambda invocation is near: what has not ended is reported as failed.";
    const reason = new MillraceError("INVOCATION_DEADLINE", text);
    for (const delivery of this.#undecided) this.#intake.revoke(delivery, reason);
    this.#checkWhetherOver();
  }

  /**
   * The message is done. In a FIFO queue the next of its group may start: should Lambda not take the answer, all of them
   * come again, in order.
   */
  #note(delivery: SqsDelivery): void {
    this.#done.add(delivery);
    if (this.#isFifo) queueMicrotask(() => this.#intake.settled(delivery));
    else this.#unconfirmed.add(delivery);
  }

  async #tell(delivery: SqsDelivery, outcome: Exclude<Outcome, Ack | Drop>, facts: SettleFacts): Promise<void> {
    this.#telling += 1;
    try {
      await this.#teller.tell(delivery, outcome, facts);
      if (outcome.kind === "deadLetter") this.#done.add(delivery);
      this.#intake.settled(delivery);
    } catch (error) {
      this.#endedLanes.add(delivery.lane);
      this.#intake.settled(delivery, error);
    }
    this.#telling -= 1;
    this.#checkWhetherOver();
  }

  /** It is among the failures. Hidden for longer than the one before it, it would hold up its group. */
  async #returnUndelivered(delivery: SqsDelivery): Promise<void> {
    this.#telling += 1;
    try {
      await this.#teller.tell(delivery, release(), { error: undefined, isStillRunning: false });
    } catch (error) {
      this.#intake.report(error);
    }
    this.#telling -= 1;
    this.#checkWhetherOver();
  }

  #settleLate(delivery: SqsDelivery, { kind }: Outcome): void {
    const comesAgainAnyway = kind === "retry" || kind === "release";
    const text = "The event was answered before the handler had ended: the message was reported as failed.";
    const error = comesAgainAnyway ? undefined : new MillraceError("INVOCATION_DEADLINE", text);
    queueMicrotask(() => this.#intake.settled(delivery, error));
  }

  #checkWhetherOver(): void {
    const isDelivering = !this.#isClosed && this.#delivered < this.#deliveries.length;
    if (isDelivering || this.#undecided.size > 0) return;
    if (this.#telling === 0) this.#over.resolve();
    else this.#teller.flush();
  }

  #createResponse(): SqsBatchResponse {
    const failed = this.#deliveries.filter((delivery) => !this.#done.has(delivery));
    // Should a message be in the event twice, once done and once not, it is not done.
    const ids = new Set(failed.map(({ id }) => id));
    return { batchItemFailures: [...ids].map((itemIdentifier) => ({ itemIdentifier })) };
  }

  #at(clock: Clock, time: number, callback: () => void): Timer {
    return clock.setTimer(callback, time - clock.now());
  }
}

/** In a FIFO queue its group. Another queue's group of that name is another lane. */
function laneOf({ isFifo, queueArn }: SqsEvent, { Attributes }: Message): string | undefined {
  const groupId = Attributes?.["MessageGroupId"];
  return isFifo && groupId !== undefined ? `${queueArn}/${groupId}` : undefined;
}
