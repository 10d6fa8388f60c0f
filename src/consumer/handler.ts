// The one function that a user brings.
import type { HandlerContext } from "./context.js";

/**
 * Called with each message. Returning acknowledges, throwing (or rejecting) retries by the consumer's policy; to say
 * more, return or throw an outcome: `ack()`, `retry()`, `release()`, `drop()`, `deadLetter()`. Any other value that it
 * returns acknowledges too.
 */
export type Handler<Message = unknown, Resource = unknown> = (
  message: Message,
  context: HandlerContext<Resource>,
) => unknown;
