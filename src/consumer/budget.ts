// What holds back receiving beside the worker: a rate, and the bytes that may be here.
import { OptionError } from "../errors.js";
import type { Clock, Timer } from "../internal/clock.js";
import type { Runner } from "../runner/runner.js";
import type { RateLimit } from "../worker/rate-limit.js";

/** How many bytes may be here. */
export interface ByteLimit {
  readonly maxInFlightBytes: number;
  /** What a place counts as until its message is here. */
  readonly maxMessageBytes: number;
}

/** A message, as far as it counts. */
export interface Budgeted {
  readonly delivery: { readonly sizeBytes?: number | undefined };
  /** Whether it has taken a token of the rate. */
  hasToken: boolean;
  /** What it counts for; undefined where nobody counts. */
  bytes: number | undefined;
}

/** What a budget works with. */
export interface BudgetParts {
  readonly clock: Clock;
  readonly rateLimit: RateLimit;
  readonly byteLimit: ByteLimit | undefined;
  /** Called when what was refused may be allowed now. */
  readonly onFreed: () => void;
}

/** The longest that a timer is set for. */
const LONGEST_WAIT_MS = 86_400_000;

/** Reads the option `maxInFlightBytes`, for this runner. @throws OptionError when it cannot be used. */
export function readByteLimit(
  value: unknown,
  { maxMessageBytes }: Pick<Runner, "maxMessageBytes">,
): ByteLimit | undefined {
  if (value === undefined) return undefined;
  if (maxMessageBytes === undefined) {
    const why = "as the runner does not say how large its messages can be (maxMessageBytes)";
    throw new OptionError("maxInFlightBytes", `to be absent, ${why}`, value);
  }
  if (!(typeof maxMessageBytes === "number" && maxMessageBytes >= 1 && maxMessageBytes < Infinity)) {
    throw new OptionError("runner", "a runner whose maxMessageBytes is a number of at least 1", maxMessageBytes);
  }
  const isUsable = typeof value === "number" && Number.isSafeInteger(value) && value >= maxMessageBytes;
  if (!isUsable) {
    const expected = `a whole number of at least ${maxMessageBytes}, the most bytes of one message`;
    throw new OptionError("maxInFlightBytes", expected, value);
  }
  return Object.freeze({ maxInFlightBytes: value, maxMessageBytes });
}

/**
 * The account of what was asked for and what is here.
 *
 * ```
 *                 allow            arrived              leave
 *   rate     ───▶ asked for  ───▶  a token is gone
 *   bytes    ───▶ the largest ───▶ the message's own ───▶ none
 * ```
 */
export class Budget {
  readonly #parts: BudgetParts;
  /** Messages that were asked for and have not come. */
  #asked = 0;
  #bytes = 0;
  #isOpen = false;
  /** Whether something was refused since `onFreed` was called. */
  #isShort = false;
  #timer: Timer | undefined;

  constructor(parts: BudgetParts) {
    this.#parts = parts;
  }

  /** Bytes of the messages that are here; 0 where nobody counts. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Messages that were asked for and have not come. */
  get asked(): number {
    return this.#asked;
  }

  /** The source is reached. Until then one message may be asked for without a token: a start is not to wait for the rate. */
  open(): void {
    this.#isOpen = true;
  }

  /** How many of `atMost` messages may be asked for now. After 0, `onFreed` is called. */
  allow(atMost: number): number {
    const { rateLimit } = this.#parts;
    const fitting = Math.min(atMost, this.#fitting());
    const allowed = fitting < 1 ? 0 : rateLimit.allow(fitting, this.#asked);
    if (allowed > 0) return allowed;
    if (!this.#isOpen && this.#asked === 0 && fitting >= 1) return 1;
    this.#isShort = true;
    if (fitting >= 1) this.#wait(rateLimit.waitMs(fitting, this.#asked));
    return 0;
  }

  /** So many messages are asked for. */
  ask(places: number): void {
    this.#asked += places;
  }

  /** So many of those will not come. */
  unask(places: number): void {
    this.#asked = Math.max(0, this.#asked - places);
    this.#freed();
  }

  /** A message that was asked for has come. False when there is no token for it. */
  arrived(message: Budgeted): boolean {
    const { byteLimit, rateLimit } = this.#parts;
    this.#asked = Math.max(0, this.#asked - 1);
    if (byteLimit !== undefined) {
      message.bytes = sizeOf(message, byteLimit);
      this.#bytes += message.bytes;
    }
    message.hasToken = rateLimit.take();
    if (this.#isShort) this.#freed();
    return message.hasToken;
  }

  /** The handler of a message is called. */
  started(message: Budgeted): void {
    if (message.hasToken) this.#parts.rateLimit.started();
  }

  /** A message goes back unstarted: others may start for it. */
  unstarted(message: Budgeted): void {
    if (!message.hasToken) return;
    message.hasToken = false;
    this.#parts.rateLimit.putBack();
    this.#freed();
  }

  /** A message has left. */
  left(message: Budgeted): void {
    if (message.bytes === undefined) return;
    this.#bytes -= message.bytes;
    message.bytes = undefined;
    this.#freed();
  }

  /** To be called when the rate was changed. */
  rateChanged(): void {
    this.#isShort = true;
    this.#freed();
  }

  /** Nothing will be asked for any more. */
  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#isShort = false;
  }

  #fitting(): number {
    const { byteLimit } = this.#parts;
    if (byteLimit === undefined) return Infinity;
    const { maxInFlightBytes, maxMessageBytes } = byteLimit;
    return Math.floor((maxInFlightBytes - this.#bytes) / maxMessageBytes) - this.#asked;
  }

  #wait(waitMs: number | undefined): void {
    if (waitMs === undefined || this.#timer !== undefined) return;
    this.#timer = this.#parts.clock.setTimer(() => this.#freed(), Math.min(waitMs, LONGEST_WAIT_MS));
  }

  #freed(): void {
    if (!this.#isShort) return;
    this.#isShort = false;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#parts.onFreed();
  }
}

/** A runner of the user's may say anything. */
function sizeOf({ delivery }: Budgeted, { maxMessageBytes }: ByteLimit): number {
  try {
    const { sizeBytes } = delivery;
    return typeof sizeBytes === "number" && sizeBytes >= 0 && sizeBytes < Infinity ? sizeBytes : maxMessageBytes;
  } catch {
    return maxMessageBytes; // A message without a body, say.
  }
}
