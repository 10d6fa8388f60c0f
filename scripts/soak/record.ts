// Everything that a soak has measured.
import type { ConsumerSample, ErrorCounts, Handles, RestSample } from "./consumer-process.js";
import type { SoakAccount } from "./ledger.js";
import type { QueueSample } from "./queue-process.js";
import type { SoakSettings } from "./settings.js";

/** One look at both processes. */
export interface Sample {
  readonly atSeconds: number;
  readonly consumer: ConsumerSample;
  readonly queue: QueueSample;
}

/** One look at the consumer's process while the consumer was stopped. */
export interface Rest extends RestSample {
  readonly atSeconds: number;
}

/** Everything that a soak has measured. */
export interface SoakRecord {
  readonly settings: SoakSettings;
  /** The handles of the process before the first start: a consumer that is stopped leaves no more. */
  readonly handlesBefore: Handles;
  readonly samples: readonly Sample[];
  readonly rests: readonly Rest[];
  readonly account: SoakAccount;
  /** Messages that were still in the queue when the time for the last ones was over. */
  readonly remaining: number;
  readonly errors: ErrorCounts;
}
