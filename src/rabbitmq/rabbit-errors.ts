// Tells the failures of a broker apart: what will not go away, what will, and what to do about it.
import { describeThrown, type ErrorCode, MillraceError, ServiceError, type ServiceErrorClass } from "../errors.js";

interface Kind {
  readonly code: ErrorCode;
  readonly errorClass: ServiceErrorClass;
  readonly explanation: string;
}

const NETWORK: Kind = {
  code: "NETWORK",
  errorClass: "network",
  explanation: "The broker was not reached, or the connection was lost.",
};
const CREDENTIALS_REFUSED: Kind = {
  code: "CREDENTIALS_REFUSED",
  errorClass: "credentials",
  explanation:
    "The broker has refused the user or the password in url. (The user guest may log in only from the broker's own machine.)",
};
const VHOST_REFUSED: Kind = {
  code: "VHOST_REFUSED",
  errorClass: "fatal",
  explanation: "The login was good, but there is no such virtual host, or the user has no permissions in it.",
};
const QUEUE_NOT_FOUND: Kind = {
  code: "QUEUE_NOT_FOUND",
  errorClass: "fatal",
  explanation: "The queue does not exist in this virtual host.",
};
const ACCESS_DENIED: Kind = {
  code: "ACCESS_DENIED",
  errorClass: "fatal",
  explanation: "The user may not read the queue, or the queue is exclusive to another connection.",
};
const REQUEST_FAILED: Kind = {
  code: "REQUEST_FAILED",
  errorClass: "request",
  explanation: "The broker has refused a request and closed the channel.",
};
const DECLARED_OTHERWISE: Kind = {
  code: "REQUEST_FAILED",
  errorClass: "fatal",
  explanation: "The queue exists with other settings. Delete it once it is empty, or set retryQueueType to its type.",
};
const SERVICE_UNAVAILABLE: Kind = {
  code: "SERVICE_UNAVAILABLE",
  errorClass: "service",
  explanation: "The broker has failed.",
};

/** By the reply codes of AMQP 0-9-1. */
const KIND_BY_REPLY_CODE: ReadonlyMap<unknown, Kind> = new Map([
  [320, NETWORK], // CONNECTION_FORCED: an operator, or a broker that shuts down
  [403, ACCESS_DENIED],
  [404, QUEUE_NOT_FOUND],
  [405, ACCESS_DENIED], // RESOURCE_LOCKED
  [406, REQUEST_FAILED], // PRECONDITION_FAILED: other arguments, or a message that was unacknowledged for too long
  [506, SERVICE_UNAVAILABLE],
  [540, REQUEST_FAILED],
  [541, SERVICE_UNAVAILABLE],
]);

/** Makes a failure into an error with a code, a class, and what to do about it. */
export function toRabbitError(cause: unknown, operation: string, what: string): MillraceError {
  if (cause instanceof MillraceError) return cause;
  const { code, errorClass, explanation } = classify(cause, operation);
  const detail = cause instanceof Error ? cause.message : describeThrown(cause);
  return new ServiceError(code, `${operation} failed for ${what}. ${explanation} (${detail})`, {
    errorClass,
    operation,
    cause,
  });
}

/** Whether it is of no use to go on: somebody must change something first. */
export function isFinal(error: MillraceError): boolean {
  return !(error instanceof ServiceError) || error.errorClass === "fatal" || error.errorClass === "credentials";
}

/** The broker has cancelled a consumer of ours. */
export function createCancelledError(queue: string): ServiceError {
  const text =
    `The broker has cancelled the consumer of ${queue}: the queue was deleted, the node that led it is gone, or a message ` +
    "was out for longer than the broker's consumer_timeout. The queue is consumed again as soon as it can be.";
  return new ServiceError("CONSUMER_CANCELLED", text, { errorClass: "service", operation: "Consume" });
}

/** The client has codes for what came after the handshake, and only texts for what ended it. */
function classify(cause: unknown, operation: string): Kind {
  if (typeof cause !== "object" || cause === null) return REQUEST_FAILED;
  const { code, message } = cause as { readonly code?: unknown; readonly message?: unknown };
  if (code === 406 && operation === "DeclareQueue") return DECLARED_OTHERWISE;
  const kind = KIND_BY_REPLY_CODE.get(code);
  if (kind !== undefined) return kind;
  if (typeof code === "number") return REQUEST_FAILED;
  if (typeof message !== "string") return NETWORK;
  if (/^Handshake terminated by server: 403\b/u.test(message)) return CREDENTIALS_REFUSED;
  if (/^Expected ConnectionOpenOk; got <ConnectionClose\b/u.test(message)) return VHOST_REFUSED;
  return NETWORK;
}
