// Every error that millrace makes: one base class, a code that stays, and the cause.

/**
 * The code of every error millrace makes. A code keeps its meaning within a major version; the text of a message may
 * change. `docs/errors.md` says what to do about each.
 */
export type ErrorCode =
  | "ACCESS_DENIED"
  | "ACKNOWLEDGEMENT_LOST"
  | "BATCH_ANSWER_INVALID"
  | "BATCH_KEY_FAILED"
  | "CLIENT_MISSING"
  | "CONSUMER_CANCELLED"
  | "CREDENTIALS_MISSING"
  | "CREDENTIALS_REFUSED"
  | "DEAD_LETTER_FAILED"
  | "DEAD_LETTER_QUEUE_UNKNOWN"
  | "DISCOVERY_FAILED"
  | "EARLIER_NOT_DONE"
  | "EVENT_INVALID"
  | "HANDLER_MODULE_INVALID"
  | "HANDLER_OVERDUE"
  | "HANDLER_STUCK"
  | "HANDLER_TIMEOUT"
  | "IN_USE"
  | "INTERNAL"
  | "INVOCATION_DEADLINE"
  | "JOB_FAILED"
  | "JOB_HALTED"
  | "LEASE_EXTENSION_FAILED"
  | "LEASE_LOST"
  | "LISTENER_FAILED"
  | "MESSAGE_INVALID"
  | "NETWORK"
  | "NOT_CLONEABLE"
  | "OPTION_INVALID"
  | "PEER_MISSING"
  | "QUEUE_NOT_FOUND"
  | "REGION_MISSING"
  | "REQUEST_FAILED"
  | "REQUEST_TIMEOUT"
  | "RETRY_POLICY_FAILED"
  | "RUNNER_FAILED"
  | "RUNTIME_API_FAILED"
  | "SDK_MISSING"
  | "SERVICE_UNAVAILABLE"
  | "SETTLEMENT_FAILED"
  | "STOPPED"
  | "THREAD_CRASHED"
  | "THREAD_ENDED"
  | "THREAD_OUT_OF_MEMORY"
  | "THROTTLED"
  | "TENANT_FAILED"
  | "VHOST_REFUSED"
  | "WEIGHT_FAILED"
  | "WORKER_START_FAILED"
  | "WORKER_STOP_FAILED";

/** The base of every error millrace throws, rejects with, or reports as an `error` event. */
export class MillraceError extends Error {
  /** The name of the class. */
  override readonly name: string = "MillraceError";
  /** What went wrong, in a form to branch on. */
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options !== undefined && "cause" in options ? { cause: options.cause } : undefined);
    this.code = code;
  }
}

/** An option that cannot be used. Thrown by constructors and functions that take options, before anything started. */
export class OptionError extends MillraceError {
  override readonly name: string = "OptionError";
  /** The option's name, such as `visibilityTimeoutSeconds`. */
  readonly option: string;
  /** What the option must be. */
  readonly expected: string;
  /** What came instead, in words. Strings are shortened, and objects only named by their type. */
  readonly received: string;

  constructor(option: string, expected: string, received: unknown) {
    const { owner, described } = isInstance(received, Restated)
      ? received
      : { owner: "", described: describeValue(received) };
    super("OPTION_INVALID", `${owner}Option ${option}: expected ${expected}, got ${described}.`);
    this.option = option;
    this.expected = expected;
    this.received = described;
  }

  /** @internal The same, said of an option of an option. */
  within(name: string): OptionError {
    const option = this.option === "options" ? name : `${name}.${this.option}`;
    return new OptionError(option, this.expected, new Restated("", this.received));
  }

  /** @internal The same, said of one of several that have such an option. */
  of(owner: string): OptionError {
    return new OptionError(this.option, this.expected, new Restated(`${owner}: `, this.received));
  }
}

/** What came, where it is in words already, and whose option it is. */
class Restated {
  readonly owner: string;
  readonly described: string;

  constructor(owner: string, described: string) {
    this.owner = owner;
    this.described = described;
  }
}

/** What came, for an `OptionError`, in words instead of the value. */
export function inWords(described: string): unknown {
  return new Restated("", described);
}

/** How an error of the service is to be taken: whether trying again can help, and after how long. */
export type ServiceErrorClass = "fatal" | "credentials" | "throttled" | "network" | "service" | "request";

/** A request to the source of messages that failed. */
export class ServiceError extends MillraceError {
  override readonly name: string = "ServiceError";
  /** How the failure is to be taken. `fatal` will not go away by itself; all others are tried again. */
  readonly errorClass: ServiceErrorClass;
  /** The operation that failed, such as `ReceiveMessage`. */
  readonly operation: string;

  constructor(
    code: ErrorCode,
    message: string,
    details: { errorClass: ServiceErrorClass; operation: string; cause?: unknown },
  ) {
    super(code, message, details);
    this.errorClass = details.errorClass;
    this.operation = details.operation;
  }
}

/** How much of a text is shown. */
const LONGEST_TEXT = 57;
/** How much is shown of what was thrown: mostly a sentence or two. */
const LONGEST_THROWN = 400;

/** Says in a few words what a value is, without showing what an object holds. */
export function describeValue(value: unknown): string {
  if (typeof value === "string") return quote(value.length > LONGEST_TEXT + 3 ? shorten(value, LONGEST_TEXT) : value);
  if (value === null || value === undefined) return String(value);
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (typeof value === "bigint") return shorten(`${value}n`, LONGEST_TEXT);
  if (typeof value === "function") return "a function";
  if (typeof value === "symbol") return "a symbol";
  return isList(value) ? "an array" : "an object";
}

/** Says what was thrown, on one line. Anything can be, even what cannot be made into a string. */
export function describeThrown(thrown: unknown): string {
  try {
    return shorten(String(thrown), LONGEST_THROWN).replace(/\p{Cc}+/gu, " ");
  } catch {
    return describeValue(thrown);
  }
}

/** `instanceof`, which throws for what only pretends to be an object. */
export function isInstance<Type>(value: unknown, type: abstract new (...parts: never) => Type): value is Type {
  try {
    return value instanceof type;
  } catch {
    return false;
  }
}

/** In quotation marks, with everything escaped that a terminal would obey, or that would forge a line of a log. */
function quote(text: string): string {
  const shown = text.replace(/:\/\/[^/\s]*@/gu, "://…@"); // A URL can have a password.
  const escape = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return JSON.stringify(shown).replace(/\p{Cc}/gu, escape);
}

function shorten(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most)}...` : text;
}

/** `Array.isArray` throws for a proxy that was revoked. */
function isList(value: unknown): boolean {
  try {
    return Array.isArray(value);
  } catch {
    return false;
  }
}
