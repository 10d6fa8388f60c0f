// What was thrown on one side of a thread's border, made anew on the other. Cloning an error would lose its code and class.
import { describeThrown, MillraceError, OptionError, ServiceError } from "../errors.js";

type Primitive = string | number | boolean | bigint | null | undefined;

/** Something thrown, in a form that can be cloned. */
export type PortableError =
  | { readonly isError: false; readonly value: unknown }
  | {
      readonly isError: true;
      readonly name: string;
      readonly message: string;
      readonly stack: string | undefined;
      readonly cause: PortableError | undefined;
      /** Its own properties that are primitive: `code` and the like. */
      readonly properties: Readonly<Record<string, Primitive>>;
    };

/** How many causes of causes are kept: a cause may lead back to itself. */
const MOST_CAUSES = 8;

const CLASSES: ReadonlyMap<string, { readonly prototype: Error }> = new Map(
  [
    MillraceError,
    OptionError,
    ServiceError,
    TypeError,
    RangeError,
    SyntaxError,
    ReferenceError,
    URIError,
    EvalError,
  ].map((errorClass) => [errorClass.prototype.constructor.name, errorClass]),
);

/** Never throws. What is not an error is kept if it can be cloned, and otherwise described. */
export function toPortable(thrown: unknown, causes: number = MOST_CAUSES): PortableError {
  if (!(thrown instanceof Error)) return { isError: false, value: toCloneable(thrown) };
  const { name, message, stack } = thrown;
  const hasCause = thrown.cause !== undefined && causes > 0;
  return {
    isError: true,
    name: String(name),
    message: String(message),
    stack: stack === undefined ? undefined : String(stack),
    cause: hasCause ? toPortable(thrown.cause, causes - 1) : undefined,
    properties: Object.fromEntries(Object.entries(thrown).filter(([, value]) => isPrimitive(value))),
  };
}

/** An error of the same class where it is known, and else an `Error` of the same name. */
export function fromPortable(portable: PortableError): unknown {
  if (!portable.isError) return portable.value;
  const { name, message, stack, cause, properties } = portable;
  const error = new Error(message, cause === undefined ? undefined : { cause: fromPortable(cause) });
  const known = CLASSES.get(name);
  if (known !== undefined) Object.setPrototypeOf(error, known.prototype);
  Object.assign(error, properties);
  if (error.name !== name) defineHidden(error, "name", name);
  defineHidden(error, "stack", stack);
  return error;
}

function defineHidden(error: Error, key: string, value: unknown): void {
  Object.defineProperty(error, key, { value, writable: true, configurable: true });
}

function toCloneable(value: unknown): unknown {
  if (isPrimitive(value)) return value;
  try {
    return structuredClone(value);
  } catch {
    return describeThrown(value);
  }
}

function isPrimitive(value: unknown): value is Primitive {
  return value === null || !["object", "function", "symbol"].includes(typeof value);
}
