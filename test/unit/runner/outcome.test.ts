// What a handler can say of a message.
import { ack, deadLetter, drop, OptionError, release, retry } from "millrace";
import { describe, expect, test, vi } from "vitest";
import { isOutcome } from "../../../src/runner/outcome.js";

describe("an outcome", () => {
  test("says what becomes of the message", () => {
    expect(ack()).toMatchObject({ kind: "ack", value: undefined });
    expect(ack(0)).toMatchObject({ kind: "ack", value: 0 });
    expect(retry()).toMatchObject({ kind: "retry", afterSeconds: 0 });
    expect(retry({ afterSeconds: 1.5 })).toMatchObject({ kind: "retry", afterSeconds: 1.5 });
    const pausing = retry({ afterSeconds: 1.5, pause: "queue" });
    expect(pausing).toMatchObject({ kind: "retry", afterSeconds: 1.5, pause: "queue" });
    expect(release()).toMatchObject({ kind: "release" });
    expect(drop("old")).toMatchObject({ kind: "drop", reason: "old" });
    expect(deadLetter("broken")).toMatchObject({ kind: "deadLetter", reason: "broken" });
  });

  test("has a reason in words, whatever came as one", () => {
    expect(drop(new Error("old") as never).reason).toBe("Error: old");
    expect(deadLetter(undefined as never).reason).toBe("undefined");
  });

  test.each([-1, 43_201, Number.NaN, Infinity, "5"])("refuses a delay of %s", (afterSeconds) => {
    expect(() => retry({ afterSeconds: afterSeconds as number })).toThrow(OptionError);
  });

  test("is told from everything else", () => {
    for (const outcome of [ack(), ack(1), retry(), release(), drop("x"), deadLetter("x")]) {
      expect(isOutcome(outcome)).toBe(true);
    }
    for (const other of [undefined, null, "ack", 1, true, {}, [], { kind: "ack" }, () => undefined]) {
      expect(isOutcome(other)).toBe(false);
    }
  });

  test("of another copy of millrace is an outcome too", async () => {
    vi.resetModules();
    const other = await import("../../../src/runner/outcome.js");
    expect(other.ack).not.toBe(ack);
    expect([isOutcome(other.drop("x")), other.isOutcome(drop("x"))]).toEqual([true, true]);
  });
});
