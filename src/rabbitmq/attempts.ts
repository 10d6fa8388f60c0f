// How often a message has been delivered, from what the broker and earlier retries have written on it.
import type { RabbitMessage } from "./message.js";

/**
 * The header that carries the count through a retry queue. It is ours, because a published copy starts anew with the broker:
 * `x-delivery-count` is gone, and RabbitMQ 4 no longer counts on an `x-death` that a client has sent.
 */
export const ATTEMPTS_HEADER = "x-millrace-attempts";

/** Reasons of a death that end a delivery. Those that expired or did not fit had none. */
const REASONS_OF_DELIVERED: ReadonlySet<unknown> = new Set(["rejected", "delivery_limit"]);

/**
 * How many times the message has been delivered, this time included.
 *
 * - A quorum queue counts returns in `x-delivery-count`. A classic queue only marks a message as redelivered: that is
 *   counted as one, however often it came back.
 * - A message that was rejected and led back by a dead-letter exchange carries its deaths in `x-death`.
 * - A message that comes from a retry queue carries our own count.
 */
export function countAttempts({ fields, properties }: RabbitMessage, queue: string): number {
  const headers = properties.headers ?? {};
  const before = Math.max(readCount(headers[ATTEMPTS_HEADER]) ?? 0, countDeaths(headers["x-death"], queue));
  const here = readCount(headers["x-delivery-count"]) ?? (fields.redelivered ? 1 : 0);
  return before + here + 1;
}

function countDeaths(deaths: unknown, queue: string): number {
  if (!Array.isArray(deaths)) return 0;
  let count = 0;
  for (const death of deaths as ReadonlyArray<Record<string, unknown> | null>) {
    if (death?.["queue"] !== queue || !REASONS_OF_DELIVERED.has(death["reason"])) continue;
    count += readCount(death["count"]) ?? 1;
  }
  return count;
}

/** Headers are whatever their publisher wrote. */
function readCount(value: unknown): number | undefined {
  const count = Number(value);
  const isCount = (typeof value === "number" || typeof value === "bigint") && Number.isSafeInteger(count) && count >= 0;
  return isCount ? count : undefined;
}
