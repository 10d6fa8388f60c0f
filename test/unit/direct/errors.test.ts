// What the service refuses is refused with the SDK's names and classes, and taken by the consumer in the same way.
import { ReceiveMessageCommand, SQSClient, SQSServiceException } from "@aws-sdk/client-sqs";
import { type DirectClient, directClient } from "millrace/direct";
import { beforeEach, describe, expect, test } from "vitest";
import { toServiceError } from "../../../src/sqs/service-errors.js";
import { type CannedAnswer, CannedDispatcher } from "../../support/canned-dispatcher.js";
import { isolateAwsEnvironment } from "../../support/http-queue.js";
import { CannedRequestHandler } from "../../support/sdk-request-handler.js";

const QueueUrl = "https://sqs.us-east-1.amazonaws.com/123456789012/jobs";
const input = {
  QueueUrl,
  MaxNumberOfMessages: 10,
  WaitTimeSeconds: 0,
  VisibilityTimeout: 30,
  MessageAttributeNames: [],
  MessageSystemAttributeNames: [],
};

/** What users and the consumer look at. */
interface SdkError extends Error {
  readonly Code?: string;
  readonly Type?: string;
  readonly $fault?: string;
  readonly $metadata?: { readonly httpStatusCode?: number; readonly requestId?: string; readonly attempts?: number };
}

async function failureOf(call: Promise<unknown>): Promise<SdkError> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason as SdkError,
  );
  if (error === undefined) throw new Error("nothing was refused");
  return error;
}

function failureOfSdk(answer: CannedAnswer): Promise<SdkError> {
  const client = new SQSClient({ maxAttempts: 1, requestHandler: new CannedRequestHandler(() => answer) });
  return failureOf(client.send(new ReceiveMessageCommand({ QueueUrl })));
}

function ourFailure(answer: CannedAnswer): Promise<SdkError> {
  return failureOf(directClient({ dispatcher: new CannedDispatcher(() => answer) }).receiveMessage(input));
}

function viewOf(error: SdkError): object {
  const { name, message, Code, Type, $fault, $metadata: { httpStatusCode, requestId, attempts } = {} } = error;
  const { code, errorClass } = toServiceError(error, "ReceiveMessage");
  const isException = error instanceof SQSServiceException;
  const className = error.constructor.name;
  return {
    name,
    message,
    Code,
    Type,
    $fault,
    httpStatusCode,
    requestId,
    attempts,
    code,
    errorClass,
    isException,
    className,
  };
}

/** An error as SQS answers it. */
function refusal(statusCode: number, type: string, queryError?: string, message = "What is wrong."): CannedAnswer {
  return {
    statusCode,
    headers: {
      "content-type": "application/x-amz-json-1.0",
      "x-amzn-requestid": "0a1b2c3d",
      date: new Date().toUTCString(),
      ...(queryError !== undefined && { "x-amzn-query-error": queryError }),
    },
    body: JSON.stringify({ __type: type, message }),
  };
}

/** The errors of the model, with the codes that the older protocol has for them. */
const MODELLED: ReadonlyArray<readonly [string, string]> = [
  ["BatchEntryIdsNotDistinct", "AWS.SimpleQueueService.BatchEntryIdsNotDistinct"],
  ["BatchRequestTooLong", "AWS.SimpleQueueService.BatchRequestTooLong"],
  ["EmptyBatchRequest", "AWS.SimpleQueueService.EmptyBatchRequest"],
  ["InvalidAddress", "InvalidAddress"],
  ["InvalidBatchEntryId", "AWS.SimpleQueueService.InvalidBatchEntryId"],
  ["InvalidSecurity", "InvalidSecurity"],
  ["KmsAccessDenied", "KMS.AccessDeniedException"],
  ["KmsDisabled", "KMS.DisabledException"],
  ["KmsInvalidKeyUsage", "KMS.InvalidKeyUsageException"],
  ["KmsInvalidState", "KMS.InvalidStateException"],
  ["KmsNotFound", "KMS.NotFoundException"],
  ["KmsOptInRequired", "KMS.OptInRequired"],
  ["KmsThrottled", "KMS.ThrottlingException"],
  ["MessageNotInflight", "AWS.SimpleQueueService.MessageNotInflight"],
  ["OverLimit", "OverLimit"],
  ["QueueDeletedRecently", "AWS.SimpleQueueService.QueueDeletedRecently"],
  ["QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue"],
  ["QueueNameExists", "QueueAlreadyExists"],
  ["ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid"],
  ["RequestThrottled", "RequestThrottled"],
  ["TooManyEntriesInBatchRequest", "AWS.SimpleQueueService.TooManyEntriesInBatchRequest"],
  ["UnsupportedOperation", "AWS.SimpleQueueService.UnsupportedOperation"],
];

/** Errors that the model does not have, which all services share. */
const COMMON: ReadonlyArray<readonly [number, string, string | undefined]> = [
  [400, "com.amazonaws.sqs#InvalidParameterValueException", "InvalidParameterValue;Sender"],
  [400, "com.amazon.coral.service#SerializationException", undefined],
  [403, "com.amazon.coral.service#AccessDeniedException", "AccessDenied;Sender"],
  [403, "com.amazon.coral.service#AccessDeniedException", undefined],
  [403, "com.amazon.coral.service#UnrecognizedClientException", "InvalidClientTokenId;Sender"],
  [403, "com.amazon.coral.service#InvalidSignatureException", "SignatureDoesNotMatch;Sender"],
  [403, "com.amazon.coral.service#InvalidSignatureException", undefined],
  [403, "com.amazon.coral.service#ExpiredTokenException", "ExpiredToken;Sender"],
  [403, "com.amazon.coral.service#ExpiredTokenException", undefined],
  [403, "com.amazon.coral.service#IncompleteSignatureException", "IncompleteSignature;Sender"],
  [403, "com.amazon.coral.service#MissingAuthenticationTokenException", "MissingAuthenticationToken;Sender"],
  [400, "com.amazon.coral.availability#ThrottlingException", "Throttling;Sender"],
  [400, "com.amazon.coral.availability#ThrottlingException", undefined],
  [429, "com.amazonaws.sqs#Unheard", "Unheard.Of;Sender"],
  [500, "com.amazon.coral.service#InternalFailure", "InternalFailure;Receiver"],
  [503, "com.amazon.coral.service#ServiceUnavailableException", "ServiceUnavailable;Receiver"],
  [503, "com.amazon.coral.service#ServiceUnavailableException", undefined],
  [400, "com.amazonaws.sqs#Unheard", "AWS.SimpleQueueService.Unheard;Sender"],
];

const sdk: Readonly<Record<string, unknown>> = await import("@aws-sdk/client-sqs");

describe("an error of the model", () => {
  beforeEach(() => isolateAwsEnvironment());

  test.each(MODELLED)("%s", async (name, code) => {
    for (const queryError of [`${code};Sender`, undefined]) {
      const answer = refusal(400, `com.amazonaws.sqs#${name}`, queryError);
      const error = await ourFailure(answer);
      expect(error.name).toBe(name);
      expect(error).toBeInstanceOf(sdk[name]);
      expect(viewOf(error)).toEqual(viewOf(await failureOfSdk(answer)));
    }
  });

  test("none is missing above", () => {
    const exported = Object.entries(sdk).filter(
      ([, value]) => typeof value === "function" && value.prototype instanceof SQSServiceException,
    );
    // Errors of calls that millrace does not make.
    const others = ["InvalidAttributeName", "InvalidAttributeValue", "InvalidIdFormat", "InvalidMessageContents"];
    const notCalled = [...others, "PurgeQueueInProgress", "ResourceNotFoundException"];
    expect(exported.map(([name]) => name).toSorted()).toEqual(
      [...MODELLED.map(([name]) => name), ...notCalled].toSorted(),
    );
  });
});

describe("an error of any service", () => {
  beforeEach(() => isolateAwsEnvironment());

  test.each(COMMON)("%d %s, %s", async (statusCode, type, queryError) => {
    const answer = refusal(statusCode, type, queryError);
    const error = await ourFailure(answer);
    // With other credentials it is tried once more.
    const attempts = type.includes("ExpiredToken") ? 2 : 1;
    expect(viewOf(error)).toEqual({ ...viewOf(await failureOfSdk(answer)), attempts });
  });

  test("whose name is in a header", async () => {
    const { body: _, ...answer } = refusal(400, "");
    const named = { ...answer, headers: { "x-amzn-errortype": "ThrottlingException:http://internal.amazon.com/" } };
    expect(viewOf(await ourFailure(named))).toEqual(viewOf(await failureOfSdk(named)));
  });

  test("that says nothing about itself", async () => {
    for (const [statusCode, code] of [
      [403, "ACCESS_DENIED"],
      [404, "REQUEST_FAILED"],
      [429, "THROTTLED"],
      [503, "SERVICE_UNAVAILABLE"],
    ] as const) {
      const answer = { statusCode, headers: {}, body: "{}" };
      const error = await ourFailure(answer);
      expect(viewOf(error)).toMatchObject({ code, name: "Unknown", message: "UnknownError" });
      expect(viewOf(error)).toEqual(viewOf(await failureOfSdk(answer)));
    }
  });

  // The SDK fails to parse it and gives a SyntaxError, of which the consumer makes nothing.
  test.each([
    [302, "REQUEST_FAILED"],
    [403, "ACCESS_DENIED"],
    [502, "SERVICE_UNAVAILABLE"],
    [504, "SERVICE_UNAVAILABLE"],
  ])("%d with the page of a proxy is known by its status", async (statusCode, code) => {
    const answer = { statusCode, headers: { "content-type": "text/html" }, body: "<html>Bad Gateway</html>" };
    expect(viewOf(await ourFailure(answer))).toMatchObject({ code, name: "Unknown", httpStatusCode: statusCode });
  });
});

describe("an answer that says 200 and is none", () => {
  beforeEach(() => isolateAwsEnvironment());

  test.each([
    ["the page of a proxy", "<html>Welcome to the hotel</html>"],
    ["JSON that ends early", '{"Messages":[{"Body":"a"'],
    ["no object", '"fine"'],
    ["null", "null"],
  ])("%s: it may have been done, and is asked for again", async (_name, body) => {
    const error = await ourFailure({ body });
    expect(error).toMatchObject({ name: "NetworkingError", $metadata: { httpStatusCode: 200 } });
    expect(toServiceError(error, "ReceiveMessage")).toMatchObject({ code: "NETWORK", errorClass: "network" });
  });
});

describe("an error does not repeat", () => {
  const secrets = {
    accessKeyId: "AKIAEXAMPLE",
    secretAccessKey: "wJalrXUtnFEMI/K7MDENG",
    sessionToken: "FwoGZXIvYXdzEJr//////////wEaDExample==",
  };
  const handle = "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a==";
  const config = { region: () => Promise.resolve("us-east-1"), credentials: () => Promise.resolve(secrets) };
  const client = { config, send: () => Promise.reject(new Error("is not called")) };

  /** A client of a service that repeats all it was sent, in the words of either side. */
  function create(statusCode: number): DirectClient {
    const dispatcher = new CannedDispatcher(({ headers, body }) => {
      const { Entries = [] } = JSON.parse(body) as { Entries?: object[] };
      const words = [...Object.values(headers), body, ...Entries.flatMap((entry) => Object.values(entry) as string[])];
      return refusal(statusCode, "com.amazonaws.sqs#Refused", undefined, words.join(" "));
    });
    return directClient({ client, dispatcher, maxAttempts: 1 });
  }

  const calls: ReadonlyArray<readonly [string, (direct: DirectClient) => Promise<unknown>]> = [
    [
      "deleteMessageBatch",
      (direct) => direct.deleteMessageBatch({ QueueUrl, Entries: [{ Id: "0", ReceiptHandle: handle }] }),
    ],
    [
      "changeMessageVisibilityBatch",
      (direct) =>
        direct.changeMessageVisibilityBatch({
          QueueUrl,
          Entries: [{ Id: "0", ReceiptHandle: handle, VisibilityTimeout: 30 }],
        }),
    ],
    [
      "sendMessageBatch",
      (direct) => direct.sendMessageBatch({ QueueUrl, Entries: [{ Id: "0", MessageBody: 'card "4111"' }] }),
    ],
    ["receiveMessage", (direct) => direct.receiveMessage(input)],
  ];

  test.each(calls)("credentials, receipt handles or bodies: %s", async (_name, run) => {
    for (const statusCode of [400, 503]) {
      const error = await failureOf(run(create(statusCode)));
      expect(error.message).toContain("AmazonSQS.");
      const texts = JSON.stringify([error.message, error.stack, error, toServiceError(error, "it")]);
      for (const secret of [secrets.secretAccessKey, secrets.sessionToken, handle, "4111"]) {
        expect(texts).not.toContain(secret);
      }
    }
  });
});
