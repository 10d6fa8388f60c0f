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
  if (Body === undefined) throw new MillraceError("MESSAGE_INVALID", "The message has no body.");
  try {
    return JSON.parse(Body);
  } catch {
    // The parser's own error quotes the body, which is not ours to show.
    throw new MillraceError("MESSAGE_INVALID", "The message's body is not JSON.");
  }
}

/** Says where the body does not fit. What is wrong there is in the cause only: validators quote the body, too. */
function createInvalidError(issues: readonly StandardSchemaIssue[]): MillraceError {
  const places = issues.map(({ path = [] }) =>
    path.map((step) => String(typeof step === "object" ? step.key : step)).join("."),
  );
  const named = [...new Set(places)].filter((place) => place !== "");
  const where = named.length > 0 ? ` at ${named.join(", ")}` : "";
  return new MillraceError("MESSAGE_INVALID", `The message's body does not fit its schema${where}.`, { cause: issues });
}
