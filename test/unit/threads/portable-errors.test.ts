// What is thrown in a thread arrives with its class, name, code, stack and causes.
import { MillraceError, OptionError, ServiceError } from "millrace";
import { describe, expect, it } from "vitest";
import { fromPortable, toPortable } from "../../../src/threads/portable-error.js";

/** Takes something thrown across the border of a thread. */
function carry(thrown: unknown): unknown {
  return fromPortable(structuredClone(toPortable(thrown)));
}

class QuotaError extends Error {
  override readonly name = "QuotaError";
  readonly left = 0;
  readonly client = { secret: "not to be copied" };
}

describe("an error", () => {
  it.each([
    new Error("plain"),
    new TypeError("of a kind"),
    new MillraceError("HANDLER_TIMEOUT", "too long"),
    new OptionError("size", "a number", "many"),
    new ServiceError("THROTTLED", "slow down", { errorClass: "throttled", operation: "ReceiveMessage" }),
  ])("of class $constructor.name stays what it is", (error) => {
    const carried = carry(error) as Error;
    expect(carried).toBeInstanceOf(error.constructor);
    expect(carried).toBeInstanceOf(Error);
    expect(carried.stack).toBe(error.stack);
    expect(Object.entries(carried)).toEqual(Object.entries(error));
    expect(String(carried)).toBe(String(error));
  });

  it("of a class of the user's keeps its name, its primitive properties and its causes", () => {
    const root = Object.assign(new Error("no route"), { code: "EHOSTUNREACH", errno: -113 });
    const carried = carry(
      new QuotaError("none left", { cause: new TypeError("middle", { cause: root }) }),
    ) as QuotaError;
    expect(carried).toMatchObject({ name: "QuotaError", message: "none left", left: 0 });
    expect(carried).not.toHaveProperty("client");
    expect(carried.cause).toBeInstanceOf(TypeError);
    expect((carried.cause as Error).cause).toMatchObject({ message: "no route", code: "EHOSTUNREACH", errno: -113 });
  });

  it("without a cause gets none", () => {
    expect(carry(new Error("alone"))).not.toHaveProperty("cause");
  });

  it("that is its own cause does not go on for ever", () => {
    const error = new Error("round");
    error.cause = error;
    let depth = 0;
    for (let at: unknown = carry(error); at instanceof Error; at = at.cause) depth += 1;
    expect(depth).toBeGreaterThan(1);
    expect(depth).toBeLessThan(20);
  });

  it("of the abort signal's kind stays recognisable", () => {
    expect(carry(new DOMException("stopped", "AbortError"))).toMatchObject({ name: "AbortError", message: "stopped" });
  });
});

describe("what is not an error", () => {
  it.each([["text"], [7], [undefined], [null], [{ status: 404 }]])("is copied: %j", (thrown) => {
    expect(carry(thrown)).toEqual(thrown);
  });

  it.each<[unknown, string]>([
    [() => 1, "() => 1"],
    [Symbol("id"), "Symbol(id)"],
    [{ send() {} }, "[object Object]"],
    [Object.assign(Object.create(null) as object, { send() {} }), "an object"],
  ])("is described where it cannot be copied", (thrown, description) => {
    expect(carry(thrown)).toBe(description);
  });
});
