// The messages of a queue that are here, from their receive until the service has confirmed what becomes of them.
import { MillraceError } from "../errors.js";
import { abortable } from "../internal/abortable.js";
import type { Clock } from "../internal/clock.js";
import type { Registry } from "../internal/registry.js";
import type { Ack, Drop, Outcome } from "../runner/outcome.js";
import type { Intake, SettleFacts } from "../runner/runner.js";
import type { Connection } from "./connection.js";
import { createDeadLetterEntry, DeadLetterQueue } from "./dead-letters.js";
import { type Extension, LeaseKeeper, RENEW_ATTEMPT } from "./lease-keeper.js";
import type { Message } from "./message.js";
import { measureBytes } from "./message-size.js";
import type { ResolvedSqsOptions } from "./options.js";
import { Settler, type TimedExtension } from "./settler.js";
import { type Arrival, type DeliveryKeeper, endOfLease, type Receipt, SqsDelivery } from "./sqs-delivery.js";

/**
 * SQS hides a message for at most 12 hours after its receive, and refuses what would hide it longer (ChangeMessageVisibility,
 * API reference). A second less, for the way that the request has to go.
 */
const LONGEST_LEASE_MS = 43_199_000;

/** What the hand needs of the consumer. */
export type HandIntake = Pick<Intake<Message>, "clock" | "deliver" | "settled" | "revoke" | "report" | "note">;

/** What a receive has brought. */
export interface Answer {
  readonly messages: readonly Message[];
  /** How many places were taken for it. */
  readonly places: number;
  /** Until when the messages are ours, on the clock. */
  readonly deadline: number;
}

/** What a hand works with. */
export interface HandParts {
  readonly options: ResolvedSqsOptions;
  readonly intake: HandIntake;
  readonly connection: Pick<Connection, "port" | "settling">;
  /** By message id. It outlives the hand: a handler that was given up on may still run after a restart. */
  readonly deliveries: Registry<string, SqsDelivery>;
  /** Called when the service has confirmed an outcome, or will not. */
  readonly onConfirmed: () => void;
}

/** The messages of one queue that are here: it delivers them, keeps their leases, and settles them. */
export class Hand implements DeliveryKeeper {
  readonly #options: ResolvedSqsOptions;
  readonly #intake: HandIntake;
  readonly #clock: Clock;
  readonly #deliveries: Registry<string, SqsDelivery>;
  readonly #leases: LeaseKeeper;
  readonly #settler: Settler;
  readonly #deadLetterQueue: DeadLetterQueue;
  readonly #onConfirmed: () => void;
  /** Deliveries whose outcome is not known yet. When there is none, nothing is worth waiting for. */
  #undecided = 0;
  #unconfirmed = 0;
  #isAboutToFlush = false;
  /** What must come about before the settler can be told what becomes of a message. */
  readonly #preparations = new Set<Promise<void>>();

  constructor(parts: HandParts) {
    const { options, intake } = parts;
    const { port, settling } = parts.connection;
    this.#deliveries = parts.deliveries;
    this.#options = options;
    this.#intake = intake;
    this.#clock = intake.clock;
    this.#onConfirmed = parts.onConfirmed;
    this.#deadLetterQueue = new DeadLetterQueue({ port, clock: intake.clock, ...options });
    this.#leases = new LeaseKeeper({
      clock: intake.clock,
      visibilityTimeoutSeconds: options.visibilityTimeoutSeconds,
      extend: (extensions) => this.#extendAll(extensions),
      onLapsed: (delivery) => this.#lapse(delivery),
    });
    this.#settler = new Settler({
      port,
      queueUrl: options.queueUrl,
      clock: intake.clock,
      random: options.random,
      maxAgeMs: options.settleMaxAgeMs,
      requests: settling,
      timeoutMs: options.requestTimeoutMs,
      renewAttemptMs: options.visibilityTimeoutSeconds * 1_000 * RENEW_ATTEMPT,
      report: (error) => intake.report(error),
      onDeleted: (delivery, error) => {
        this.#forget(delivery);
        this.#confirm(delivery, error);
      },
      onExtended: (extension, error) => this.#noteExtension(extension, error),
      onExtensionsSent: (count) => intake.note("leasesExtended", { count }),
    });
  }

  /** Outcomes that the service has not confirmed. */
  get unconfirmed(): number {
    return this.#unconfirmed;
  }

  /** A receive was answered again, after others that failed. */
  serviceIsBack(): void {
    this.#settler.serviceIsBack();
  }

  /** Takes in what a receive brought and answers how many places it used. */
  takeIn({ messages, deadline, places }: Answer): number {
    const receivedByService = deadline - this.#options.visibilityTimeoutSeconds * 1_000;
    const arrival = { receivedAt: new Date(), latestDeadline: receivedByService + LONGEST_LEASE_MS };
    /** Groups in which a message that is here will come again: what is behind it must not start before it. */
    const halted = new Set<string>();
    let used = 0;
    for (const message of messages) {
      const delivery = this.#admit(message, deadline, arrival);
      if (delivery === undefined) {
        const known = this.#deliveries.get(readIdentity(message).MessageId ?? "");
        if (known?.lane !== undefined && known.willComeAgain) halted.add(known.lane);
        continue;
      }
      const isHalted = delivery.lane !== undefined && halted.has(delivery.lane);
      if (used < places && !isHalted) {
        used += 1;
        this.#undecided += 1;
        this.#intake.deliver(delivery);
      } else {
        delivery.phase = "returning";
        void this.#giveBack(delivery, 0);
      }
    }
    return used;
  }

  settle(delivery: SqsDelivery, outcome: Outcome, { isStillRunning }: SettleFacts): "later" {
    const isDelete = outcome.kind === "ack" || outcome.kind === "drop";
    if (isStillRunning) delivery.phase = "abandoned";
    else delivery.phase = isDelete ? "deleting" : "returning";
    this.#undecided -= 1;
    this.#unconfirmed += 1;
    if (isDelete) this.#settler.delete(delivery);
    else void this.#tell(delivery, outcome);
    this.#flushIfAlone();
    return "later";
  }

  async extend(delivery: SqsDelivery, seconds: number): Promise<void> {
    await delivery.extension; // A heartbeat that arrived after this would shorten the lease again.
    if (delivery.phase !== "here") return; // Settled meanwhile.
    const allowed = this.#leases.allowedSeconds(delivery, Math.ceil(seconds));
    if (allowed === 0) return; // The lease lasts longer already, or the service would refuse.
    delivery.isExtending = true;
    const extended = this.#settler.extend({ delivery, seconds: allowed });
    delivery.extension = extended.catch(() => undefined);
    this.#settler.flushExtensions();
    await extended.catch((error: unknown) => {
      if (delivery.phase === "here") throw error; // Settled meanwhile, it is not wanted any more.
    });
  }

  hasLapsed(delivery: SqsDelivery): boolean {
    return delivery.isLost || this.#clock.now() >= delivery.deadline;
  }

  ended(delivery: SqsDelivery): void {
    if (this.#deliveries.get(delivery.id) === delivery) this.#deliveries.delete(delivery.id);
  }

  /** Sends everything that is to be told, leases being kept meanwhile, and ends. */
  async close(signal: AbortSignal): Promise<void> {
    await abortable(Promise.allSettled(this.#preparations), signal).catch(() => undefined);
    this.#deadLetterQueue.close();
    await this.#settler.close(signal);
    this.#leases.stop();
  }

  #admit(message: Message, deadline: number, arrival: Arrival): SqsDelivery | undefined {
    const { ReceiptHandle: handle, MessageId: id } = readIdentity(message);
    if (handle === undefined || id === undefined) {
      this.#intake.report(
        new MillraceError("REQUEST_FAILED", "A message came without its id or receipt handle. It was left alone."),
      );
      return undefined;
    }
    const receipt = { handle, deadline, arrival };
    const known = this.#deliveries.get(id);
    if (known?.isReturning === true && known.phase !== "abandoned") {
      // It came again because the return has worked, though its answer is not here yet.
      known.phase = "superseded";
    } else if (known !== undefined) {
      this.#readmit(known, receipt);
      return undefined;
    }
    // Without its group a message of a FIFO queue could overtake any other: they all share one lane then.
    const lane = this.#options.isFifo ? (message.Attributes?.["MessageGroupId"] ?? "") : undefined;
    const delivery = new SqsDelivery({ id, message, lane, receipt }, this);
    this.#deliveries.set(id, delivery);
    this.#leases.keep(delivery);
    return delivery;
  }

  /**
   * The message came again while it is here. Waiting or running, it goes on under the new receipt; settled and not
   * confirmed, it is settled again with it. One whose handler was given up on and still runs must not run a second time:
   * it stays hidden until its visibility ends.
   */
  #readmit(delivery: SqsDelivery, receipt: Receipt): void {
    this.#intake.note("redelivered", { message: delivery.message, attempt: delivery.attempt });
    if (delivery.phase === "abandoned") return;
    delivery.renewReceipt(receipt);
    this.#leases.keep(delivery);
  }

  /** Tells the service, and the consumer when the service has confirmed it. */
  async #tell(delivery: SqsDelivery, outcome: Exclude<Outcome, Ack | Drop>): Promise<void> {
    try {
      if (outcome.kind === "deadLetter") {
        await this.#prepare(this.#sendDeadLetter(delivery, outcome.reason));
        this.#settler.delete(delivery);
        this.#flushIfAlone();
        return;
      }
      await this.#return(delivery, outcome.kind === "retry" ? Math.ceil(outcome.afterSeconds) : 0);
      this.#confirm(delivery, undefined);
    } catch (error) {
      this.#confirm(delivery, error);
    }
  }

  /** Waits for what comes first. A close waits for it too: nothing may be told after it. */
  async #prepare(preparation: Promise<void>): Promise<void> {
    this.#preparations.add(preparation);
    try {
      await preparation;
    } finally {
      this.#preparations.delete(preparation);
    }
  }

  async #sendDeadLetter(delivery: SqsDelivery, reason: string): Promise<void> {
    try {
      const queueUrl = await this.#deadLetterQueue.url();
      const entry = createDeadLetterEntry(delivery.message, reason, this.#options.isFifo);
      const sent = this.#settler.sendDeadLetter({ delivery, queueUrl, entry, bytes: measureBytes(entry) });
      this.#flushIfAlone();
      await sent;
    } catch (cause) {
      await this.#giveBack(delivery, this.#options.visibilityTimeoutSeconds);
      if (cause instanceof MillraceError && cause.code === "DEAD_LETTER_QUEUE_UNKNOWN") throw cause;
      throw new MillraceError("DEAD_LETTER_FAILED", "A message could not be sent to the dead-letter queue.", { cause });
    }
  }

  async #giveBack(delivery: SqsDelivery, seconds: number): Promise<void> {
    try {
      await this.#return(delivery, seconds);
    } catch (error) {
      this.#intake.report(error);
    }
  }

  /** Makes the message visible again after so many seconds. */
  async #return(delivery: SqsDelivery, seconds: number): Promise<void> {
    this.#leases.drop(delivery);
    try {
      if (this.hasLapsed(delivery)) return; // It is visible again already.
      // An extension that arrives after the return would hide the message again.
      delivery.isExtending = false;
      if (delivery.isExtensionOut && delivery.extension !== undefined) await this.#prepare(delivery.extension);
      const returned = this.#settler.return(delivery, seconds);
      // Its lease is not kept any more: it must not lapse while the batch fills.
      if (delivery.deadline - this.#clock.now() < 2 * this.#options.settleMaxAgeMs) this.#settler.flush();
      this.#flushIfAlone();
      await returned;
    } finally {
      this.#forget(delivery);
    }
  }

  /** When nothing else runs that could fill a batch. A microtask later, so that what is settled together goes together. */
  #flushIfAlone(): void {
    if (this.#undecided > 0 || this.#isAboutToFlush) return;
    this.#isAboutToFlush = true;
    queueMicrotask(() => {
      this.#isAboutToFlush = false;
      this.#settler.flush();
    });
  }

  /**
   * Renews leases. What only waits for its delete is deleted instead, which costs no more: where there are so many that their
   * renewals take every request, none would ever be deleted.
   */
  #extendAll(extensions: readonly Extension[]): void {
    const hastened = this.#hastenDeletes(extensions);
    for (const extension of extensions) {
      const { delivery } = extension;
      if (hastened.has(delivery)) continue;
      // The result is told to #noteExtension.
      delivery.extension = this.#settler.extend(extension).catch(() => undefined);
    }
    this.#settler.flushExtensions();
  }

  #hastenDeletes(extensions: readonly Extension[]): ReadonlySet<SqsDelivery> {
    const done = extensions.filter(({ delivery }) => delivery.phase === "deleting" && !delivery.isHastened);
    const hastened = this.#settler.hastenDeletes(new Set(done.map(({ delivery }) => delivery)));
    for (const delivery of hastened) {
      delivery.isHastened = true;
      delivery.isExtending = false;
      this.#leases.comeBack(delivery);
    }
    return hastened;
  }

  #noteExtension({ delivery, seconds, receiptHandle, sentAt }: TimedExtension, error: unknown): void {
    if (delivery.receiptHandle !== receiptHandle) return; // The message came again: this says nothing of its new lease.
    delivery.isExtending = false;
    delivery.extension = undefined;
    const isKept = this.#deliveries.get(delivery.id) === delivery;
    if (!isKept || delivery.isLost) return;
    if (error === undefined) {
      delivery.deadline = endOfLease(sentAt, seconds);
      delivery.isHastened = false;
      if (delivery.queueIndex !== -1) this.#leases.keep(delivery);
    } else if (delivery.phase === "here") {
      this.#intake.report(
        new MillraceError("LEASE_EXTENSION_FAILED", "A lease could not be extended; it ends at its deadline.", {
          cause: error,
        }),
      );
    }
  }

  #lapse(delivery: SqsDelivery): void {
    delivery.isLost = true;
    if (delivery.phase !== "here") return;
    const reason = new MillraceError("LEASE_LOST", "The message's visibility timeout has ended: others may have it.");
    this.#intake.revoke(delivery, reason);
  }

  #forget(delivery: SqsDelivery): void {
    this.#leases.drop(delivery);
    if (delivery.phase !== "abandoned") this.ended(delivery);
  }

  #confirm(delivery: SqsDelivery, error: unknown): void {
    this.#unconfirmed -= 1;
    this.#intake.settled(delivery, error);
    this.#onConfirmed();
  }
}

/** What tells a message from others and proves that it is ours, if that is there: a client may bring anything. */
function readIdentity(message: unknown): Pick<Message, "MessageId" | "ReceiptHandle"> {
  if (typeof message !== "object" || message === null) return {};
  const { MessageId, ReceiptHandle } = message as Readonly<Record<keyof Message, unknown>>;
  return { MessageId: toText(MessageId), ReceiptHandle: toText(ReceiptHandle) };
}

function toText(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
