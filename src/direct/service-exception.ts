// Errors that the service answers with, as the SDK gives them: by its names, and of its classes where it is installed.
import { loadSdk, type Sdk } from "../sqs/sdk.js";
import { withoutSecrets } from "../sqs/service-errors.js";
import type { Answer } from "./exchange.js";

/** What the service's errors are made from. */
interface ErrorParts {
  readonly name: string;
  readonly message: string;
  readonly $fault: "client" | "server";
  readonly $metadata: { readonly httpStatusCode: number; readonly requestId?: string; readonly attempts: number };
}

/** Codes of the older query protocol, in `x-amzn-query-error`, whose errors have other names; from the model of SQS. */
const NAMES_BY_CODE: Readonly<Record<string, string>> = {
  "AWS.SimpleQueueService.NonExistentQueue": "QueueDoesNotExist",
  QueueAlreadyExists: "QueueNameExists",
  "KMS.AccessDeniedException": "KmsAccessDenied",
  "KMS.DisabledException": "KmsDisabled",
  "KMS.InvalidKeyUsageException": "KmsInvalidKeyUsage",
  "KMS.InvalidStateException": "KmsInvalidState",
  "KMS.NotFoundException": "KmsNotFound",
  "KMS.OptInRequired": "KmsOptInRequired",
  "KMS.ThrottlingException": "KmsThrottled",
};
const CODE_PREFIX = "AWS.SimpleQueueService.";

/** What was sent, and how often. */
export interface RefusedRequest {
  readonly attempts: number;
  /** Taken out of the error's message: the service may repeat what it was sent. */
  readonly secrets: readonly string[];
}

/** Makes a refusal into an error. */
export async function toServiceException(answer: Answer, { attempts, secrets }: RefusedRequest): Promise<Error> {
  const { statusCode, headers } = answer;
  const body = parseErrorBody(answer.text);
  const [code, type] = readHeader(headers["x-amzn-query-error"])?.split(";") ?? [];
  const identifier = code ?? readHeader(headers["x-amzn-errortype"]) ?? textOf(body["__type"]) ?? textOf(body["code"]);
  const requestId = readHeader(headers["x-amzn-requestid"]);
  const message = textOf(body["message"]) ?? textOf(body["Message"]) ?? "UnknownError";
  const parts: ErrorParts = {
    name: identifier === undefined ? "Unknown" : cleanName(identifier),
    message: withoutSecrets(message, secrets),
    $fault: statusCode < 500 ? "client" : "server",
    $metadata: { httpStatusCode: statusCode, ...(requestId !== undefined && { requestId }), attempts },
  };
  const error = createException(parts, await loadSdk().catch(() => undefined));
  return Object.assign(error, code !== undefined && { Code: code }, type !== undefined && { Type: type });
}

function createException(parts: ErrorParts, sdk: Sdk | undefined): Error {
  const { name, message, $metadata } = parts;
  const modelled = NAMES_BY_CODE[name] ?? (name.startsWith(CODE_PREFIX) ? name.slice(CODE_PREFIX.length) : name);
  const Base = sdk?.SQSServiceException;
  if (Base === undefined) return Object.assign(new Error(message), { ...parts, name: modelled });
  const Class = (sdk as unknown as Record<string, unknown>)[modelled];
  if (typeof Class === "function" && Class.prototype instanceof Base) {
    return new (Class as new (options: object) => Error)({ message, $metadata });
  }
  return new Base(parts);
}

/** The name without its namespace before `#`, and without the address that some services put behind `:`. */
function cleanName(identifier: string): string {
  const [beforeAddress = ""] = identifier.split(/[,:]/u);
  return beforeAddress.slice(beforeAddress.indexOf("#") + 1);
}

/** Whatever is no JSON object, such as the page of a proxy, says nothing. */
function parseErrorBody(text: string): Readonly<Record<string, unknown>> {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === "object" && body !== null ? (body as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function readHeader(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
