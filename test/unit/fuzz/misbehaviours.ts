// What functions of users do that they should not: all the ways of answering, throwing and never ending.
import { ack, retry } from "millrace";

/** A way of misbehaving. It is a function's body; `isFailure` says whether it is a handler's failure. */
export interface Misbehaviour {
  readonly name: string;
  readonly act: () => unknown;
  /** What it is as a handler: it has failed, it is done, or it never ends. */
  readonly asHandler: "failed" | "done" | "endless";
}

/** Throws whatever it is. */
function raise(thrown: unknown): never {
  throw thrown;
}

function reject(reason: unknown): Promise<never> {
  return new Promise((_resolve, rejectIt) => {
    Reflect.apply(rejectIt, undefined, [reason]);
  });
}

/** Throws at any look at it, but for `then`, so that it comes through a promise. */
function hostile(): object {
  const refuse = (): never => raise(new Error("do not look"));
  const get = (_target: object, name: PropertyKey): undefined => (name === "then" ? undefined : refuse());
  return new Proxy({}, { get, has: refuse, ownKeys: refuse, getPrototypeOf: refuse, getOwnPropertyDescriptor: refuse });
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

function cyclic(): object {
  const one: Record<string, unknown> = {};
  one["self"] = one;
  return one;
}

/** An error that cannot be asked what it is. */
function mute(): Error {
  const refuse = { get: () => raise(new Error("no message")) };
  return Object.defineProperties(new Error("mute"), { message: refuse, name: refuse, stack: refuse, cause: refuse });
}

function thenable(then: (resolve: (value?: unknown) => void, reject: (reason: unknown) => void) => unknown): object {
  // oxlint-disable-next-line unicorn/no-thenable -- As others make them.
  return { then };
}

/** A promise whose own `then` does what it likes. */
function oddPromise(then: unknown): Promise<unknown> {
  // oxlint-disable-next-line unicorn/no-thenable -- As instrumentation does.
  return Object.defineProperty(Promise.resolve(), "then", { value: then });
}

class BrokenPromise extends Promise<unknown> {
  override catch(): never {
    throw new Error("no catch");
  }
}

const THROWN: ReadonlyArray<readonly [name: string, make: () => unknown]> = [
  ["an error", () => new Error("thrown")],
  ["undefined", () => undefined],
  ["null", () => null],
  ["a frozen error", () => Object.freeze(new Error("frozen"))],
  ["an error that cannot be read", mute],
  ["an object without a prototype", () => Object.create(null) as object],
  ["a revoked proxy", revoked],
  ["an object that throws at any look", hostile],
  ["a cyclic object", cyclic],
  ["a text of a megabyte", () => "x".repeat(1_048_576)],
  ["a symbol", () => Symbol("thrown")],
  [
    "an error that is its own cause",
    () => {
      const error = new Error("cyclic");
      error.cause = error;
      return error;
    },
  ],
];

const RETURNED: ReadonlyArray<readonly [name: string, asHandler: Misbehaviour["asHandler"], make: () => unknown]> = [
  ["NaN", "done", () => Number.NaN],
  ["minus one", "done", () => -1],
  ["infinity", "done", () => Infinity],
  ["a symbol", "done", () => Symbol("returned")],
  ["a text", "done", () => "text"],
  ["an object without a prototype", "done", () => Object.create(null) as object],
  ["a cyclic object", "done", cyclic],
  ["an object that throws at any look", "done", hostile],
  ["a function", "done", () => () => 5],
  ["what looks like an outcome", "done", () => ({ kind: "retry", afterSeconds: 5 })],
  ["an outcome of no known kind", "failed", () => ({ ...ack(5), kind: "explode" })],
  [
    "an outcome with a delay that is none",
    "failed",
    () => ({ ...retry({ afterSeconds: 5 }), afterSeconds: Number.NaN }),
  ],
  ["an outcome with a pause that is none", "failed", () => ({ ...retry({ afterSeconds: 5 }), pause: "all" })],
  ["a promise of a promise", "done", () => Promise.resolve(Promise.resolve(5))],
  ["a thenable that throws", "failed", () => thenable(() => raise(new Error("no")))],
  [
    "a thenable that calls back, and throws",
    "done",
    () =>
      thenable((resolve) => {
        resolve(5);
        raise(new Error("late"));
      }),
  ],
  [
    "a thenable that calls back twice",
    "done",
    () =>
      thenable((resolve) => {
        resolve(5);
        resolve(6);
      }),
  ],
  [
    "a thenable that resolves and rejects",
    "done",
    () =>
      thenable((resolve, fail) => {
        resolve(5);
        fail(new Error("late"));
      }),
  ],
  ["a thenable that never calls back", "endless", () => thenable(() => undefined)],
  [
    "an object whose then throws when it is read",
    "failed",
    // oxlint-disable-next-line unicorn/no-thenable -- As others make them.
    () => Object.defineProperty({}, "then", { get: () => raise(new Error("no")) }),
  ],
  ["a promise whose then throws", "failed", () => oddPromise(() => raise(new Error("no")))],
  [
    "a promise whose then calls back twice",
    "done",
    () =>
      oddPromise((resolve: () => void) => {
        resolve();
        resolve();
      }),
  ],
  ["a promise whose then is no function", "done", () => oddPromise(5)],
  ["a promise of a class whose catch throws", "failed", () => BrokenPromise.reject(new Error("broken"))],
  ["a promise that never settles", "endless", () => new Promise(() => undefined)],
];

export const misbehaviours: readonly Misbehaviour[] = [
  ...THROWN.map(([what, make]): Misbehaviour => ({
    name: `throws ${what}`,
    act: () => raise(make()),
    asHandler: "failed",
  })),
  ...THROWN.map(([what, make]): Misbehaviour => ({
    name: `rejects with ${what}`,
    act: () => reject(make()),
    asHandler: "failed",
  })),
  ...RETURNED.map(([what, asHandler, make]): Misbehaviour => ({ name: `returns ${what}`, act: make, asHandler })),
];
