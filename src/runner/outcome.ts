// What is to become of a message: what a handler returns or throws when "done" and "failed" do not say enough.
import { describeThrown, OptionError } from "../errors.js";
import { OptionReader } from "../internal/options.js";

const OUTCOME: unique symbol = Symbol.for("millrace.outcome");

interface Branded {
  readonly [OUTCOME]: true;
}

/** The work is done: the message is deleted. */
export interface Ack extends Branded {
  readonly kind: "ack";
  /** What the handler returned, for sources that hand results on, such as the `MemoryRunner`. */
  readonly value: unknown;
}

/** The message is to come again. */
export interface Retry extends Branded {
  readonly kind: "retry";
  /** After how many seconds. The source may round up: SQS counts whole seconds. */
  readonly afterSeconds: number;
  /** What else is not to start before that time. */
  readonly pause?: RetryPause | undefined;
}

/**
 * What a retry pauses: `"queue"` is everything that the consumer receives, `"key"` the messages of the same key, where the
 * worker has keys.
 */
export type RetryPause = "queue" | "key";

/** The message is given back at once, for anybody to take; the handler makes no statement about it. */
export interface Release extends Branded {
  readonly kind: "release";
}

/** The message is deleted though its work was not done. */
export interface Drop extends Branded {
  readonly kind: "drop";
  readonly reason: string;
}

/** The message is moved to the source's dead letters. */
export interface DeadLetter extends Branded {
  readonly kind: "deadLetter";
  readonly reason: string;
}

/** What is to become of a message. Made by `ack`, `retry`, `release`, `drop` and `deadLetter`. */
export type Outcome = Ack | Retry | Release | Drop | DeadLetter;

/** The longest delay that `retry` takes: SQS hides a message for at most 12 hours. */
const LONGEST_RETRY_SECONDS = 43_200;

const ACK: Ack = Object.freeze({ [OUTCOME]: true, kind: "ack", value: undefined } as const);
const RELEASE: Release = Object.freeze({ [OUTCOME]: true, kind: "release" } as const);

/**
 * The work is done; the message is deleted. Returning anything else, or nothing, says the same.
 *
 * @param value - The result of the work, for sources that hand results on.
 */
export function ack(value?: unknown): Ack {
  return value === undefined ? ACK : { [OUTCOME]: true, kind: "ack", value };
}

/**
 * The message is to come again after a while.
 *
 * @param options - `afterSeconds`: 0 to 43,200 (12 hours, the longest that SQS hides a message); default 0. `pause`: what
 * else is to wait for so long, where the message met a limit that others would meet too, such as a 429 of an API: `"queue"`
 * pauses the consumer, `"key"` the messages of the same key, where the worker has keys; default nothing.
 * @throws OptionError when `afterSeconds` is out of range, or is 0 with `pause`. Thrown in a handler, that is a failure like
 * any other.
 */
export function retry(options: { afterSeconds?: number; pause?: RetryPause | undefined } = {}): Retry {
  const reader = new OptionReader("retry", options);
  const afterSeconds = reader.number("afterSeconds", { min: 0, max: LONGEST_RETRY_SECONDS, fallback: 0 });
  const pause = reader.raw("pause");
  reader.finish();
  if (pause === undefined) return { [OUTCOME]: true, kind: "retry", afterSeconds };
  if (pause !== "queue" && pause !== "key") throw new OptionError("pause", '"queue" or "key"', pause);
  if (afterSeconds === 0) throw new OptionError("afterSeconds", "more than 0 together with pause", afterSeconds);
  return { [OUTCOME]: true, kind: "retry", afterSeconds, pause };
}

/** The message is given back at once, for anybody to take. On SQS its receive count stays raised. */
export function release(): Release {
  return RELEASE;
}

/** The message is deleted without its work done. The reason goes into the `settled` event. */
export function drop(reason: string): Drop {
  return { [OUTCOME]: true, kind: "drop", reason: toText(reason) };
}

/** The message is moved to the dead letters, with the reason. On SQS: to the queue's own dead-letter queue. */
export function deadLetter(reason: string): DeadLetter {
  return { [OUTCOME]: true, kind: "deadLetter", reason: toText(reason) };
}

/** Errors are given as reasons, too, and whatever else was at hand. */
function toText(reason: unknown): string {
  return typeof reason === "string" ? reason : describeThrown(reason);
}

/** Whether a value is an outcome, made by this copy of millrace or another. Never throws. */
export function isOutcome(value: unknown): value is Outcome {
  try {
    return isBranded(value) && isComplete(value);
  } catch {
    return false;
  }
}

/** Whether a value was meant to be an outcome and is none: one that was copied and changed, say. Never throws. */
export function isBrokenOutcome(value: unknown): boolean {
  try {
    return isBranded(value) && !isComplete(value);
  } catch {
    return false;
  }
}

function isBranded(value: unknown): value is Branded {
  return typeof value === "object" && value !== null && (value as Partial<Branded>)[OUTCOME] === true;
}

function isComplete(branded: Branded): branded is Outcome {
  const { kind, afterSeconds, pause, reason } = branded as Partial<Record<keyof Retry | keyof Drop, unknown>>;
  if (kind === "ack" || kind === "release") return true;
  if (kind === "drop" || kind === "deadLetter") return typeof reason === "string";
  if (kind !== "retry" || typeof afterSeconds !== "number") return false;
  const isInRange = afterSeconds >= 0 && afterSeconds <= LONGEST_RETRY_SECONDS;
  return isInRange && (pause === undefined || pause === "queue" || pause === "key");
}
