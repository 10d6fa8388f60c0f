// One channel on which messages come, from its opening until it is gone: what it delivered can be settled on it alone.
import { MillraceError } from "../errors.js";
import type { Timer } from "../internal/clock.js";
import { createDeferred } from "../internal/deferred.js";
import type { Outcome } from "../runner/outcome.js";
import type { Intake } from "../runner/runner.js";
import { HeldRetries } from "./held-retries.js";
import { untilAborted } from "./link.js";
import type { RabbitMessage } from "./message.js";
import type { ResolvedRabbitOptions } from "./options.js";
import type { AmqpChannel } from "./port.js";
import type { PlaceTaker } from "./place-taker.js";
import { Prefetch } from "./prefetch.js";
import { createCancelledError } from "./rabbit-errors.js";
import { type DeliveryKeeper, RabbitDelivery } from "./rabbit-delivery.js";
import { createCopyOptions, pickDelaySeconds, retryQueueName } from "./retry-queues.js";
import type { RetryPublisher } from "./retry-publisher.js";
import type { Tap } from "./tap.js";
import { Teller, type Verdict } from "./teller.js";

/** What a subscription works with. */
export interface SubscriptionParts {
  readonly channel: AmqpChannel;
  readonly intake: Intake<RabbitMessage>;
  readonly options: ResolvedRabbitOptions;
  readonly places: PlaceTaker;
  readonly publisher: Pick<RetryPublisher, "publish">;
  /** See `Prefetch.slots`; 0 for the first channel. */
  readonly slots: number;
  /** The broker has cancelled a consumer of the channel: whatever came by it, the broker may have given to others. */
  readonly onCancelled: (error: MillraceError) => void;
}

/** How long a message is held that is not rejected, as nobody knows whether there is a dead-letter exchange. */
const REFUSED_MS = 30_000;

/** The deliveries of one channel. */
export class Subscription implements DeliveryKeeper {
  readonly #parts: SubscriptionParts;
  readonly #prefetch: Prefetch;
  readonly #held: HeldRetries;
  readonly #teller: Teller;
  readonly #publishing = new Set<Promise<void>>();
  readonly #ended = createDeferred();
  #phase: "open" | "closing" | "lost" = "open";
  #pending = 0;
  #arrived = 0;
  #arrivedAt: number;

  constructor(parts: SubscriptionParts) {
    this.#parts = parts;
    const { channel, intake, options, places } = parts;
    this.#arrivedAt = intake.clock.now();
    this.#held = new HeldRetries({ clock: intake.clock, requeue: (delivery) => this.#tell(delivery, "requeue") });
    this.#teller = new Teller({
      channel,
      clock: intake.clock,
      onConfirmed: (delivery) => this.#confirm(delivery, delivery.failure),
    });
    this.#prefetch = new Prefetch({
      clock: intake.clock,
      giveBack: (count) => intake.giveBack(count),
      open: (tap) => this.#openTap(tap),
      close: async (tap) => void (await channel.cancel(tap.consumerTag)),
      wake: () => places.wake(),
      limit: options.prefetch,
      held: () => this.#held.size + this.#publishing.size,
      maxHeld: options.maxHeldRetries,
      slots: parts.slots,
    });
  }

  /** Outcomes that are decided, and that the broker is not known to have. */
  get pending(): number {
    return this.#pending;
  }

  get slots(): number {
    return this.#prefetch.slots;
  }

  /** Resolves when the broker was asked for messages, or never will be. */
  get asked(): Promise<void> {
    return this.#prefetch.opened;
  }

  /** Resolves when the channel is gone. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  start(): void {
    this.#parts.places.serve(this.#prefetch);
  }

  /** Has the broker send no more until places are there again. */
  pause(): void {
    this.#prefetch.giveAllBack();
  }

  /**
   * Asks for nothing more, and resolves when nothing more comes, or when the signal aborts: what comes after that is
   * returned, unseen.
   */
  async stop(signal: AbortSignal): Promise<void> {
    this.#parts.places.serve(undefined);
    await untilAborted(this.#prefetch.stop(), signal);
    this.#prefetch.lose();
  }

  /** Tells the broker what is still to be told, and waits for its confirmation, until the signal aborts. */
  async close(signal: AbortSignal): Promise<void> {
    if (this.#phase === "lost") return;
    this.#phase = "closing";
    this.#held.flush();
    await untilAborted(Promise.all(this.#publishing), signal);
    await this.stop(signal);
    this.#teller.flush();
    await this.#linger(signal);
    const answered = this.#parts.channel.close().then(
      () => this.#teller.confirmAll(),
      () => undefined, // Closed already.
    );
    await untilAborted(Promise.race([answered, this.ended]), signal);
  }

  /** Lets the channel pass on what it was told last: what it has gathered when it is closed comes again. */
  async #linger(signal: AbortSignal): Promise<void> {
    const { restMs } = this.#teller;
    if (restMs === 0) return;
    let timer: Timer | undefined;
    const rest = new Promise<void>((resolve) => (timer = this.#parts.intake.clock.setTimer(resolve, restMs)));
    await untilAborted(Promise.race([rest, this.ended]), signal);
    timer?.cancel();
  }

  /** The channel is gone: the broker has its messages again, and gives them to somebody else. */
  lose(reason: MillraceError): void {
    if (this.#phase === "lost") return;
    this.#phase = "lost";
    this.#parts.places.serve(undefined);
    this.#prefetch.lose();
    this.#held.clear();
    const { unsettled, unconfirmed } = this.#teller.takeAll();
    for (const delivery of unconfirmed) this.#confirm(delivery, failureOf(delivery, reason));
    for (const delivery of unsettled) {
      const isDecided = delivery.phase === "decided";
      delivery.phase = "lost";
      if (isDecided) this.#confirm(delivery, failureOf(delivery, reason));
      else this.#parts.intake.revoke(delivery, reason);
    }
    this.#ended.resolve();
  }

  settle(delivery: RabbitDelivery, outcome: Outcome): "later" | undefined {
    delivery.outcome = outcome;
    if (delivery.phase === "lost") {
      const failure = failureOf(delivery, createLostError());
      if (failure !== undefined) throw failure instanceof Error ? failure : createLostError();
      return undefined;
    }
    delivery.phase = "decided";
    this.#pending += 1;
    this.#decide(delivery, outcome);
    return "later";
  }

  #decide(delivery: RabbitDelivery, outcome: Outcome): void {
    switch (outcome.kind) {
      case "ack":
      case "drop":
        return this.#tell(delivery, "ack");
      case "release":
        return this.#tell(delivery, "requeue");
      case "retry":
        return this.#retry(delivery, outcome.afterSeconds);
      case "deadLetter":
        return this.#deadLetter(delivery);
    }
  }

  #retry(delivery: RabbitDelivery, afterSeconds: number): void {
    const delaySeconds = pickDelaySeconds(this.#parts.options.retryDelaysSeconds, afterSeconds);
    if (afterSeconds === 0) this.#tell(delivery, "requeue");
    else if (delaySeconds === undefined) this.#hold(delivery, afterSeconds * 1_000);
    else this.#publish({ delivery, delaySeconds, afterSeconds });
  }

  #publish(parts: { delivery: RabbitDelivery; delaySeconds: number; afterSeconds: number }): void {
    const publishing = this.#publishCopy(parts).then(() => {
      this.#publishing.delete(publishing);
      this.#parts.places.wake();
    });
    this.#publishing.add(publishing);
  }

  /** The copy first, and only then the message: in between it is there twice, and never not at all. */
  async #publishCopy(parts: { delivery: RabbitDelivery; delaySeconds: number; afterSeconds: number }): Promise<void> {
    const { delivery, delaySeconds, afterSeconds } = parts;
    const { intake, options, publisher } = this.#parts;
    const queue = retryQueueName(options.queue, delaySeconds);
    try {
      await publisher.publish(queue, delivery.raw, createCopyOptions(delivery.message, delivery.attempt));
      this.#tell(delivery, "ack");
    } catch (error) {
      intake.report(error);
      this.#hold(delivery, afterSeconds * 1_000);
    }
  }

  #hold(delivery: RabbitDelivery, delayMs: number): void {
    if (delivery.phase !== "decided") return; // Lost meanwhile.
    if (this.#phase === "closing") this.#tell(delivery, "requeue");
    else this.#held.hold(delivery, delayMs);
  }

  #deadLetter(delivery: RabbitDelivery): void {
    const { hasDeadLetterExchange, queue } = this.#parts.options;
    if (hasDeadLetterExchange) {
      this.#tell(delivery, "reject");
      return;
    }
    delivery.failure = new MillraceError(
      "DEAD_LETTER_QUEUE_UNKNOWN",
      `A message of ${queue} was not rejected, as it would be lost if the queue has no dead-letter exchange. It is ` +
        "requeued. Give the queue one, and then the option hasDeadLetterExchange.",
    );
    this.#hold(delivery, REFUSED_MS);
  }

  /** Tells the broker, as soon as there is a place for the message that it may send then. */
  #tell(delivery: RabbitDelivery, verdict: Verdict): void {
    if (delivery.phase !== "decided") return; // Lost meanwhile.
    this.#prefetch.settle(delivery.tap, () => this.#teller.tell(delivery, verdict));
  }

  #confirm(delivery: RabbitDelivery, error: unknown): void {
    this.#pending -= 1;
    this.#parts.intake.settled(delivery, error);
  }

  async #openTap(tap: Tap): Promise<void> {
    const { channel, options } = this.#parts;
    const onMessage = (message: RabbitMessage | null): void => {
      if (message === null) this.#parts.onCancelled(createCancelledError(options.queue));
      else this.#deliver(tap, message);
    };
    await Promise.all([
      channel.prefetch(tap.prefetch), // For the consumers that come after it.
      channel.consume(options.queue, onMessage, { consumerTag: tap.consumerTag }),
    ]);
  }

  #deliver(tap: Tap, raw: RabbitMessage): void {
    const { channel, intake, options } = this.#parts;
    if (tap.phase === "closed") {
      channel.nack(raw, false, true); // It has come too late.
      return;
    }
    const delivery = new RabbitDelivery({ raw, tap, queue: options.queue }, this);
    this.#teller.add(delivery);
    this.#prefetch.count(tap);
    this.#noteArrival();
    intake.deliver(delivery);
  }

  /** Messages come in bursts, as the socket is read: each burst counts as one answer. */
  #noteArrival(): void {
    this.#arrived += 1;
    if (this.#arrived > 1) return;
    queueMicrotask(() => {
      const { intake } = this.#parts;
      const now = intake.clock.now();
      const count = this.#arrived;
      intake.note("received", { requested: count, count, durationMs: now - this.#arrivedAt });
      this.#arrived = 0;
      this.#arrivedAt = now;
    });
  }
}

/** An outcome that asks for the message to come again is as good as told, once the channel is gone: it does. */
function failureOf({ outcome, failure }: RabbitDelivery, reason: MillraceError): unknown {
  return outcome?.kind === "retry" || outcome?.kind === "release" ? undefined : (failure ?? reason);
}

/** What is said of an outcome that comes when the message's channel is gone. */
function createLostError(): MillraceError {
  return new MillraceError("LEASE_LOST", "The channel that the message came by is gone: the broker has it again.");
}
