// Tells the failures of a request apart: what will not go away, what will, and what to do about it.
import { describeThrown, type ErrorCode, isInstance, ServiceError, type ServiceErrorClass } from "../errors.js";

interface Kind {
  readonly code: ErrorCode;
  readonly errorClass: ServiceErrorClass;
  readonly explanation: string;
}

const QUEUE_NOT_FOUND: Kind = {
  code: "QUEUE_NOT_FOUND",
  errorClass: "fatal",
  explanation: "The queue does not exist. Check the region, account and name in queueUrl.",
};
const ACCESS_DENIED: Kind = {
  code: "ACCESS_DENIED",
  errorClass: "fatal",
  explanation:
    "Permission is missing. Allow sqs:ReceiveMessage, sqs:DeleteMessage and sqs:ChangeMessageVisibility on the queue, and " +
    "kms:Decrypt if it is encrypted with a key of yours.",
};
const MAY_NOT_LIST: Kind = { ...ACCESS_DENIED, explanation: "Permission is missing. Allow sqs:ListQueues." };
const REGION_MISSING: Kind = {
  code: "REGION_MISSING",
  errorClass: "fatal",
  explanation: "No region is known. Give the option region, or set AWS_REGION.",
};
const CREDENTIALS_MISSING: Kind = {
  code: "CREDENTIALS_MISSING",
  errorClass: "credentials",
  explanation: "No credentials were found. Give this process a role, a profile, or AWS_ACCESS_KEY_ID and its secret.",
};
const CREDENTIALS_REFUSED: Kind = {
  code: "CREDENTIALS_REFUSED",
  errorClass: "credentials",
  explanation:
    "The service has refused the credentials: they are unknown, expired, or the clock of this machine is off.",
};
const THROTTLED: Kind = {
  code: "THROTTLED",
  errorClass: "throttled",
  explanation: "The service asks for fewer requests.",
};
const SERVICE_UNAVAILABLE: Kind = {
  code: "SERVICE_UNAVAILABLE",
  errorClass: "service",
  explanation: "The service has failed.",
};
const NETWORK: Kind = {
  code: "NETWORK",
  errorClass: "network",
  explanation: "The service was not reached, or its answer did not come.",
};
const UNREADABLE: Kind = {
  code: "NETWORK",
  errorClass: "network",
  explanation: "The answer cannot be read: it was cut off, or is not the service's.",
};
const CERTIFICATE_REFUSED: Kind = {
  code: "NETWORK",
  errorClass: "request", // Nothing was sent: it cannot have been worked on.
  explanation: "The certificate of the service cannot be trusted, or is that of another host. Nothing was sent.",
};
/** Before it was sent, most likely: a provider of credentials that throws something of its own, say. */
const CLIENT_FAILED: Kind = {
  code: "REQUEST_FAILED",
  errorClass: "request",
  explanation: "It has failed without an answer of the service.",
};
const REQUEST_FAILED: Kind = {
  code: "REQUEST_FAILED",
  errorClass: "request",
  explanation: "The service has refused the request.",
};

/** By the names under which SQS, its SDKs of either protocol, and Node report them. */
const KIND_BY_NAME: ReadonlyMap<string, Kind> = new Map([
  ...named(QUEUE_NOT_FOUND, "QueueDoesNotExist", "NonExistentQueue", "QueueDeletedRecently", "InvalidAddress"),
  ...named(ACCESS_DENIED, "AccessDenied", "AccessDeniedException", "KmsAccessDenied", "KMS.AccessDeniedException"),
  ...named(CREDENTIALS_MISSING, "CredentialsProviderError", "MissingAuthenticationToken"),
  ...named(CREDENTIALS_REFUSED, "InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch"),
  ...named(CREDENTIALS_REFUSED, "InvalidSignatureException", "ExpiredToken", "ExpiredTokenException"),
  ...named(CREDENTIALS_REFUSED, "IncompleteSignature", "InvalidAccessKeyId", "RequestExpired", "InvalidSecurity"),
  ...named(THROTTLED, "ThrottlingException", "Throttling", "RequestThrottled", "TooManyRequestsException"),
  ...named(THROTTLED, "OverLimit", "SlowDown", "KmsThrottled", "ThrottledException", "RequestLimitExceeded"),
  ...named(SERVICE_UNAVAILABLE, "InternalError", "InternalFailure", "ServiceUnavailable", "InternalServerError"),
  ...named(UNREADABLE, "SyntaxError"),
  ...named(NETWORK, "TimeoutError", "NetworkingError", "AbortError", "RequestTimeout"),
  ...named(NETWORK, "ECONNREFUSED", "ECONNRESET", "ENOTFOUND", "EPIPE", "ETIMEDOUT", "EAI_AGAIN", "EHOSTUNREACH"),
  ...named(NETWORK, "ENETUNREACH", "ECONNABORTED", "ERR_SOCKET_CONNECTION_TIMEOUT", "EPROTO"),
  ...named(CERTIFICATE_REFUSED, "DEPTH_ZERO_SELF_SIGNED_CERT", "SELF_SIGNED_CERT_IN_CHAIN", "CERT_HAS_EXPIRED"),
  ...named(CERTIFICATE_REFUSED, "UNABLE_TO_VERIFY_LEAF_SIGNATURE", "UNABLE_TO_GET_ISSUER_CERT_LOCALLY"),
  ...named(CERTIFICATE_REFUSED, "UNABLE_TO_GET_ISSUER_CERT", "CERT_NOT_YET_VALID", "ERR_TLS_CERT_ALTNAME_INVALID"),
]);

function named(kind: Kind, ...names: string[]): Array<[string, Kind]> {
  return names.map((name) => [name, kind]);
}

/** What an error may carry: the SDK's errors and Node's are read by shape, so that no version matters. */
interface ErrorShape {
  readonly name?: unknown;
  readonly code?: unknown;
  readonly message?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: unknown };
}

/**
 * Makes the failure of a request into an error with a code, a class, and what to do about it.
 *
 * @param secrets - What the request held that is nobody's business: the service may repeat it.
 */
export function toServiceError(cause: unknown, operation: string, secrets: readonly string[] = []): ServiceError {
  if (isInstance(cause, ServiceError)) return cause;
  const kind = classify(cause);
  const { code, errorClass, explanation } = kind === ACCESS_DENIED && operation === "ListQueues" ? MAY_NOT_LIST : kind;
  const told = toTold(cause, secrets);
  const text = `${operation} failed. ${explanation} (${describeThrown(told)})`;
  return new ServiceError(code, text, { errorClass, operation, cause: told });
}

/** Whether the code of a batch's entry says that there were too many calls. */
export function isThrottling(code: string | undefined): boolean {
  return findByName(code) === THROTTLED;
}

/** A request that has not answered in time, and may have been worked on or not. */
export function createTimeoutError(operation: string, timeoutMs: number): ServiceError {
  return new ServiceError("REQUEST_TIMEOUT", `${operation} has not answered within ${timeoutMs} ms. It was given up.`, {
    errorClass: "network",
    operation,
  });
}

/** A body of one letter is in every sentence. */
const SHORTEST_SECRET = 4;

/** A text without what is nobody's business, as it is or as it stands in the JSON of a request. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  return secrets
    .filter(({ length }) => length >= SHORTEST_SECRET)
    .flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1)])
    .reduce((kept, secret) => kept.replaceAll(secret, "…"), text);
}

/**
 * What is told of a failure: mostly itself. The service repeats receipt handles; beyond the first line of a refused signature
 * stands what was signed, with the session token; and a parser of JSON quotes what it met, which may be a message.
 */
function toTold(cause: unknown, secrets: readonly string[]): unknown {
  if (!isInstance(cause, Error)) return cause;
  const { name, message } = readError(cause);
  const [firstLine = ""] = withoutSecrets(message, secrets).split("\n"); // A body has lines, too.
  const said = name === "SyntaxError" ? "the answer is not JSON" : firstLine;
  return said === message ? cause : Object.assign(new Error(said), { name });
}

function readError(error: Error): { readonly name: string; readonly message: string } {
  try {
    return { name: String(error.name), message: String(error.message) };
  } catch {
    return { name: "Error", message: "one that cannot be read" };
  }
}

/** Never throws, whatever a client of the user's rejects with. */
function classify(cause: unknown): Kind {
  try {
    return classifyShape(cause);
  } catch {
    return REQUEST_FAILED;
  }
}

function classifyShape(cause: unknown): Kind {
  if (typeof cause !== "object" || cause === null) return CLIENT_FAILED;
  const { name, code, message, $metadata } = cause as ErrorShape;
  const kind = findByName(name) ?? findByName(code);
  if (kind !== undefined) return kind;
  if (typeof message === "string" && /^region is missing/iu.test(message)) return REGION_MISSING;
  const status = $metadata?.httpStatusCode;
  if (status === 429) return THROTTLED;
  if (status === 403) return ACCESS_DENIED;
  if (typeof status === "number" && status >= 500) return SERVICE_UNAVAILABLE;
  // What did not fail by the service's word has failed on the way: whether it was done is not known.
  if (typeof status === "number" && status >= 200 && status < 300) return UNREADABLE;
  if (typeof message === "string" && /^invalid md5 checksum/iu.test(message)) return UNREADABLE;
  if (typeof message === "string" && /socket hang up|could not load credentials/iu.test(message)) {
    return message.startsWith("socket") ? NETWORK : CREDENTIALS_MISSING;
  }
  return status === undefined ? CLIENT_FAILED : REQUEST_FAILED;
}

/** Older names carry a prefix: `AWS.SimpleQueueService.NonExistentQueue`. */
function findByName(name: unknown): Kind | undefined {
  if (typeof name !== "string") return undefined;
  return KIND_BY_NAME.get(name) ?? KIND_BY_NAME.get(name.slice(name.lastIndexOf(".") + 1));
}
