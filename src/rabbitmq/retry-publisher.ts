// Publishes copies of messages into retry queues, by a connection of its own.
import { MillraceError } from "../errors.js";
import type { RabbitMessage } from "./message.js";
import { Link } from "./link.js";
import type { ResolvedRabbitOptions } from "./options.js";
import type { AmqpConfirmChannel, Connect } from "./port.js";
import { toRabbitError } from "./rabbit-errors.js";

/** What a publisher works with. */
export interface RetryPublisherParts {
  readonly connect: Connect;
  /** The node to connect to. */
  readonly url: () => string;
  readonly options: ResolvedRabbitOptions;
}

/** A copy on its way, until the broker has confirmed it. */
interface Publishing {
  readonly queue: string;
  isReturned: boolean;
  readonly reject: (error: Error) => void;
}

/**
 * Publishes with confirms. The connection is not that of the deliveries: a broker that is short of memory or disk stops
 * reading from connections that publish, and must go on reading acknowledgements (RabbitMQ, "Memory and disk alarms").
 */
export class RetryPublisher {
  readonly #parts: RetryPublisherParts;
  readonly #ending = new AbortController();
  readonly #publishing = new Set<Publishing>();
  #link: Link | undefined;
  #channel: Promise<AmqpConfirmChannel> | undefined;
  /** Why the broker has closed the channel. The client tells the copies that are out only that it did. */
  #channelError: Error | undefined;

  constructor(parts: RetryPublisherParts) {
    this.#parts = parts;
  }

  /** Resolves when the queue has the message, and rejects when that is not sure. */
  async publish(queue: string, message: RabbitMessage, options: Readonly<Record<string, unknown>>): Promise<void> {
    const opening = (this.#channel ??= this.#open());
    try {
      await this.#send({ channel: await opening, queue, message, options });
    } catch (cause) {
      throw toRabbitError(cause, "Publish", `the retry queue ${queue}`);
    }
  }

  /** Ends the connection, waiting for its good-bye until the signal aborts. */
  async close(signal: AbortSignal): Promise<void> {
    this.#ending.abort(new MillraceError("STOPPED", "The consumer has stopped before the copy was published."));
    this.#rejectAll(this.#ending.signal.reason as Error);
    await this.#link?.close(signal);
  }

  async #open(): Promise<AmqpConfirmChannel> {
    const { connect, url, options } = this.#parts;
    const { signal } = this.#ending;
    let link: Link | undefined;
    try {
      link = await Link.open({ connect, url: url(), options, signal });
      signal.throwIfAborted(); // It may have been made in the moment of the close.
      this.#use(link);
      const channel = await link.connection.createConfirmChannel();
      this.#channelError = undefined;
      channel.on("error", (error) => (this.#channelError = error)); // The connection is given up with its channel.
      channel.on("close", () => this.#forget(link as Link));
      channel.on("return", ({ fields }) => this.#noteReturn(fields.routingKey));
      return channel;
    } catch (error) {
      if (this.#link === link) this.#link = this.#channel = undefined;
      link?.destroy();
      throw error;
    }
  }

  #use(link: Link): void {
    this.#link = link;
    void link.closed.then(() => this.#forget(link));
  }

  #send(parts: {
    channel: AmqpConfirmChannel;
    queue: string;
    message: RabbitMessage;
    options: Readonly<Record<string, unknown>>;
  }): Promise<void> {
    const { channel, queue, message, options } = parts;
    return new Promise((resolve, reject) => {
      const publishing: Publishing = { queue, isReturned: false, reject };
      channel.publish("", queue, message.content, options, (error) => {
        this.#publishing.delete(publishing);
        if (error !== null && error !== undefined) reject(this.#channelError ?? (error as Error));
        else if (publishing.isReturned) reject(Object.assign(new Error(`there is no queue ${queue}`), { code: 404 }));
        else resolve();
      });
      this.#publishing.add(publishing);
    });
  }

  /**
   * The broker had nowhere to put a copy. It says so before it confirms it, but not of which copy: all that are out for this
   * queue count as returned. At worst one of them is delivered twice.
   */
  #noteReturn(queue: string): void {
    for (const publishing of this.#publishing) if (publishing.queue === queue) publishing.isReturned = true;
  }

  #forget(link: Link): void {
    if (this.#link !== link) return;
    this.#link = undefined;
    this.#channel = undefined;
    link.destroy();
    this.#rejectAll(link.error ?? new Error("the channel was closed"));
  }

  #rejectAll(error: Error): void {
    for (const { reject } of this.#publishing) reject(error);
    this.#publishing.clear();
  }
}
