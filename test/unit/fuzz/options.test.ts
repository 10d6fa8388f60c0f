// Whatever options are, they are taken as documented, or refused with an error that says which, what was expected and what
// came. Nothing else is thrown, nothing is begun, and nothing of the process is changed by them.
import { fc } from "@fast-check/vitest";
import * as millrace from "millrace";
import { Consumer, ConsumerGroup, deadLetter, drop, inBatches, MemoryRunner, OptionError, withSchema } from "millrace";
import * as direct from "millrace/direct";
import * as lambda from "millrace/lambda";
import * as rabbitmq from "millrace/rabbitmq";
import * as testing from "millrace/testing";
import * as threads from "millrace/threads";
import { afterEach, describe, expect, it } from "vitest";
import { namesOf, refusalOf, requiredOf, subjects } from "./subjects.js";

const SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const LONG = SECRET.repeat(1_000);
const ENTRY_POINTS = { millrace, direct, lambda, rabbitmq, testing, threads };

/** What takes no options: it is given a reason, a value, or is a class of errors. */
const WITHOUT_OPTIONS = new Set([
  "ack",
  "deadLetter",
  "drop",
  "release",
  "withSchema",
  "MillraceError",
  "OptionError",
  "ServiceError",
  "Harvester", // Its options are for runners of others: it checks nothing.
  // Tools of tests.
  "VirtualClock",
  "seededRandom",
  "ConnectionResetError",
  "SqsServiceError",
  "LambdaRuntimeApi",
  "createSqsEvent",
  "workerContract",
  "runnerContract",
  "inRealTime",
  "inVirtualTime",
]);

const nastyObject = (): object =>
  new Proxy(
    {},
    {
      get: () => {
        throw new Error(LONG);
      },
      has: () => true,
      ownKeys: () => {
        throw new Error(LONG);
      },
      getPrototypeOf: () => {
        throw new Error(LONG);
      },
    },
  );

const revoked = (): object => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
};

const revokedList = (): object => {
  const { proxy, revoke } = Proxy.revocable([], {});
  revoke();
  return proxy;
};

const EDGES: readonly unknown[] = [
  null,
  Number.NaN,
  Infinity,
  -Infinity,
  -0,
  0.5,
  1e308,
  2 ** 53,
  -1,
  "",
  "0",
  "\u0000",
  "\uD800",
  "\u001B[31m\nforged: line",
  LONG,
  1n,
  true,
  Symbol("s"),
  Symbol.iterator,
  [],
  [undefined],
  [[]],
  [null],
  [SECRET, 5],
  {},
  Object.create(null),
  new Date(Number.NaN),
  new Map(),
  new Error(SECRET),
  Promise.resolve(5),
  () => 5,
  Map,
  Object(5),
  Object("5"),
  new Proxy(() => undefined, {}),
  new Array(3),
  { length: 3 },
  { valueOf: () => 5 },
  {
    toString: () => {
      throw new Error(LONG);
    },
    [Symbol.toPrimitive]: () => {
      throw new Error(LONG);
    },
    get [Symbol.toStringTag]() {
      throw new Error(LONG);
    },
  },
];

/** Made late, as some cannot even be looked at. */
const edges: ReadonlyArray<() => unknown> = [...EDGES.map((value) => () => value), nastyObject, revoked, revokedList];

/** Values of all types. */
const anything: fc.Arbitrary<() => unknown> = fc.oneof(
  fc.constantFrom(...edges),
  fc
    .oneof(
      fc.double(),
      fc.integer(),
      fc.string(),
      fc.anything({ withNullPrototype: true, withBigInt: true, withDate: true, withMap: true, withSparseArray: true }),
    )
    .map((value) => () => value),
);

/** The error that a refusal must be. Called so often that it has no `expect` of its own. */
function assertClear(error: unknown): OptionError {
  if (!(error instanceof OptionError))
    throw new Error("something else than an OptionError was thrown", { cause: error });
  const { code, option, expected, received, message } = error;
  const isComplete = [option, expected, received].every((text) => typeof text === "string" && text !== "");
  const isSaid = message.endsWith(`Option ${option}: expected ${expected}, got ${received}.`);
  // On one line, in letters that a terminal does not obey.
  const isHarmless = message.length < 2_000 && !/[\p{Cc}\p{Cs}]/u.test(message);
  if (code === "OPTION_INVALID" && isComplete && isSaid && isHarmless) return error;
  throw new Error(`it is not told clearly: ${message}`);
}

describe.each(subjects.map((subject) => [subject.name, subject] as const))("%s", (_name, subject) => {
  const { good, prefix = "" } = subject;

  it("has names for its options, and all of them are tried", async () => {
    const names = await namesOf(subject);
    expect(names.length).toBeGreaterThan(0);
    const given = Object.keys(good).filter((name) => good[name] !== undefined);
    expect(names).toEqual(expect.arrayContaining(given));
  });

  it("takes what is good", async () => {
    expect(await refusalOf(subject, { ...good })).toBeUndefined();
    expect(await refusalOf(subject, requiredOf(subject))).toBeUndefined();
    expect(await refusalOf(subject, Object.assign(Object.create(null) as object, good))).toBeUndefined();
  });

  it("takes or refuses each option by its name, whatever it is, and begins nothing", async () => {
    const names = await namesOf(subject);
    const before = process.getActiveResourcesInfo().length;
    for (const make of edges) {
      for (const name of names) {
        const error = await refusalOf(subject, { ...requiredOf(subject), [name]: make() });
        if (error !== undefined) assertClear(error);
      }
    }
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...names), anything, fc.boolean(), async (name, make, isAmongOthers) => {
        const others = isAmongOthers ? good : requiredOf(subject);
        const error = await refusalOf(subject, { ...others, [name]: make() });
        if (error !== undefined) assertClear(error);
      }),
      { numRuns: 60 },
    );
    expect(process.getActiveResourcesInfo().length).toBeLessThanOrEqual(before);
  });

  it("names the option whose getter throws, and cuts what it has thrown", async () => {
    for (const name of await namesOf(subject)) {
      const options = Object.defineProperty({ ...requiredOf(subject) }, name, {
        enumerable: true,
        get: () => {
          throw new Error(LONG);
        },
      });
      const refusal = assertClear(await refusalOf(subject, options));
      expect(refusal.option).toBe(prefix + name);
      expect(refusal.received).toMatch(/^a getter that threw Error: /u);
    }
  });

  it("reads each option once, and what becomes of it later does nothing", async () => {
    const reads = new Map<PropertyKey, number>();
    const { proxy, revoke } = Proxy.revocable(
      { ...good },
      {
        get: (target, name) => {
          reads.set(name, (reads.get(name) ?? 0) + 1);
          return (target as Record<PropertyKey, unknown>)[name];
        },
      },
    );
    expect(await refusalOf(subject, proxy)).toBeUndefined();
    revoke();
    expect([...reads].filter(([, count]) => count > 1)).toEqual([]);
  });

  it("refuses what is no options at all", async () => {
    const none = [null, 5, "5", true, Symbol("s"), [], () => 5, 1n];
    const alien: readonly unknown[] = [
      new Map(),
      new Set(),
      new Date(),
      Promise.resolve(),
      /a/u,
      new Error("no"),
      new Uint8Array(1),
      Object(5),
    ];
    const all: readonly unknown[] = [...none, ...alien, revoked(), revokedList(), nastyObject()];
    for (const options of all) {
      assertClear(await refusalOf(subject, options));
    }
  });

  it("refuses a name that it does not know, without showing what came", async () => {
    const strange = ["secretAccessKey", "constructor", "toString", "hasOwnProperty", "prototype", " ", "0"];
    for (const name of strange) {
      const refusal = assertClear(await refusalOf(subject, { ...requiredOf(subject), [name]: SECRET }));
      expect(refusal.option).toBe(prefix + name);
      expect(refusal.message).not.toContain(SECRET.slice(0, 8));
    }
  });

  it("is not misled by prototypes and symbols", async () => {
    const own = Object.defineProperty({ ...requiredOf(subject) }, "__proto__", { value: {}, enumerable: true });
    expect(assertClear(await refusalOf(subject, own)).option).toBe(`${prefix}__proto__`);
    expect(await refusalOf(subject, { ...requiredOf(subject), [Symbol("concurrency")]: 0 })).toBeUndefined();
  });

  describe("with an Object.prototype that somebody has changed", () => {
    const changed: string[] = [];

    afterEach(() => {
      for (const name of changed.splice(0)) Reflect.deleteProperty(Object.prototype, name);
    });

    it("takes no option from there", async () => {
      changed.push(...(await namesOf(subject)).filter((name) => !(subject.required ?? []).includes(name)));
      const required = requiredOf(subject);
      for (const name of changed) {
        // oxlint-disable-next-line eslint/no-extend-native -- As a careless merge of an attacker's JSON does.
        Object.defineProperty(Object.prototype, name, { value: SECRET, configurable: true, writable: true });
      }
      const error = await refusalOf(subject, required);
      for (const name of changed) Reflect.deleteProperty(Object.prototype, name);
      expect(error).toBeUndefined();
    });
  });
});

it("every public function and class is among them, or takes no options", () => {
  const tried = new Set(subjects.map(({ name }) => name.split(" ")[0]));
  for (const [entryPoint, names] of Object.entries(ENTRY_POINTS)) {
    for (const [name, value] of Object.entries(names)) {
      if (typeof value !== "function" || WITHOUT_OPTIONS.has(name)) continue;
      expect(tried, `${name} of ${entryPoint}`).toContain(name);
    }
  }
});

it("a name that is nearly right is told the right one", () => {
  const misspelt = { runner: new MemoryRunner(), concurency: 5 };
  expect(() => new Consumer(() => undefined, misspelt as never)).toThrow(
    /^Option concurency: expected concurrency, or another of the options of Consumer \(.*\), got 5\.$/u,
  );
});

/** What is given beside options, or alone: by its name in errors. */
const ARGUMENTS: ReadonlyArray<readonly [name: string, take: (value: never) => unknown]> = [
  ["handler", (value) => new Consumer(value, { runner: new MemoryRunner() })],
  ["handler", (value) => new ConsumerGroup(value, {})],
  ["handler", (value) => inBatches(value)],
  ["handler", (value) => lambda.lambdaHandler(value)],
  ["handler", (value) => withSchema({ "~standard": { version: 1, vendor: "own", validate: () => value } }, value)],
  ["schema", (value) => withSchema(value, () => undefined)],
  ["module", (value) => threads.inThreads(value)],
  ["concurrency", (value) => new Consumer(() => undefined, { runner: new MemoryRunner() }).setConcurrency(value)],
  ["listener", (value) => new Consumer(() => undefined, { runner: new MemoryRunner() }).on("started", value)],
  ["listener", (value) => new Consumer(() => undefined, { runner: new MemoryRunner() }).once("started", value)],
  ["listener", (value) => new ConsumerGroup(() => undefined, {}).on("queueAdded", value)],
  ["event", (value) => new Consumer(() => undefined, { runner: new MemoryRunner() }).on(value, () => undefined)],
  ["event", (value) => new ConsumerGroup(() => undefined, {}).once(value, () => undefined)],
  ["name", (value) => new ConsumerGroup(() => undefined, {}).remove(value)],
  ["name", (value) => new ConsumerGroup(() => undefined, {}).update(value, {})],
];

it.each(ARGUMENTS)("an argument that is not %s is told by its name", async (name, take) => {
  const subject = { name, good: {}, take };
  const refused = new Set<string>();
  for (const make of edges) {
    const error = await refusalOf(subject, make());
    if (error !== undefined) refused.add(assertClear(error).option);
  }
  expect([...refused]).toEqual([name]);
});

it("reasons of outcomes can be anything", () => {
  for (const make of edges) {
    expect(typeof drop(make() as never).reason).toBe("string");
    expect(typeof deadLetter(make() as never).reason).toBe("string");
  }
});
