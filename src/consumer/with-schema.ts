// A handler of parsed and validated bodies.
import { MillraceError, OptionError } from "../errors.js";
import type { Message } from "../sqs/message.js";
import type { HandlerContext } from "./context.js";
import type { Handler } from "./handler.js";
import { traitsOf, withTraits } from "./handler-life.js";
import type { StandardSchema, StandardSchemaIssue } from "./standard-schema.js";

/** A handler that is called with the validated body, and the message it came in last. */
export type SchemaHandler<Body, Resource = unknown> = (
  body: Body,
  context: HandlerContext<Resource>,
  message: Message,
) => unknown;

/**
 * Parses each message's body as JSON and validates it before the handler sees it. A body that is missing, is not JSON or
 * does not fit the schema fails with `MESSAGE_INVALID`, which is a failure like any other: the retry policy decides, and a
 * queue with a redrive policy moves the message to its dead letters in the end. To move it there at once, have the policy
 * return `deadLetter()` for that code.
 *
 * @param schema - A validator that follows Standard Schema: zod, valibot, arktype and others.
 * @throws OptionError when `schema` is not such a validator.
 */
export function withSchema<Body, Resource = unknown>(
  schema: StandardSchema<Body>,
  handler: SchemaHandler<Body, Resource>,
): Handler<Message, Resource> {
  const standard = standardOf<Body>(schema);
  if (standard === undefined) {
    throw new OptionError("schema", "a validator that follows Standard Schema", schema);
  }
  if (typeof handler !== "function") throw new OptionError("handler", "a function", handler);
  const validated: Handler<Message, Resource> = async (message, context) => {
    const validation = await standard.validate(parseBody(message));
    if (typeof validation !== "object" || validation === null)
      throw new TypeError("The schema has answered with nothing.");
    if (validation.issues !== undefined) throw createInvalidError(validation.issues);
    return handler(validation.value, context, message);
  };
  return withTraits(validated, traitsOf(handler));
}

/** What a validator has of the standard; undefined when it has nothing of it. */
function standardOf<Body>(schema: unknown): StandardSchema<Body>["~standard"] | undefined {
  try {
    const standard = (schema as Partial<StandardSchema<Body>> | undefined)?.["~standard"];
    return typeof standard?.validate === "function" ? standard : undefined;
  } catch {
    return undefined;
  }
}

function parseBody({ Body }: Message): unknown {
  if (typeof Body !== "string") throw new MillraceError("MESSAGE_INVALID", "The message has no body.");
  try {
    return JSON.parse(Body);
  } catch {
    // The parser's own error quotes the body, which is not ours to show.
    throw new MillraceError("MESSAGE_INVALID", "The message's body is not JSON.");
  }
}

/** So many places are named, each with so many letters: they are names of properties, and those of a body can be anything. */
const MOST_PLACES = 10;
const LONGEST_PLACE = 100;

/**
 * Says where the body does not fit. What is wrong there has to be asked for: validators quote the body, and an error with its
 * cause is written to logs. A getter is not.
 */
function createInvalidError(issues: readonly StandardSchemaIssue[]): MillraceError {
  const named = [...new Set(issues.map(toPlace))].filter((place) => place !== "").slice(0, MOST_PLACES);
  const where = named.length > 0 ? ` at ${named.join(", ")}` : "";
  const error = new MillraceError("MESSAGE_INVALID", `The message's body does not fit its schema${where}.`);
  Object.defineProperty(error, "cause", { get: () => issues, configurable: true });
  return error;
}

function toPlace({ path = [] }: StandardSchemaIssue): string {
  const place = path.map((step) => String(typeof step === "object" ? step.key : step)).join(".");
  return place.slice(0, LONGEST_PLACE).replace(/\p{Cc}/gu, " ");
}
