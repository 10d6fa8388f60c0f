// The queues in which messages wait for their retry: their names, their settings, and what a copy for one is published with.
import { ATTEMPTS_HEADER } from "./attempts.js";
import type { RabbitMessage } from "./message.js";
import type { ResolvedRabbitOptions } from "./options.js";
import type { AmqpChannel, QueueSettings } from "./port.js";
import { toRabbitError } from "./rabbit-errors.js";

/** Where the message was published to before it went to a retry queue: from there it comes back by the default exchange. */
const EXCHANGE_HEADER = "x-millrace-exchange";
const ROUTING_KEY_HEADER = "x-millrace-routing-key";

/**
 * Headers that a copy must not carry: `CC` and `BCC` would have the broker deliver it to other queues once more, and the
 * counts belong to the delivery that is over.
 */
const HEADERS_LEFT_OUT = ["CC", "BCC", "x-delivery-count", "x-acquired-count"] as const;

/** The name of the queue in which messages of `queue` wait for so many seconds. */
export function retryQueueName(queue: string, delaySeconds: number): string {
  return `${queue}.retry.${delaySeconds}s`;
}

/** The delay to take: the next longer one, or the longest. */
export function pickDelaySeconds(delaysSeconds: readonly number[], afterSeconds: number): number | undefined {
  return delaysSeconds.find((delay) => delay >= afterSeconds) ?? delaysSeconds.at(-1);
}

type TopologyOptions = Pick<
  ResolvedRabbitOptions,
  "queue" | "retryDelaysSeconds" | "retryQueueType" | "shouldDeclareRetryQueues"
>;

/**
 * Declares the retry queues, if that was asked for, or sees that they exist. One queue for each delay, as messages of a queue
 * expire in their order: one with a long delay would hold up those behind it.
 */
export async function prepareRetryQueues(
  channel: Pick<AmqpChannel, "assertQueue" | "checkQueue">,
  options: TopologyOptions,
): Promise<void> {
  for (const delaySeconds of options.retryDelaysSeconds) {
    const name = retryQueueName(options.queue, delaySeconds);
    try {
      if (options.shouldDeclareRetryQueues) await channel.assertQueue(name, retryQueueSettings(options, delaySeconds));
      else await channel.checkQueue(name);
    } catch (cause) {
      throw toRabbitError(
        cause,
        options.shouldDeclareRetryQueues ? "DeclareQueue" : "CheckQueue",
        `the retry queue ${name}`,
      );
    }
  }
}

function retryQueueSettings({ queue, retryQueueType }: TopologyOptions, delaySeconds: number): QueueSettings {
  return {
    durable: true,
    arguments: {
      "x-queue-type": retryQueueType,
      "x-message-ttl": delaySeconds * 1_000,
      // When its time is over, a message goes back by the default exchange, which routes by the queue's name.
      "x-dead-letter-exchange": "",
      "x-dead-letter-routing-key": queue,
      // A quorum queue can have the way back confirmed as well (RabbitMQ, "Quorum queues", at-least-once dead lettering).
      ...(retryQueueType === "quorum" && {
        "x-dead-letter-strategy": "at-least-once",
        "x-overflow": "reject-publish",
      }),
    },
  };
}

/** The properties and headers of a copy for a retry queue. */
export function createCopyOptions(message: RabbitMessage, attempt: number): Record<string, unknown> {
  // The broker accepts no other user's id, and an expiration of its own would end the wait.
  const { headers, userId: _userId, expiration: _expiration, ...properties } = message.properties;
  const kept: Record<string, unknown> = { ...headers };
  for (const name of HEADERS_LEFT_OUT) delete kept[name];
  kept[ATTEMPTS_HEADER] = attempt;
  kept[EXCHANGE_HEADER] = message.fields.exchange;
  kept[ROUTING_KEY_HEADER] = message.fields.routingKey;
  return { ...properties, headers: kept, mandatory: true };
}

/** The message as it was published first: a retry queue is not to change where it seems to come from. */
export function restoreOrigin(raw: RabbitMessage): RabbitMessage {
  const { [EXCHANGE_HEADER]: exchange, [ROUTING_KEY_HEADER]: routingKey } = raw.properties.headers ?? {};
  if (typeof exchange !== "string" || typeof routingKey !== "string") return raw;
  return { ...raw, fields: { ...raw.fields, exchange, routingKey } };
}
