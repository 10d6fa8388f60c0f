// Bodies are parsed and validated before the handler sees them, and errors do not show what is in them.
import { type HandlerContext, type Message, MillraceError, OptionError, withSchema } from "millrace";
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import * as z from "zod";

const SECRET = "4111-1111-1111-1111";
const context = { attempt: 1 } as HandlerContext;

const libraries = [
  ["zod", z.object({ card: z.object({ limit: z.number() }), count: z.coerce.number().default(1) })],
  [
    "valibot",
    v.object({
      card: v.object({ limit: v.number() }),
      count: v.optional(v.pipe(v.union([v.string(), v.number()]), v.transform(Number)), 1),
    }),
  ],
] as const;

async function failureOf(body: string | undefined, schema: unknown = libraries[0][1]): Promise<MillraceError> {
  const handler = withSchema(schema as (typeof libraries)[0][1], () => expect.unreachable());
  try {
    await handler({ Body: body }, context);
  } catch (error) {
    return error as MillraceError;
  }
  throw new Error("the handler was called");
}

describe.each(libraries)("with a schema of %s", (_name, schema) => {
  test("the handler is called with the validated body, the context and the message", async () => {
    const calls: unknown[] = [];
    const handler = withSchema(schema, (body, given, message) => {
      calls.push(body, given, message);
      return "result";
    });
    const message: Message = { Body: '{"card":{"limit":5},"count":"3","more":true}' };
    expect(await handler(message, context)).toBe("result");
    expect(calls).toEqual([{ card: { limit: 5 }, count: 3 }, context, message]);
  });

  test("a body that does not fit says where, and does not show what was there", async () => {
    const error = await failureOf(JSON.stringify({ card: { limit: SECRET } }), schema);
    expect(error).toBeInstanceOf(MillraceError);
    expect(error.code).toBe("MESSAGE_INVALID");
    expect(error.message).toBe("The message's body does not fit its schema at card.limit.");
    expect(error.cause).toHaveLength(1);
  });

  test("a body that is something else altogether says so", async () => {
    const error = await failureOf(JSON.stringify(SECRET), schema);
    expect(error.message).toBe("The message's body does not fit its schema.");
  });
});

describe("a message", () => {
  test("without a body is invalid", async () => {
    expect(await failureOf(undefined)).toMatchObject({ code: "MESSAGE_INVALID", message: "The message has no body." });
  });

  test.each([SECRET, `{"card": ${SECRET}`, ""])(
    "whose body is not JSON is invalid, and not shown: %s",
    async (body) => {
      const error = await failureOf(body);
      expect(error).toMatchObject({ code: "MESSAGE_INVALID", message: "The message's body is not JSON." });
      expect(error.cause).toBeUndefined();
    },
  );
});

describe("any validator", () => {
  const create = (validate: (value: unknown) => unknown): unknown => ({
    "~standard": { version: 1, vendor: "own", validate },
  });

  test("may take its time", async () => {
    const handler = withSchema(create((value) => Promise.resolve({ value })) as never, (body) => body);
    expect(await handler({ Body: "5" }, context)).toBe(5);
  });

  test("may name places in any way", async () => {
    const path = ["items", 0, { key: "price" }, { key: Symbol("unit") }];
    const issues = [
      { message: "bad", path },
      { message: "worse" },
      { message: "worst", path },
      { message: "", path: ["name"] },
    ];
    const error = await failureOf(
      "{}",
      create(() => ({ issues })),
    );
    expect(error.message).toMatch(/ at items\.0\.price\.Symbol\(unit\), name\.$/u);
    expect(error.cause).toBe(issues);
  });

  test("that throws fails the message", async () => {
    const broken = create(() => {
      throw new Error("broken validator");
    });
    await expect(failureOf("{}", broken)).resolves.toMatchObject({ message: "broken validator" });
  });
});

describe("it refuses", () => {
  test.each([[undefined], [null], [{}], [{ "~standard": {} }], [() => true]])("%o as a schema", (schema) => {
    const wrap = (): unknown => withSchema(schema as never, () => undefined);
    expect(wrap).toThrow(OptionError);
    expect(wrap).toThrow(expect.objectContaining({ option: "schema" }));
  });

  test("something else than a function as a handler", () => {
    expect(() => withSchema(z.string(), "handler" as never)).toThrow(expect.objectContaining({ option: "handler" }));
  });
});
