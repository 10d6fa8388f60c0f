// What goes to a thread and back is copied by the structured clone algorithm. This finds what it refused.
import { MillraceError } from "../errors.js";

interface Obstacle {
  /** Where it is: `message.body.onDone`. */
  readonly path: string;
  /** What it is: `a function`. */
  readonly what: string;
}

/**
 * What in `value` cannot be cloned, as an error; undefined when all of it can.
 *
 * @param path - What the value is called in the message.
 */
export function findCloneError(value: unknown, path: string, cause: unknown): MillraceError | undefined {
  const obstacle = findObstacle(value, path, new Set());
  if (obstacle === undefined) return undefined;
  const text = `This cannot be copied between threads: ${obstacle.path}, ${obstacle.what}.`;
  return new MillraceError("NOT_CLONEABLE", text, { cause });
}

/** Looks into what is cloned part by part, in the same order. */
function findObstacle(value: unknown, path: string, seen: Set<unknown>): Obstacle | undefined {
  if (typeof value === "function" || typeof value === "symbol") return { path, what: `a ${typeof value}` };
  if (typeof value !== "object" || value === null || seen.has(value)) return undefined;
  seen.add(value);
  if (canClone(value)) return undefined;
  for (const [step, read] of partsOf(value)) {
    const obstacle = lookInto(read, `${path}${step}`, seen);
    if (obstacle !== undefined) return obstacle;
  }
  return { path, what: describeObject(value) };
}

function lookInto(read: () => unknown, path: string, seen: Set<unknown>): Obstacle | undefined {
  let part: unknown;
  try {
    part = read();
  } catch {
    return { path, what: "a getter that throws" };
  }
  return findObstacle(part, path, seen);
}

function canClone(value: unknown): boolean {
  try {
    structuredClone(value);
    return true;
  } catch {
    return false;
  }
}

/** The parts of a container: the step that leads to each, and how to read it. */
function* partsOf(value: object): Generator<readonly [step: string, read: () => unknown]> {
  if (value instanceof Map) {
    for (const [key, part] of value as ReadonlyMap<unknown, unknown>) {
      yield [" (a key)", () => key];
      yield [`.get(${describeKey(key)})`, () => part];
    }
  } else if (value instanceof Set) {
    for (const part of value as ReadonlySet<unknown>) yield [" (an element)", () => part];
  }
  for (const key of Object.keys(value)) {
    yield [Array.isArray(value) ? `[${key}]` : `.${key}`, () => (value as Record<string, unknown>)[key]];
  }
}

function describeKey(key: unknown): string {
  return typeof key === "string" || typeof key === "number" ? JSON.stringify(key) : `a key that is a ${typeof key}`;
}

function describeObject(value: object): string {
  const name = (value as { readonly constructor?: { readonly name?: unknown } }).constructor?.name;
  return typeof name === "string" && name !== "" && name !== "Object" ? `an object of class ${name}` : "an object";
}
