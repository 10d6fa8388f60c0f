// The runner behind both ways: each call of the function is an event, a source of messages that is answered when all of them
// are settled.
import { abortable } from "../internal/abortable.js";
import type { Intake, Runner, RunnerStats } from "../runner/runner.js";
import type { Message } from "../sqs/message.js";
import type { SqsPort } from "../sqs/port.js";
import { toPort } from "../sqs/sdk.js";
import { EventInHand } from "./event-in-hand.js";
import type { Invocation, Invocations } from "./invocation.js";
import { type ResolvedEventOptions, timesOf } from "./options.js";
import { createClientError, QueueTeller } from "./queue-teller.js";
import { readSqsEvent, type SqsEvent } from "./sqs-event.js";

/** Delivers the records of events. Nothing of it runs between two events, as Lambda freezes the process then. */
export class EventRunner implements Runner<Message> {
  readonly #invocations: Invocations;
  readonly #options: ResolvedEventOptions;
  readonly #events = new Set<EventInHand>();
  readonly #answering = new Set<Promise<void>>();
  /** By the ARN of the queue. */
  readonly #deadLetterQueueUrls = new Map<string, string>();
  #port: SqsPort | undefined;
  #hasReportedClient = false;

  constructor(invocations: Invocations, options: ResolvedEventOptions) {
    this.#invocations = invocations;
    this.#options = options;
  }

  async open(): Promise<void> {
    const { client } = this.#options;
    if (client !== undefined) this.#port = await toPort(client);
    this.#invocations.open();
  }

  /** Ends when the signal aborts, though an event may be in hand: what of it has not started is then given back. */
  async run(intake: Intake<Message>): Promise<void> {
    while (!intake.signal.aborted) {
      const invocation = await this.#invocations.next(intake.signal);
      if (invocation === undefined) return;
      const answering = this.#serve(invocation, intake).finally(() => this.#answering.delete(answering));
      this.#answering.add(answering);
    }
  }

  async close(signal: AbortSignal): Promise<void> {
    await abortable(Promise.all(this.#answering), signal).catch(() => undefined);
    this.#invocations.close();
  }

  /** Outcomes that Lambda, or the queue, has not confirmed. */
  stats(): RunnerStats {
    let settlementsPending = 0;
    for (const event of this.#events) settlementsPending += event.settlementsPending;
    return { receivesInFlight: 0, settlementsPending };
  }

  /** Never rejects. */
  async #serve(invocation: Invocation, intake: Intake<Message>): Promise<void> {
    try {
      await this.#answer(invocation, intake);
    } catch (error) {
      intake.report(error);
      await invocation.fail(error).catch((cause: unknown) => intake.report(cause));
    }
  }

  async #answer(invocation: Invocation, intake: Intake<Message>): Promise<void> {
    const event = this.#takeIn(invocation, intake);
    this.#events.add(event);
    try {
      const response = await event.answer();
      try {
        await invocation.respond(response);
        event.confirm();
      } catch (error) {
        event.confirm(error);
        intake.report(error);
      }
    } finally {
      this.#events.delete(event);
    }
  }

  #takeIn(invocation: Invocation, intake: Intake<Message>): EventInHand {
    const event = readSqsEvent(invocation.event());
    const count = event.messages.length;
    intake.note("received", { requested: count, count, durationMs: 0 });
    const times = timesOf(invocation.remainingMs(), intake.clock.now(), this.#options);
    return new EventInHand({ event, intake, times, teller: this.#createTeller(event, intake) });
  }

  #createTeller({ queueArn, isFifo }: SqsEvent, intake: Intake<Message>): QueueTeller {
    const { queueUrlOf, deadLetterQueueUrl = this.#deadLetterQueueUrls.get(queueArn) } = this.#options;
    return new QueueTeller({
      port: this.#port,
      clock: intake.clock,
      queueUrl: () => queueUrlOf(queueArn),
      isFifo,
      deadLetterQueueUrl,
      report: (error) => intake.report(error),
      onClientMissing: () => this.#reportClientMissing(intake),
      onDeadLetterQueue: (url) => this.#deadLetterQueueUrls.set(queueArn, url),
    });
  }

  #reportClientMissing(intake: Intake<Message>): void {
    if (this.#hasReportedClient) return;
    this.#hasReportedClient = true;
    intake.report(createClientError("The delay that a handler asked for"));
  }
}
