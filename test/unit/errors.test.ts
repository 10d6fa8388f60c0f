// Every error has a name, a code that stays, and its cause.
import { MillraceError, OptionError, ServiceError } from "millrace";
import { describe, expect, test } from "vitest";

describe("an error", () => {
  test("carries its code and its cause", () => {
    const cause = new Error("why");
    const error = new MillraceError("INTERNAL", "text", { cause });
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ name: "MillraceError", code: "INTERNAL", message: "text", cause });
  });

  test("has a cause only if it was given one, even undefined", () => {
    expect("cause" in new MillraceError("INTERNAL", "text")).toBe(false);
    expect("cause" in new MillraceError("INTERNAL", "text", {})).toBe(false);
    expect("cause" in new MillraceError("INTERNAL", "text", { cause: undefined })).toBe(true);
  });

  test("of an option is one of millrace's, with the option's name", () => {
    const error = new OptionError("size", "a number", "x");
    expect(error).toBeInstanceOf(MillraceError);
    expect(error).toMatchObject({ name: "OptionError", code: "OPTION_INVALID", option: "size", received: '"x"' });
    expect(String(error)).toBe('OptionError: Option size: expected a number, got "x".');
  });

  test("of the service is one of millrace's, with its class and operation", () => {
    const details = { errorClass: "throttled", operation: "ReceiveMessage", cause: "why" } as const;
    const error = new ServiceError("THROTTLED", "text", details);
    expect(error).toBeInstanceOf(MillraceError);
    expect(error).toMatchObject({ name: "ServiceError", code: "THROTTLED", ...details });
  });
});
