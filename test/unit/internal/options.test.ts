// Options are read once each, and refused with their name, what was expected and what came.
import { MillraceError, OptionError } from "millrace";
import { describe, expect, test } from "vitest";
import { OptionReader } from "../../../src/internal/options.js";

/** What reading throws. */
function refusalOf(read: (reader: OptionReader) => unknown, values: unknown): OptionError {
  try {
    read(new OptionReader("Mill", values));
  } catch (error) {
    return error as OptionError;
  }
  throw new Error("nothing was refused");
}

const range = { min: 1, max: 10, fallback: 5 };

describe("a number", () => {
  test("is taken as it came, or becomes the default", () => {
    const reader = new OptionReader("Mill", { given: 2.5, absent: undefined });
    expect([reader.number("given", range), reader.number("absent", range), reader.number("missing", range)]).toEqual([
      2.5, 5, 5,
    ]);
  });

  test.each([[0.99], [10.01], [Number.NaN], [Infinity], [-1]])("is refused out of its range: %d", (value) => {
    const error = refusalOf((reader) => reader.number("size", range), { size: value });
    expect(error).toBeInstanceOf(OptionError);
    expect(error).toMatchObject({
      name: "OptionError",
      code: "OPTION_INVALID",
      option: "size",
      expected: "a number from 1 to 10",
      received: String(value),
      message: `Option size: expected a number from 1 to 10, got ${value}.`,
    });
  });

  test.each([
    ["5", '"5"'],
    [null, "null"],
    [true, "true"],
    [5n, "5n"],
    [[5], "an array"],
    [{ secret: "x" }, "an object"],
    [() => 5, "a function"],
    [Symbol("5"), "a symbol"],
  ])("is refused when it is something else: %o", (value, received) => {
    expect(refusalOf((reader) => reader.number("size", range), { size: value }).received).toBe(received);
  });

  test("is refused when it is missing and there is no default", () => {
    const error = refusalOf((reader) => reader.number("size", { min: 1, max: 10 }), {});
    expect(error.received).toBe("undefined");
  });

  test("has no upper end where the range has none", () => {
    expect(new OptionReader("Mill", { size: Infinity }).number("size", { min: 1, max: Infinity })).toBe(Infinity);
    const error = refusalOf((reader) => reader.number("size", { min: 1, max: Infinity }), { size: 0 });
    expect(error.expected).toBe("a number of at least 1");
  });
});

describe("a whole number", () => {
  test("is refused with a fraction", () => {
    const error = refusalOf((reader) => reader.integer("size", range), { size: 2.5 });
    expect(error).toMatchObject({ expected: "a whole number from 1 to 10", received: "2.5" });
  });

  test("may be infinite only where the range is", () => {
    expect(new OptionReader("Mill", { size: Infinity }).integer("size", { min: 1, max: Infinity })).toBe(Infinity);
    expect(refusalOf((reader) => reader.integer("size", range), { size: Infinity }).received).toBe("Infinity");
  });
});

describe("another value", () => {
  test("is taken as it came, or becomes the default", () => {
    const method = (): void => undefined;
    const clock = { now: method, setTimer: method };
    const reader = new OptionReader("Mill", { flag: false, text: "a", list: ["b"], method, clock });
    expect([reader.boolean("flag", true), reader.boolean("noFlag", true)]).toEqual([false, true]);
    expect([reader.string("text"), reader.string("noText", "z")]).toEqual(["a", "z"]);
    expect([reader.strings("list", []), reader.strings("noList", ["y"])]).toEqual([["b"], ["y"]]);
    expect([reader.function("method"), reader.function("noMethod")]).toEqual([method, undefined]);
    expect(reader.object("clock", "a clock", ["now" as never])).toBe(clock);
    expect(reader.object("noClock", "a clock", ["now" as never])).toBeUndefined();
  });

  test.each<[string, (reader: OptionReader) => unknown, unknown, string]>([
    ["a flag", (reader) => reader.boolean("it", true), 0, "true or false"],
    ["a text", (reader) => reader.string("it"), "", "a string that is not empty"],
    ["a text that is missing", (reader) => reader.string("it"), undefined, "a string that is not empty"],
    ["a list", (reader) => reader.strings("it", []), "all", "an array of strings"],
    ["a list with an empty entry", (reader) => reader.strings("it", []), ["a", ""], "an array of strings"],
    ["a list with a number", (reader) => reader.strings("it", []), ["a", 1], "an array of strings"],
    ["a function", (reader) => reader.function("it"), {}, "a function"],
    ["an object", (reader) => reader.object("it", "a clock", ["now" as never]), {}, "a clock (an object with now)"],
    ["an object", (reader) => reader.object("it", "a clock", ["now" as never]), null, "a clock (an object with now)"],
    ["an object", (reader) => reader.object("it", "a clock", ["now" as never]), 1, "a clock (an object with now)"],
  ])("is refused when it is not %s", (_name, read, value, expected) => {
    expect(refusalOf(read, { it: value })).toMatchObject({ code: "OPTION_INVALID", option: "it", expected });
  });

  test("that is a list cannot be changed later, from either side", () => {
    const given = ["a"];
    const list = new OptionReader("Mill", { list: given }).strings("list", []);
    given.push("b");
    expect(list).toEqual(["a"]);
    expect(Object.isFrozen(list)).toBe(true);
  });

  test("is shortened in the error when it is long", () => {
    const error = refusalOf((reader) => reader.number("size", range), { size: "x".repeat(1_000) });
    expect(error.received).toHaveLength(62);
  });
});

describe("the options as a whole", () => {
  test.each([[undefined], [null], ["text"], [1], [[]], [() => undefined]])("are refused when they are %o", (values) => {
    const error = refusalOf((reader) => reader.finish(), values);
    expect(error).toMatchObject({ option: "options", expected: "an object with the options of Mill" });
  });

  test("are refused with a name that nobody reads, and told which names there are", () => {
    const read = (reader: OptionReader): void => {
      reader.number("size", range);
      reader.boolean("isFast", false);
      reader.finish();
    };
    expect(refusalOf(read, { size: 1, sise: 3 })).toMatchObject({
      option: "sise",
      expected: "size, or another of the options of Mill (isFast, size)",
      received: "3",
    });
    expect(refusalOf(read, { sise: undefined }).option).toBe("sise");
  });

  test("are read once each, so that a getter cannot answer differently later", () => {
    let reads = 0;
    const reader = new OptionReader("Mill", {
      get size() {
        reads += 1;
        return reads;
      },
    });
    expect([reader.has("size"), reader.number("size", range), reader.raw("size"), reads]).toEqual([true, 1, 1, 1]);
    reader.finish();
    expect(reads).toBe(1);
  });

  test.each([[new Error("no")], ["no"], [undefined], [Object.create(null) as object]])(
    "are refused when a getter throws %o",
    (thrown) => {
      const values = {
        get size(): number {
          // oxlint-disable-next-line typescript/only-throw-error -- Getters may throw anything.
          throw thrown;
        },
      };
      const error = refusalOf((reader) => reader.number("size", range), values);
      expect(error).toBeInstanceOf(MillraceError);
      expect(error).toMatchObject({ option: "size", expected: "an option that can be read" });
      expect(error.received).toContain("a getter that threw");
    },
  );

  test("can be handed on to another reader, by name and only those given", () => {
    const reader = new OptionReader("Mill", { size: 1, name: undefined, other: 2 });
    expect(reader.pick(["size", "name", "missing"])).toEqual({ size: 1 });
    expect(() => reader.finish()).toThrow("other");
  });
});
