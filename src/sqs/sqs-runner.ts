// The runner of an SQS queue: it receives, delivers, keeps leases and settles.
import type { Intake, Runner, RunnerStats } from "../runner/runner.js";
import { createDefaultPort, type OwnedPort } from "./default-client.js";
import { Hand } from "./hand.js";
import type { Message } from "./message.js";
import { type ResolvedSqsOptions, resolveSqsOptions, type SqsRunnerOptions } from "./options.js";
import { toPort } from "./sdk.js";
import { Receiver } from "./receiver.js";
import type { SqsDelivery } from "./sqs-delivery.js";

/** What there is between `open` and `close`. */
interface Connection {
  readonly owned: OwnedPort;
  readonly hand: Hand;
  readonly receiver: Receiver;
}

/**
 * Pulls the messages of one standard queue. `new Consumer(handler, { queueUrl, … })` makes one; make it yourself to give it
 * to a consumer beside a worker of yours, or to several things that take runners.
 */
export class SqsRunner implements Runner<Message> {
  readonly #options: ResolvedSqsOptions;
  readonly #deliveries = new Map<string, SqsDelivery>();
  #connection: Connection | undefined;

  /** @throws OptionError when an option cannot be used. */
  constructor(options: SqsRunnerOptions) {
    this.#options = resolveSqsOptions(options);
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
    const owned = await createPort(this.#options);
    const { port } = owned;
    const options = this.#options;
    const hand = new Hand({ options, intake, port, deliveries: this.#deliveries, onConfirmed: () => receiver.wake() });
    const receiver = new Receiver({ options, intake, port, hand });
    this.#connection = { owned, hand, receiver };
    await receiver.probe();
  }

  async run(): Promise<void> {
    await this.#connection?.receiver.run();
  }

  async close(signal: AbortSignal): Promise<void> {
    this.#connection?.receiver.end();
    await this.#connection?.hand.close(signal);
    this.#connection?.owned.destroy();
    this.#connection = undefined;
  }

  /** Requests that are out, and outcomes that are unconfirmed. */
  stats(): RunnerStats {
    return {
      receivesInFlight: this.#connection?.receiver.receivesInFlight ?? 0,
      settlementsPending: this.#connection?.hand.unconfirmed ?? 0,
    };
  }
}

async function createPort(options: ResolvedSqsOptions): Promise<OwnedPort> {
  const { client } = options;
  if (client === undefined) return createDefaultPort(options);
  return { port: await toPort(client), destroy: () => undefined };
}
