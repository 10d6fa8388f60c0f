// Reads options one by one: the default where none came, and a clear error where one cannot be used.
import { types } from "node:util";
import { describeThrown, inWords, OptionError } from "../errors.js";
import { describeNames } from "./nearest-name.js";

export interface NumberRange {
  readonly min: number;
  readonly max: number;
  /** What an absent option becomes. Without it, the option must be given. */
  readonly fallback?: number;
  /** Whether a fraction is refused. */
  readonly isInteger?: boolean;
}

/** The longest list that is read. What is longer was not written by anybody: it may be all holes. */
const LONGEST_LIST = 100_000;

/**
 * Reads the options of one object. Each is read once, so that a getter cannot answer differently later; what remains
 * unread at the end is a misspelt name. What `Object.prototype` has is no option, whoever has put it there.
 */
export class OptionReader {
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #read = new Map<string, unknown>();
  readonly #owner: string;

  constructor(owner: string, values: unknown) {
    if (!mayHoldOptions(values)) {
      throw new OptionError("options", `an object with the options of ${owner}`, values);
    }
    this.#owner = owner;
    this.#values = values as Record<string, unknown>;
  }

  /** Whether the option was given. */
  has(name: string): boolean {
    return this.#value(name) !== undefined;
  }

  number(name: string, range: NumberRange): number {
    const value = this.#value(name);
    if (value === undefined && range.fallback !== undefined) return range.fallback;
    const isInRange = typeof value === "number" && value >= range.min && value <= range.max;
    if (!isInRange || (range.isInteger === true && !Number.isInteger(value) && value !== Infinity)) {
      throw new OptionError(name, describeRange(range), value);
    }
    return value;
  }

  integer(name: string, range: NumberRange): number {
    return this.number(name, { ...range, isInteger: true });
  }

  boolean(name: string, fallback: boolean): boolean {
    const value = this.#value(name);
    if (value === undefined) return fallback;
    if (typeof value !== "boolean") throw new OptionError(name, "true or false", value);
    return value;
  }

  string(name: string, fallback?: string): string {
    const value = this.#value(name);
    if (value === undefined && fallback !== undefined) return fallback;
    if (typeof value !== "string" || value === "") throw new OptionError(name, "a string that is not empty", value);
    return value;
  }

  strings(name: string, fallback: readonly string[]): readonly string[] {
    const value = this.#value(name);
    if (value === undefined) return fallback;
    const strings = copyList(value);
    if (strings?.every((entry) => typeof entry === "string" && entry !== "") !== true) {
      throw new OptionError(name, "an array of strings", value);
    }
    return Object.freeze(strings as string[]);
  }

  /** A function, or undefined when the option was not given. */
  function<Callable>(name: string): Callable | undefined {
    const value = this.#value(name);
    if (value === undefined) return undefined;
    if (typeof value !== "function") throw new OptionError(name, "a function", value);
    return value as Callable;
  }

  /** An object that has these methods, or undefined when the option was not given. */
  object<Shape extends object>(
    name: string,
    what: string,
    methods: ReadonlyArray<keyof Shape & string>,
  ): Shape | undefined {
    const value = this.#value(name);
    if (value === undefined) return undefined;
    if (!hasMethods(value, methods))
      throw new OptionError(name, `${what} (an object with ${methods.join(", ")})`, value);
    return value as Shape;
  }

  /** The option as it came; the caller validates it. */
  raw(name: string): unknown {
    return this.#value(name);
  }

  /** The given options whose names are known to `names`, for another reader. */
  pick(names: readonly string[]): Record<string, unknown> {
    const picked: Record<string, unknown> = {};
    for (const name of names) if (this.has(name)) picked[name] = this.#value(name);
    return picked;
  }

  /** Refuses options that nobody has read: they are misspelt, or belong elsewhere. */
  finish(): void {
    for (const name of this.#names()) {
      if (this.#read.has(name)) continue;
      const known = [...this.#read.keys()].sort();
      const expected = describeNames(`options of ${this.#owner}`, name, known);
      throw new OptionError(name, expected, hideText(this.#value(name)));
    }
  }

  #names(): string[] {
    try {
      return Object.keys(this.#values);
    } catch (error) {
      const received = `an object that threw ${describeThrown(error)}`;
      throw new OptionError("options", `an object with the options of ${this.#owner}`, inWords(received));
    }
  }

  #value(name: string): unknown {
    if (this.#read.has(name)) return this.#read.get(name);
    try {
      const isForeign = name in Object.prototype && !Object.hasOwn(this.#values, name);
      const value = isForeign ? undefined : this.#values[name];
      this.#read.set(name, value);
      return value;
    } catch (error) {
      throw new OptionError(
        name,
        "an option that can be read",
        inWords(`a getter that threw ${describeThrown(error)}`),
      );
    }
  }
}

function describeRange({ min, max, isInteger }: NumberRange): string {
  const kind = isInteger === true ? "a whole number" : "a number";
  if (max === Infinity) return `${kind} of at least ${min}`;
  return `${kind} from ${min} to ${max}`;
}

/** What is no list or builtin: a map or a promise that was given by mistake has no options, and would count as none. */
function mayHoldOptions(value: unknown): boolean {
  if (typeof value !== "object" || value === null || copyList(value) !== undefined) return false;
  const { isAnyArrayBuffer, isArrayBufferView, isBoxedPrimitive, isDate, isMap, isSet } = types;
  const { isNativeError, isPromise, isRegExp, isWeakMap, isWeakSet } = types;
  const isBuiltin =
    isMap(value) || isSet(value) || isWeakMap(value) || isWeakSet(value) || isPromise(value) || isNativeError(value);
  const isData = isDate(value) || isRegExp(value) || isAnyArrayBuffer(value) || isArrayBufferView(value);
  return !isBuiltin && !isData && !isBoxedPrimitive(value);
}

/** The entries of a list, holes included; undefined when it is none, or cannot be read. */
export function copyList(value: unknown): unknown[] | undefined {
  try {
    return Array.isArray(value) && value.length <= LONGEST_LIST ? Array.from<unknown>(value) : undefined;
  } catch {
    return undefined;
  }
}

/** Whether it is an object with these methods. */
export function hasMethods(value: unknown, methods: readonly string[]): boolean {
  if (typeof value !== "object" || value === null) return false;
  try {
    return methods.every((method) => typeof (value as Record<string, unknown>)[method] === "function");
  } catch {
    return false;
  }
}

/** What was given by a name that nobody knows may be a password. */
function hideText(value: unknown): unknown {
  return typeof value === "string" ? inWords(`a string of ${value.length} characters`) : value;
}
