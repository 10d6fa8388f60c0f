// What the behaviours of FIFO queues begin with. Bodies begin with the group: "a1" is of group "a".
import type { Message, SQS } from "@aws-sdk/client-sqs";
import type { Bench } from "./behaviour.js";

/** Creates a FIFO queue of its own for this test, and gives its URL. */
export const createFifoQueue = (bench: Bench, attributes: Record<string, string> = {}): Promise<string> =>
  bench.createQueue({ FifoQueue: "true", ...attributes });

/** Sends messages one by one, each with its body as deduplication id. */
export async function sendFifo(sqs: SQS, QueueUrl: string, ...bodies: readonly string[]): Promise<void> {
  for (const body of bodies) await sqs.sendMessage({ QueueUrl, ...fifoMessage(body) });
}

interface FifoMessage {
  readonly MessageBody: string;
  readonly MessageGroupId: string;
  readonly MessageDeduplicationId: string;
}

/** What is to be sent as "a1": that body, in group "a". */
export function fifoMessage(body: string): FifoMessage {
  return { MessageBody: body, MessageGroupId: body.charAt(0), MessageDeduplicationId: body };
}

/** The bodies of a receive, with spaces between them. */
export const toBodies = (messages: readonly Message[]): string => messages.map(({ Body }) => Body).join(" ");
