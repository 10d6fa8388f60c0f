// Failures of the way to the service and back, by the names that the SDK has for them.
import { AnswerTooLargeError, AnswerTooSlowError } from "./exchange.js";

/** undici's own codes. Those of Node, such as ECONNREFUSED, are known as they are. */
const TIMEOUTS: ReadonlySet<unknown> = new Set([
  "UND_ERR_CONNECT_TIMEOUT",
  "UND_ERR_HEADERS_TIMEOUT",
  "UND_ERR_BODY_TIMEOUT",
]);
const BROKEN: ReadonlySet<unknown> = new Set([
  "UND_ERR_SOCKET",
  "UND_ERR_INFO",
  "UND_ERR_HEADERS_OVERFLOW",
  "UND_ERR_RES_CONTENT_LENGTH_MISMATCH",
  "UND_ERR_RES_EXCEEDED_MAX_SIZE",
]);
/** Of a socket that was closed by the other side, or under us. */
const CLOSED: ReadonlySet<unknown> = new Set(["UND_ERR_SOCKET", "ECONNRESET", "EPIPE"]);

/** What undici's and Node's errors may carry. */
interface ErrorShape {
  readonly code?: unknown;
  readonly socket?: { readonly bytesRead?: number } | undefined;
}

/** An answer that cannot be understood, or not in full. */
export function createUnreadableError(cause: unknown, statusCode: number): Error {
  return Object.assign(new Error("The answer cannot be read.", { cause }), {
    name: "NetworkingError",
    $metadata: { httpStatusCode: statusCode },
  });
}

/** Gives a failure the name that it is known by. */
export function toTransportError(error: Error): Error {
  const { code } = error as ErrorShape;
  if (TIMEOUTS.has(code) || error instanceof AnswerTooSlowError) return named("TimeoutError", error);
  const isBroken = BROKEN.has(code) || (typeof code === "string" && code.startsWith("HPE_"));
  return isBroken || error instanceof AnswerTooLargeError ? named("NetworkingError", error) : error;
}

/**
 * Whether a socket that had served before was found to be closed: the service ends idle ones whenever it likes. undici tells
 * what came through a socket.
 */
export function isStaleSocket(error: Error): boolean {
  const { code, socket } = error as ErrorShape;
  return CLOSED.has(code) && (socket?.bytesRead ?? 0) > 0;
}

/** As the SDK rejects a call that was aborted. */
export function createAbortError(): Error {
  return Object.assign(new Error("Request aborted"), { name: "AbortError" });
}

function named(name: string, cause: Error): Error {
  const { code } = cause as ErrorShape;
  return Object.assign(new Error(cause.message, { cause }), { name }, code !== undefined && { code });
}
