// What cannot be copied to a thread is named, with the way that leads to it.
import { describe, expect, it } from "vitest";
import { findCloneError } from "../../../src/threads/cloneable.js";

class Order {
  readonly total = 3;
  readonly pay = (): void => undefined;
}

const circle: Record<string, unknown> = { name: "circle" };
circle["self"] = circle;
circle["end"] = Symbol("end");

const cyclic: Record<string, unknown> = { name: "cyclic" };
cyclic["self"] = cyclic;

describe("what cannot be cloned is named", () => {
  it.each<[string, unknown, string]>([
    ["the value itself", () => undefined, "message, a function"],
    ["a symbol", Symbol("id"), "message, a symbol"],
    ["deep in objects", { body: { id: 1, onDone() {} } }, "message.body.onDone, a function"],
    ["in an array", { list: [1, 2, { run: () => 1 }] }, "message.list[2].run, a function"],
    ["in an instance of a class", { order: new Order() }, "message.order.pay, a function"],
    ["in a map", { hooks: new Map([["end", () => 1]]) }, 'message.hooks.get("end"), a function'],
    ["as the key of a map", { hooks: new Map([[() => 1, 1]]) }, "message.hooks (a key), a function"],
    ["in a set", new Set([() => 1]), "message (an element), a function"],
    ["in a circle", circle, "message.end, a symbol"],
    ["what is no container", { later: Promise.resolve() }, "message.later, an object of class Promise"],
    ["without a class", { odd: Object.setPrototypeOf(new WeakMap(), null) as object }, "message.odd, an object"],
    [
      "a getter that throws",
      {
        get body(): string {
          throw new Error("no body");
        },
      },
      "message.body, a getter that throws",
    ],
  ])("%s", (_where, value, place) => {
    const cause = new Error("refused");
    const error = findCloneError(value, "message", cause);
    expect(error).toMatchObject({ code: "NOT_CLONEABLE", cause });
    expect(error?.message).toBe(`This cannot be copied between threads: ${place}.`);
  });

  it.each<[string, unknown]>([
    ["a primitive", "text"],
    ["nothing", undefined],
    [
      "bytes, dates, maps, sets and errors",
      [new Uint8Array(2), new Date(), new Map([[1, new Set([2])]]), new Error("x")],
    ],
    ["a circle", cyclic],
    ["an object without a class", Object.create(null)],
  ])("but not %s", (_what, value) => {
    expect(findCloneError(value, "message", undefined)).toBeUndefined();
  });
});
