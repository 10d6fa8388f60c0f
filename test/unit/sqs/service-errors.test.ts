// The failures of a request are told apart: what will not go away by itself, and what to do about the rest.
import { type ErrorCode, ServiceError, type ServiceErrorClass } from "millrace";
import { describe, expect, test } from "vitest";
import { createTimeoutError, toServiceError } from "../../../src/sqs/service-errors.js";

type Verdict = readonly [ErrorCode, ServiceErrorClass];

const QUEUE_NOT_FOUND: Verdict = ["QUEUE_NOT_FOUND", "fatal"];
const ACCESS_DENIED: Verdict = ["ACCESS_DENIED", "fatal"];
const REGION_MISSING: Verdict = ["REGION_MISSING", "fatal"];
const CREDENTIALS_MISSING: Verdict = ["CREDENTIALS_MISSING", "credentials"];
const CREDENTIALS_REFUSED: Verdict = ["CREDENTIALS_REFUSED", "credentials"];
const THROTTLED: Verdict = ["THROTTLED", "throttled"];
const UNAVAILABLE: Verdict = ["SERVICE_UNAVAILABLE", "service"];
const NETWORK: Verdict = ["NETWORK", "network"];
const OTHER: Verdict = ["REQUEST_FAILED", "request"];

function named(name: string): Error {
  return Object.assign(new Error("what the service says"), { name });
}

function coded(code: string): Error {
  return Object.assign(new Error("what Node says"), { code });
}

function answered(httpStatusCode: number): Error {
  return Object.assign(new Error("what the service says"), { name: "Unknown", $metadata: { httpStatusCode } });
}

const verdicts: ReadonlyArray<readonly [string, unknown, Verdict]> = [
  ["QueueDoesNotExist", named("QueueDoesNotExist"), QUEUE_NOT_FOUND],
  ["the older name of it", named("AWS.SimpleQueueService.NonExistentQueue"), QUEUE_NOT_FOUND],
  ["a deleted queue", named("AWS.SimpleQueueService.QueueDeletedRecently"), QUEUE_NOT_FOUND],
  ["a wrong address", named("InvalidAddress"), QUEUE_NOT_FOUND],
  ["AccessDenied", named("AccessDenied"), ACCESS_DENIED],
  ["AccessDeniedException", named("AccessDeniedException"), ACCESS_DENIED],
  ["a key that may not be used", named("KmsAccessDenied"), ACCESS_DENIED],
  ["the older name of it", named("KMS.AccessDeniedException"), ACCESS_DENIED],
  ["403 without a name", answered(403), ACCESS_DENIED],
  ["no region", new Error("Region is missing"), REGION_MISSING],
  ["no credentials", named("CredentialsProviderError"), CREDENTIALS_MISSING],
  ["no credentials, in words", new Error("Could not load credentials from any providers"), CREDENTIALS_MISSING],
  ["an unknown key", named("InvalidClientTokenId"), CREDENTIALS_REFUSED],
  ["an unknown client", named("UnrecognizedClientException"), CREDENTIALS_REFUSED],
  ["an expired token", named("ExpiredToken"), CREDENTIALS_REFUSED],
  ["an expired token, by its other name", named("ExpiredTokenException"), CREDENTIALS_REFUSED],
  ["a clock that is off", named("SignatureDoesNotMatch"), CREDENTIALS_REFUSED],
  ["a request that took too long", named("RequestExpired"), CREDENTIALS_REFUSED],
  ["ThrottlingException", named("ThrottlingException"), THROTTLED],
  ["RequestThrottled", named("RequestThrottled"), THROTTLED],
  ["too many in flight", named("OverLimit"), THROTTLED],
  ["a throttled key", named("KmsThrottled"), THROTTLED],
  ["429 without a name", answered(429), THROTTLED],
  ["InternalFailure", named("InternalFailure"), UNAVAILABLE],
  ["ServiceUnavailable", named("ServiceUnavailable"), UNAVAILABLE],
  ["500 without a name", answered(500), UNAVAILABLE],
  ["503 without a name", answered(503), UNAVAILABLE],
  ["a time-out", named("TimeoutError"), NETWORK],
  ["an abort", named("AbortError"), NETWORK],
  ["a refused connection", coded("ECONNREFUSED"), NETWORK],
  ["one refused on every address", Object.assign(new AggregateError([]), { code: "ECONNREFUSED" }), NETWORK],
  ["a lost connection", coded("ECONNRESET"), NETWORK],
  ["an unknown host", coded("ENOTFOUND"), NETWORK],
  ["a name server that is busy", coded("EAI_AGAIN"), NETWORK],
  ["a hang-up", new Error("socket hang up"), NETWORK],
  ["an answer that is no JSON", new SyntaxError("Unexpected token '<'"), NETWORK],
  ["an answer that cannot be read, of whatever name", answered(200), NETWORK],
  ["a redirection", answered(302), OTHER],
  ["a body that is not the one that was sent", new Error("Invalid MD5 checksum on messages: 1, 2"), NETWORK],
  ["400 with an unknown name", answered(400), OTHER],
  ["an unknown error", new Error("what is this"), OTHER],
  ["a text", "what is this", OTHER],
  ["undefined", undefined, OTHER],
  ["null", null, OTHER],
  ["an object without anything", Object.create(null), OTHER],
  ["an object of odd types", { name: 1, code: {}, message: [], $metadata: { httpStatusCode: "500" } }, OTHER],
];

describe("a failure is judged", () => {
  test.each(verdicts)("%s", (_name, cause, [code, errorClass]) => {
    const error = toServiceError(cause, "ReceiveMessage");
    expect(error).toBeInstanceOf(ServiceError);
    expect(error).toMatchObject({ code, errorClass, operation: "ReceiveMessage", cause: causeOf(cause) });
  });

  test("once: an error of millrace stays as it is", () => {
    const error = createTimeoutError("ReceiveMessage", 5_000);
    expect(toServiceError(error, "DeleteMessageBatch")).toBe(error);
    expect(error.errorClass).toBe("network");
  });

  test("with a text that says what was done, what to do, and what came", () => {
    const { message } = toServiceError(named("QueueDoesNotExist"), "ReceiveMessage");
    expect(message).toBe(
      "ReceiveMessage failed. The queue does not exist. Check the region, account and name in queueUrl. " +
        "(QueueDoesNotExist: what the service says)",
    );
  });
});

/** A parser's own words quote what it met. */
function causeOf(cause: unknown): unknown {
  return cause instanceof SyntaxError ? { name: "SyntaxError", message: "the answer is not JSON" } : cause;
}

test("what the service repeats of a request is in neither the error nor its cause", () => {
  const cause = Object.assign(new Error('The handle "AQEB-secret" is not valid.\nWhat was signed: token'), {
    code: "X",
  });
  const error = toServiceError(cause, "DeleteMessageBatch", ["AQEB-secret"]);
  expect(error.message).toContain('(Error: The handle "…" is not valid.)');
  expect(error.cause).toMatchObject({ name: "Error", message: 'The handle "…" is not valid.' });
});

test.each([
  ["as it was sent", 'card 4111\n"exp" 12/30'],
  ["as it stood in the request", 'card 4111\\n\\"exp\\" 12/30'],
])("a body of several lines that the service repeats is told nowhere, %s", (_name, repeated) => {
  const cause = Object.assign(new Error(`The body ${repeated} is refused.`), { name: "InvalidMessageContents" });
  const error = toServiceError(cause, "SendMessageBatch", ['card 4111\n"exp" 12/30']);
  expect(`${error.message} ${String(error.cause)}`).not.toMatch(/4111|12\/30/u);
});
