// The runner of a RabbitMQ queue.
import type { Intake, Runner, RunnerStats } from "../runner/runner.js";
import type { RabbitMessage } from "./message.js";
import { type RabbitRunnerOptions, type ResolvedRabbitOptions, resolveRabbitOptions } from "./options.js";
import { loadClient } from "./port.js";
import { RabbitLife } from "./rabbit-life.js";

/**
 * Consumes one queue of a RabbitMQ broker, classic or quorum, over the client `amqplib`, an optional peer dependency.
 *
 * Messages are asked for as the consumer's worker has places, and acknowledged when their handlers have ended. A channel
 * or connection that goes takes its messages with it: handlers are told through `signal`, and it connects again.
 *
 * @example
 * ```ts
 * const runner = new RabbitRunner({ url: "amqp://localhost", queue: "orders" });
 * const consumer = new Consumer((message) => ship(JSON.parse(message.content.toString())), { runner });
 * ```
 */
export class RabbitRunner implements Runner<RabbitMessage> {
  readonly #options: ResolvedRabbitOptions;
  #life: RabbitLife | undefined;

  /** @throws OptionError when an option cannot be used. */
  constructor(options: RabbitRunnerOptions) {
    this.#options = resolveRabbitOptions(options);
  }

  /** The queue's name. */
  get queue(): string {
    return this.#options.queue;
  }

  /** The most bytes that a message can have, where that was said. */
  get maxMessageBytes(): number | undefined {
    return this.#options.maxMessageBytes;
  }

  async open(intake: Intake<RabbitMessage>): Promise<void> {
    this.#life = new RabbitLife({ intake, options: this.#options, connect: await loadClient() });
    await this.#life.open();
  }

  async run(): Promise<void> {
    await this.#life?.run();
  }

  /** Has the broker send no more until places are there again. */
  pause(): void {
    this.#life?.pause();
  }

  async close(signal: AbortSignal): Promise<void> {
    await this.#life?.close(signal);
    this.#life = undefined;
  }

  /** Whether messages are asked for, and outcomes that the broker was not told. */
  stats(): RunnerStats {
    return this.#life?.stats() ?? { receivesInFlight: 0, settlementsPending: 0 };
  }
}
