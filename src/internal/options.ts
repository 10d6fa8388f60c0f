// Reads options one by one: the default where none came, and a clear error where one cannot be used.
import { describeThrown, OptionError } from "../errors.js";

export interface NumberRange {
  readonly min: number;
  readonly max: number;
  /** What an absent option becomes. Without it, the option must be given. */
  readonly fallback?: number;
  /** Whether a fraction is refused. */
  readonly isInteger?: boolean;
}

/**
 * Reads the options of one object. Each is read once, so that a getter cannot answer differently later; what remains
 * unread at the end is a misspelt name.
 */
export class OptionReader {
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #read = new Map<string, unknown>();
  readonly #owner: string;

  constructor(owner: string, values: unknown) {
    if (typeof values !== "object" || values === null || Array.isArray(values)) {
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
    if (!Array.isArray(value) || !value.every((entry) => typeof entry === "string" && entry !== "")) {
      throw new OptionError(name, "an array of strings", value);
    }
    return Object.freeze([...(value as string[])]);
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
    const hasMethods =
      typeof value === "object" &&
      value !== null &&
      methods.every((method) => typeof (value as Record<string, unknown>)[method] === "function");
    if (!hasMethods) throw new OptionError(name, `${what} (an object with ${methods.join(", ")})`, value);
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
    const known = [...this.#read.keys()].sort();
    for (const name of Object.keys(this.#values)) {
      if (this.#read.has(name)) continue;
      throw new OptionError(name, `one of the options of ${this.#owner} (${known.join(", ")})`, this.#value(name));
    }
  }

  #value(name: string): unknown {
    if (this.#read.has(name)) return this.#read.get(name);
    try {
      const value = this.#values[name];
      this.#read.set(name, value);
      return value;
    } catch (error) {
      throw new OptionError(name, "an option that can be read", `a getter that threw ${describeThrown(error)}`);
    }
  }
}

function describeRange({ min, max, isInteger }: NumberRange): string {
  const kind = isInteger === true ? "a whole number" : "a number";
  if (max === Infinity) return `${kind} of at least ${min}`;
  return `${kind} from ${min} to ${max}`;
}
