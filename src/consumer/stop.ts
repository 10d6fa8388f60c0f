// How long a stop may take, and what it left.
import { OptionReader } from "../internal/options.js";

/** How a stop goes about it. */
export interface StopOptions {
  /**
   * How long running handlers may go on, in milliseconds; after that they are told to end. 0 to Infinity; default 25,000,
   * which fits into the 30 s that Kubernetes and ECS give. A further `stop()` with less time shortens the first.
   */
  timeoutMs?: number | undefined;
}

/** What a stop left. */
export interface StopResult {
  /** Whether every handler ended by itself and every outcome was confirmed by the source. */
  readonly isDrained: boolean;
  /** Messages that were here and had not started: given back for others to take. */
  readonly messagesReleased: number;
  /** Handlers that were told to end because the time was over. */
  readonly handlersAborted: number;
  /**
   * Handlers that still run: they have not ended even so, or were given up on before the stop (`HANDLER_STUCK`). Their
   * messages were given back; what they still do goes on unseen.
   */
  readonly handlersAbandoned: number;
  /** Outcomes that the source did not confirm during the stop: those messages will come again. */
  readonly settlementsLost: number;
}

const DEFAULT_STOP_TIMEOUT_MS = 25_000;

/** Reads the options of a stop. */
export function readStopTimeoutMs(options: StopOptions): number {
  const reader = new OptionReader("stop", options);
  const timeoutMs = reader.number("timeoutMs", { min: 0, max: Infinity, fallback: DEFAULT_STOP_TIMEOUT_MS });
  reader.finish();
  return timeoutMs;
}
