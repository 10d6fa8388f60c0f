// The life of a runner from a start to its stop: it connects, consumes until the channel goes, rests, and connects again.
import { MillraceError } from "../errors.js";
import { Backoff } from "../internal/backoff.js";
import type { Timer } from "../internal/clock.js";
import type { Intake, RunnerStats } from "../runner/runner.js";
import { Link, untilAborted } from "./link.js";
import type { RabbitMessage } from "./message.js";
import { type ResolvedRabbitOptions, vhostOf } from "./options.js";
import { PlaceTaker } from "./place-taker.js";
import type { AmqpChannel, Connect } from "./port.js";
import { isFinal, toRabbitError } from "./rabbit-errors.js";
import { RetryPublisher } from "./retry-publisher.js";
import { prepareRetryQueues } from "./retry-queues.js";
import { Subscription } from "./subscription.js";

/** What a life is made with. */
export interface RabbitLifeParts {
  readonly intake: Intake<RabbitMessage>;
  readonly options: ResolvedRabbitOptions;
  readonly connect: Connect;
}

/** One channel and its connection. */
interface Consuming {
  readonly link: Link;
  readonly subscription: Subscription;
  /** Why it ended, once it has. */
  loss: MillraceError | undefined;
}

const BACKOFF = { baseMs: 200, maxMs: 20_000 } as const;
/** How long a start waits to hear that the queue may be consumed. Without a free place nothing is asked for. */
const OPEN_MS = 1_000;
/** How long the good-bye of a connection is waited for whose channel has failed. */
const FAREWELL_MS = 1_000;

/** Consumes one queue, over any number of connections. */
export class RabbitLife {
  readonly #parts: RabbitLifeParts;
  readonly #places: PlaceTaker;
  readonly #publisher: RetryPublisher;
  readonly #backoff: Backoff;
  /** Connections whose channel has failed, until their good-bye is answered. */
  readonly #leaving = new Set<Link>();
  #consuming: Consuming | undefined;
  #failure: MillraceError | undefined;
  #connects = 0;
  #slots = 0;

  constructor(parts: RabbitLifeParts) {
    this.#parts = parts;
    const { intake, options, connect } = parts;
    this.#places = new PlaceTaker(intake);
    this.#publisher = new RetryPublisher({ connect, options, url: () => this.#url });
    this.#backoff = new Backoff({ ...BACKOFF, random: options.random });
  }

  /** Begins to consume. Rejects when that fails in a way that will not go away by itself. */
  async open(): Promise<void> {
    const { intake } = this.#parts;
    await this.#begin();
    const consuming = this.#consuming;
    if (consuming !== undefined) {
      const { asked, ended } = consuming.subscription;
      await this.#waitAtMost(OPEN_MS, Promise.race([asked, ended]));
      await Promise.resolve(); // Of what has ended, the reason is known now.
      this.#failure ??= consuming.loss;
    }
    if (intake.signal.aborted) await this.#stopAsking();
    else if (this.#failure !== undefined && isFinal(this.#failure)) throw this.#failure;
  }

  /** Consumes until the intake's signal aborts, and resolves when nothing more comes. Rejects when places cannot be had. */
  async run(): Promise<void> {
    await Promise.race([this.#consumeUntilStopped(), this.#places.failed]);
  }

  /** Has the broker send no more until places are there again. */
  pause(): void {
    this.#consuming?.subscription.pause();
  }

  /** Tells the broker everything, and ends the connections. */
  async close(signal: AbortSignal): Promise<void> {
    const consuming = this.#consuming;
    await consuming?.subscription.close(signal);
    await Promise.all([this.#publisher.close(signal), consuming?.link.close(signal)]);
    consuming?.subscription.lose(createLossError("The consumer has stopped."));
    for (const link of this.#leaving) link.destroy();
  }

  stats(): RunnerStats {
    return {
      receivesInFlight: this.#consuming === undefined || this.#parts.intake.signal.aborted ? 0 : 1,
      settlementsPending: this.#consuming?.subscription.pending ?? 0,
    };
  }

  /** The node whose turn it is. */
  get #url(): string {
    const { urls } = this.#parts.options;
    return urls[this.#connects % urls.length] as string;
  }

  async #consumeUntilStopped(): Promise<void> {
    const { signal } = this.#parts.intake;
    while (!signal.aborted) {
      if (this.#failure !== undefined) await this.#rest(this.#failure);
      else if (this.#consuming === undefined) await this.#begin();
      else await untilAborted(this.#consuming.subscription.ended, signal);
    }
    await this.#stopAsking();
  }

  /** Connects and asks for messages; what goes wrong is left in `#failure`. */
  async #begin(): Promise<void> {
    const { intake, options, connect } = this.#parts;
    let link: Link | undefined;
    const giveUp = (): void => link?.destroy();
    intake.signal.addEventListener("abort", giveUp);
    try {
      link = await Link.open({ connect, options, url: this.#url, signal: intake.signal });
      await this.#consume(link);
    } catch (cause) {
      link?.destroy();
      if (intake.signal.aborted) return;
      const vhost = vhostOf(this.#url);
      const what = link === undefined ? `the virtual host ${vhost}` : `the queue ${options.queue} in ${vhost}`;
      this.#failure = toRabbitError(cause, link === undefined ? "Connect" : "CheckQueue", what);
      this.#connects += 1;
    } finally {
      intake.signal.removeEventListener("abort", giveUp);
    }
  }

  async #consume(link: Link): Promise<void> {
    const { intake, options } = this.#parts;
    const channel = await link.connection.createChannel();
    let channelError: Error | undefined;
    let hasClosed = false;
    channel.on("error", (error) => (channelError = error));
    channel.on("close", () => {
      hasClosed = true;
      // When it is the connection that goes, it says why only after its channels have gone.
      queueMicrotask(() => this.#lose(link, channelError ?? link.error));
    });
    await prepareRetryQueues(channel, options);
    await channel.checkQueue(options.queue);
    // One packet may bring both the answer and the end of the channel, and the client reads all of it before this goes on.
    if (hasClosed) throw channelError ?? link.error ?? new Error("the channel was closed");
    const consuming: Consuming = { link, subscription: this.#subscribe(link, channel), loss: undefined };
    this.#consuming = consuming;
    consuming.subscription.start();
    void consuming.subscription.asked.then(() => {
      if (consuming.loss === undefined && !intake.signal.aborted) this.#backoff.reset();
    });
  }

  #subscribe(link: Link, channel: AmqpChannel): Subscription {
    const { intake, options } = this.#parts;
    return new Subscription({
      channel,
      intake,
      options,
      places: this.#places,
      publisher: this.#publisher,
      slots: this.#slots,
      onCancelled: (error) => this.#lose(link, error),
    });
  }

  #lose(link: Link, cause: Error | undefined): void {
    const consuming = this.#consuming;
    if (consuming?.link !== link) return;
    const { intake, options } = this.#parts;
    const what = `the queue ${options.queue} in ${vhostOf(this.#url)}`;
    const error = toRabbitError(cause ?? new Error("the channel was closed"), "Consume", what);
    consuming.loss = error;
    this.#consuming = undefined;
    this.#slots = consuming.subscription.slots;
    if (!intake.signal.aborted) this.#failure = error;
    this.#connects += 1;
    void this.#leave(link); // First, so that nothing more is acknowledged on a channel that is there still.
    consuming.subscription.lose(createLossError("The channel that the message came by is gone.", error));
  }

  async #leave(link: Link): Promise<void> {
    this.#leaving.add(link);
    await link.close(AbortSignal.timeout(FAREWELL_MS));
    this.#leaving.delete(link);
  }

  async #stopAsking(): Promise<void> {
    await this.#consuming?.subscription.stop(this.#parts.intake.deadlineSignal);
  }

  /** Reports a failure and leaves the broker alone for a while. */
  async #rest(error: MillraceError): Promise<void> {
    const { intake } = this.#parts;
    this.#failure = undefined;
    const delayMs = this.#backoff.nextDelayMs();
    intake.report(error);
    intake.note("backedOff", { error, delayMs, failures: this.#backoff.failures });
    await this.#waitAtMost(delayMs, new Promise(() => undefined));
  }

  /** Waits for a promise, but not for long, and not when the consumer stops. */
  async #waitAtMost(timeoutMs: number, promise: Promise<unknown>): Promise<void> {
    const { clock, signal } = this.#parts.intake;
    let timer: Timer | undefined;
    const timeout = new Promise<void>((resolve) => (timer = clock.setTimer(resolve, timeoutMs)));
    await untilAborted(Promise.race([promise, timeout]), signal);
    timer?.cancel();
  }
}

function createLossError(text: string, cause?: MillraceError): MillraceError {
  return new MillraceError("LEASE_LOST", `${text} The broker has the message again.`, { cause });
}
