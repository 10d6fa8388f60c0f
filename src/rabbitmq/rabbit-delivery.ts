// A message of a queue while it is here, bound to the channel it came by.
import type { Scheduled } from "../internal/deadline-queue.js";
import type { Outcome } from "../runner/outcome.js";
import type { Delivery } from "../runner/runner.js";
import { countAttempts } from "./attempts.js";
import type { RabbitMessage } from "./message.js";
import { restoreOrigin } from "./retry-queues.js";
import type { Tap } from "./tap.js";

/** What a delivery hands its calls on to. */
export interface DeliveryKeeper {
  settle(delivery: RabbitDelivery, outcome: Outcome): "later" | undefined;
}

/**
 * - `here`: it waits or runs.
 * - `decided`: what becomes of it is to be told to the broker.
 * - `told`: it was told.
 * - `lost`: its channel has gone, and the broker has it again.
 */
export type RabbitDeliveryPhase = "here" | "decided" | "told" | "lost";

/** One message of a queue. */
export class RabbitDelivery implements Delivery<RabbitMessage>, Scheduled {
  readonly message: RabbitMessage;
  readonly attempt: number;
  readonly receivedAt: Date = new Date();
  /** The message as it came, for the client. */
  readonly raw: RabbitMessage;
  readonly tap: Tap;
  readonly #keeper: DeliveryKeeper;
  phase: RabbitDeliveryPhase = "here";
  /** What was decided, once it was. */
  outcome: Outcome | undefined;
  /** What the consumer is to be told instead of a confirmation. */
  failure: unknown;
  dueAt: number = Infinity;
  queueIndex = -1;

  constructor(parts: { raw: RabbitMessage; tap: Tap; queue: string }, keeper: DeliveryKeeper) {
    this.raw = parts.raw;
    this.message = restoreOrigin(parts.raw);
    this.attempt = countAttempts(parts.raw, parts.queue);
    this.tap = parts.tap;
    this.#keeper = keeper;
  }

  get sizeBytes(): number {
    return this.raw.content.byteLength;
  }

  begin(): boolean {
    return this.phase !== "lost";
  }

  settle(outcome: Outcome): "later" | undefined {
    return this.#keeper.settle(this, outcome);
  }
}
