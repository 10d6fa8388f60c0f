// The runner of an SQS queue: it receives, delivers, keeps leases and settles.
import { Registry } from "../internal/registry.js";
import type { Intake, Runner, RunnerStats } from "../runner/runner.js";
import { type Connect, connectAlone, type Connection } from "./connection.js";
import { Hand } from "./hand.js";
import type { Message } from "./message.js";
import { type ResolvedSqsOptions, resolveSqsOptions, type SqsRunnerOptions } from "./options.js";
import { Receiver } from "./receiver.js";
import type { SqsDelivery } from "./sqs-delivery.js";

/** What there is between `open` and `close`. */
interface Life {
  readonly connection: Connection;
  readonly hand: Hand;
  readonly receiver: Receiver;
}

/**
 * Pulls the messages of one queue. `new Consumer(handler, { queueUrl, … })` makes one; make it yourself to give it
 * to a consumer beside a worker of yours, or to several things that take runners.
 */
export class SqsRunner implements Runner<Message> {
  readonly #options: ResolvedSqsOptions;
  readonly #deliveries = new Registry<string, SqsDelivery>();
  readonly #connect: Connect;
  #life: Life | undefined;

  /** @throws OptionError when an option cannot be used. */
  constructor(options: SqsRunnerOptions);
  /** @internal For runners that share a connection. */
  constructor(options: SqsRunnerOptions, connect: Connect);
  constructor(options: SqsRunnerOptions, connect: Connect = connectAlone) {
    this.#options = resolveSqsOptions(options);
    this.#connect = connect;
  }

  /** The queue's URL. */
  get queueUrl(): string {
    return this.#options.queueUrl;
  }

  /** The most bytes that a message can have. */
  get maxMessageBytes(): number {
    return this.#options.maxMessageBytes;
  }

  async open(intake: Intake<Message>): Promise<void> {
    const options = this.#options;
    const connection = await this.#connect(options);
    if (intake.signal.aborted) {
      connection.close(); // A stop has not waited for it, and `close` may have been called.
      return;
    }
    const parts = { options, intake, connection };
    const hand = new Hand({ ...parts, deliveries: this.#deliveries, onConfirmed: () => receiver.wake() });
    const receiver = new Receiver({ ...parts, hand });
    this.#life = { connection, hand, receiver };
    await receiver.probe();
  }

  async run(): Promise<void> {
    await this.#life?.receiver.run();
  }

  async close(signal: AbortSignal): Promise<void> {
    this.#life?.receiver.end();
    await this.#life?.hand.close(signal);
    this.#life?.connection.close();
    this.#life = undefined;
  }

  /** Requests that are out, and outcomes that are unconfirmed. */
  stats(): RunnerStats {
    return {
      receivesInFlight: this.#life?.receiver.receivesInFlight ?? 0,
      settlementsPending: this.#life?.hand.unconfirmed ?? 0,
    };
  }
}
