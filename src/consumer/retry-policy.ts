// What becomes of a message whose handler failed.
import { OptionReader } from "../internal/options.js";
import { safeRandom } from "../internal/safe-random.js";
import { type Outcome, retry } from "../runner/outcome.js";
import type { HandlerContext } from "./context.js";

/** Turns a handler's failure into an outcome. When it throws or answers with something else, the default policy decides. */
export type RetryPolicy = (error: unknown, context: HandlerContext) => Outcome;

/**
 * The same delay after every failure.
 *
 * @param options - `delaySeconds`: 0 to 43,200; default 30.
 * @throws OptionError when an option cannot be used.
 */
export function constantRetry(options: { delaySeconds?: number } = {}): RetryPolicy {
  const reader = new OptionReader("constantRetry", options);
  const delaySeconds = reader.number("delaySeconds", { min: 0, max: 43_200, fallback: 30 });
  reader.finish();
  return () => retry({ afterSeconds: delaySeconds });
}

/** What exponential retries are made with. */
export interface ExponentialRetryOptions {
  /** The ceiling of the delay after the first failure, in seconds. 0 to 43,200; default 1. It doubles with each attempt. */
  baseSeconds?: number | undefined;
  /** The highest that the ceiling grows to, in seconds. 0 to 43,200; default 900. */
  maxSeconds?: number | undefined;
  /** Numbers from 0 up to 1; default `Math.random`. */
  random?: (() => number) | undefined;
}

/**
 * A delay that is drawn between 0 and a ceiling which doubles with each attempt ("full jitter": of the common ways the
 * one that spreads load best, see the AWS Architecture Blog, "Exponential Backoff And Jitter"). The default policy.
 *
 * @throws OptionError when an option cannot be used.
 */
export function exponentialRetry(options: ExponentialRetryOptions = {}): RetryPolicy {
  const reader = new OptionReader("exponentialRetry", options);
  const baseSeconds = reader.number("baseSeconds", { min: 0, max: 43_200, fallback: 1 });
  const maxSeconds = reader.number("maxSeconds", { min: 0, max: 43_200, fallback: 900 });
  const random = safeRandom(reader.function<() => number>("random") ?? Math.random);
  reader.finish();
  return (_error, { attempt }) => {
    const ceilingSeconds = Math.min(maxSeconds, baseSeconds * 2 ** Math.min(attempt - 1, 30));
    return retry({ afterSeconds: random() * ceilingSeconds });
  };
}
