// What the service answers instead of a result. Names and messages are those that AWS sends; see the API reference
// of each operation, and "Common Error Types" there.

/** What an `SqsServiceError` has besides its name and message. */
export interface SqsErrorInit {
  /**
   * @defaultValue 400
   */
  readonly httpStatusCode?: number;
  /** The code of the older query protocol, where it differs from the name. */
  readonly queryCode?: string;
}

/** An error of the simulated service: the same fields as an error thrown by the SDK. */
export class SqsServiceError extends Error {
  override readonly name: string;
  /** The code of the older query protocol, which the SDK also shows: "AWS.SimpleQueueService.NonExistentQueue". */
  readonly Code: string;
  readonly $fault: "client" | "server";
  readonly $metadata: { readonly httpStatusCode: number; readonly attempts: number };

  constructor(name: string, message: string, { httpStatusCode = 400, queryCode = name }: SqsErrorInit = {}) {
    super(message);
    this.name = name;
    this.Code = queryCode;
    this.$fault = httpStatusCode >= 500 ? "server" : "client";
    this.$metadata = { httpStatusCode, attempts: 1 };
  }
}

/** The connection went away: before the work was done, or with its answer on the way. */
export class ConnectionResetError extends Error {
  override readonly name = "Error";
  readonly code = "ECONNRESET";
  readonly syscall = "read";

  constructor() {
    super("socket hang up");
  }
}

/** The caller ended its wait, in the way in which the SDK says it. */
export function requestAborted(): Error {
  const error = new Error("Request aborted");
  error.name = "AbortError";
  return error;
}

const legacy = (name: string): string => `AWS.SimpleQueueService.${name}`;

export const queueDoesNotExist = (): SqsServiceError =>
  new SqsServiceError("QueueDoesNotExist", "The specified queue does not exist.", {
    queryCode: legacy("NonExistentQueue"),
  });

export const queueDeletedRecently = (): SqsServiceError =>
  new SqsServiceError(
    "QueueDeletedRecently",
    "You must wait 60 seconds after deleting a queue before you can create another with the same name.",
    { queryCode: legacy("QueueDeletedRecently") },
  );

export const queueNameExists = (attribute: string): SqsServiceError =>
  new SqsServiceError(
    "QueueNameExists",
    `A queue already exists with the same name and a different value for attribute ${attribute}`,
    { queryCode: "QueueAlreadyExists" },
  );

export const purgeInProgress = (queueName: string): SqsServiceError =>
  new SqsServiceError(
    "PurgeQueueInProgress",
    `Only one PurgeQueue operation on ${queueName} is allowed every 60 seconds.`,
    { httpStatusCode: 403, queryCode: legacy("PurgeQueueInProgress") },
  );

export const overLimit = (limit: number): SqsServiceError =>
  new SqsServiceError("OverLimit", `Too many messages are in flight: the limit is ${limit}.`, {
    httpStatusCode: 403,
  });

export const receiptHandleIsInvalid = (handle: string): SqsServiceError =>
  new SqsServiceError("ReceiptHandleIsInvalid", `The input receipt handle "${handle}" is not a valid receipt handle.`);

/**
 * A FIFO queue refuses a handle whose receive counts no more. As an entry of a batch it is refused otherwise than alone
 * (smaskalik/sqsmover issue 54 shows an answer of the service).
 */
export class ExpiredHandleError extends SqsServiceError {
  readonly inBatch = { Code: "ReceiptHandleIsInvalid", Message: "The receipt handle has expired" } as const;

  constructor(handle: string) {
    super(
      "InvalidParameterValue",
      `Value ${handle} for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired.`,
    );
  }
}

export const invalidParameter = (message: string): SqsServiceError =>
  new SqsServiceError("InvalidParameterValue", message);

export const invalidValue = (value: unknown, parameter: string, reason: string): SqsServiceError =>
  invalidParameter(`Value ${String(value)} for parameter ${parameter} is invalid. Reason: ${reason}`);

export const missingParameter = (parameter: string): SqsServiceError =>
  new SqsServiceError("MissingParameter", `The request must contain the parameter ${parameter}.`);

export const invalidAttributeName = (name: string): SqsServiceError =>
  new SqsServiceError("InvalidAttributeName", `Unknown Attribute ${name}.`);

export const invalidAttributeValue = (name: string): SqsServiceError =>
  new SqsServiceError("InvalidAttributeValue", `Invalid value for the parameter ${name}.`);

export const invalidMessageContents = (): SqsServiceError =>
  new SqsServiceError(
    "InvalidMessageContents",
    "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | " +
      "#x10000 to #x10FFFF",
  );

export const emptyBatchRequest = (operation: string): SqsServiceError =>
  new SqsServiceError("EmptyBatchRequest", `There should be at least one ${operation}RequestEntry in the request.`, {
    queryCode: legacy("EmptyBatchRequest"),
  });

export const tooManyEntries = (limit: number, count: number): SqsServiceError =>
  new SqsServiceError(
    "TooManyEntriesInBatchRequest",
    `Maximum number of entries per request are ${limit}. You have sent ${count}.`,
    { queryCode: legacy("TooManyEntriesInBatchRequest") },
  );

export const entryIdsNotDistinct = (id: string): SqsServiceError =>
  new SqsServiceError("BatchEntryIdsNotDistinct", `Id ${id} repeated.`, {
    queryCode: legacy("BatchEntryIdsNotDistinct"),
  });

export const invalidEntryId = (): SqsServiceError =>
  new SqsServiceError(
    "InvalidBatchEntryId",
    "A batch entry id can only contain alphanumeric characters, hyphens and underscores. " +
      "It can be at most 80 letters long.",
    { queryCode: legacy("InvalidBatchEntryId") },
  );

export const batchRequestTooLong = (limit: number, size: number): SqsServiceError =>
  new SqsServiceError(
    "BatchRequestTooLong",
    `Batch requests cannot be longer than ${limit} bytes. You have sent ${size} bytes.`,
    { queryCode: legacy("BatchRequestTooLong") },
  );

export const resourceNotFound = (message: string): SqsServiceError =>
  new SqsServiceError("ResourceNotFoundException", message, { httpStatusCode: 404 });

export const requestThrottled = (): SqsServiceError =>
  new SqsServiceError("RequestThrottled", "The request was denied due to request throttling.", {
    httpStatusCode: 403,
  });

export const internalFailure = (httpStatusCode: number): SqsServiceError =>
  httpStatusCode === 503
    ? new SqsServiceError("ServiceUnavailable", "The request has failed due to a temporary failure of the server.", {
        httpStatusCode,
      })
    : new SqsServiceError("InternalFailure", "We encountered an internal error. Please try again.", { httpStatusCode });

export const notSimulated = (what: string): SqsServiceError =>
  new SqsServiceError("UnsupportedOperation", `${what} is not simulated yet.`, {
    queryCode: legacy("UnsupportedOperation"),
  });
