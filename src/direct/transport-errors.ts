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
/** Of a connection that was there, and ended. */
const ENDED: ReadonlySet<unknown> = new Set(["UND_ERR_SOCKET", "ECONNRESET", "EPIPE"]);

/** What undici's and Node's errors may carry. */
interface ErrorShape {
  readonly code?: unknown;
}

/** An answer that cannot be understood. What it was is not repeated: it may be messages, cut short. */
export function createUnreadableError(httpStatusCode: number | undefined): Error {
  return Object.assign(new Error("The answer cannot be read."), {
    name: "NetworkingError",
    ...(httpStatusCode !== undefined && { $metadata: { httpStatusCode } }),
  });
}

/** Gives a failure the name that it is known by. */
export function toTransportError(error: Error): Error {
  const { code } = error as ErrorShape;
  if (TIMEOUTS.has(code) || error instanceof AnswerTooSlowError) return named("TimeoutError", error);
  if (BROKEN.has(code) || error instanceof AnswerTooLargeError) return named("NetworkingError", error);
  // It has the bytes that could not be parsed, which can be those of messages.
  if (error.name === "HTTPParserError") return createUnreadableError(undefined);
  return error;
}

/** Whether a connection came about and was ended by the other side. */
export function isEndOfConnection(error: Error): boolean {
  return ENDED.has((error as ErrorShape).code);
}

/** As the SDK rejects a call that was aborted. */
export function createAbortError(): Error {
  return Object.assign(new Error("Request aborted"), { name: "AbortError" });
}

/** A call whose time was over before it could be sent: credentials did not come, say. */
export function createLateError(timeoutMs: number): Error {
  return Object.assign(new Error(`Its ${timeoutMs} ms were over before it could be sent.`), { name: "TimeoutError" });
}

function named(name: string, cause: Error): Error {
  const { code } = cause as ErrorShape;
  return Object.assign(new Error(cause.message, { cause }), { name }, code !== undefined && { code });
}
