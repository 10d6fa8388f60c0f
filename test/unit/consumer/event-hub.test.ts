// Listeners are called, and none can break what calls it.
import { beforeEach, describe, expect, test } from "vitest";
import { EventHub } from "../../../src/consumer/events.js";

interface Events {
  opened: [name: string];
  closed: [];
}

describe("the event hub", () => {
  let failures: Array<[string, unknown]>;
  let hub: EventHub<Events>;
  let heard: string[];
  const listen = (name: string): void => void heard.push(name);

  beforeEach(() => {
    failures = [];
    heard = [];
    hub = new EventHub(["opened", "closed"], (name, cause) => failures.push([name, cause]));
  });

  test("calls every listener of an event with its facts, in the order in which they came", () => {
    hub.on("opened", (name) => heard.push(`first ${name}`));
    hub.on("opened", (name) => heard.push(`second ${name}`));
    hub.emit("opened", "door");
    hub.emit("closed");
    expect(heard).toEqual(["first door", "second door"]);
  });

  test("calls a listener that was added with once a single time", () => {
    hub.once("opened", listen);
    hub.emit("opened", "a");
    hub.emit("opened", "b");
    expect(heard).toEqual(["a"]);
    expect(hub.has("opened")).toBe(false);
  });

  test("takes a listener off, however it was added", () => {
    hub.on("opened", listen);
    hub.off("opened", listen);
    hub.once("opened", listen);
    hub.off("opened", listen);
    hub.emit("opened", "a");
    expect(heard).toEqual([]);
    expect(hub.has("opened")).toBe(false);
  });

  test("does nothing when a listener is taken off that was never on", () => {
    hub.off("opened", listen);
    hub.on("opened", listen);
    hub.off("opened", () => undefined);
    hub.off("closed", listen as never);
    hub.emit("opened", "a");
    expect(heard).toEqual(["a"]);
  });

  test("keeps the same listener on one event when it is taken off another", () => {
    const same = (): void => void heard.push("same");
    hub.on("opened", same);
    hub.on("closed", same);
    hub.off("opened", same);
    hub.emit("opened", "a");
    hub.emit("closed");
    expect(heard).toEqual(["same"]);
  });

  test("tells of a listener that throws, and calls the others", () => {
    const cause = new Error("boom");
    hub.on("opened", () => {
      throw cause;
    });
    hub.on("opened", listen);
    hub.emit("opened", "a");
    expect([heard, failures]).toEqual([["a"], [["opened", cause]]]);
  });

  test("tells of a listener that rejects", async () => {
    const cause = new Error("boom");
    hub.once("closed", () => Promise.reject(cause));
    hub.emit("closed");
    await Promise.resolve();
    expect(failures).toEqual([["closed", cause]]);
  });

  test("tells of a listener that throws undefined", () => {
    hub.on("closed", () => {
      // oxlint-disable-next-line typescript/only-throw-error -- Listeners may throw anything.
      throw undefined;
    });
    hub.emit("closed");
    expect(failures).toEqual([["closed", undefined]]);
  });

  test("refuses a listener of an event that does not exist: it would never be called", () => {
    expect(() => hub.on("opend" as never, listen)).toThrow(
      'Option event: expected opened, or another of the events (opened, closed), got "opend".',
    );
    expect(() => hub.once("__proto__" as never, listen)).toThrow(expect.objectContaining({ option: "event" }));
    hub.off("opend" as never, listen);
  });

  test("knows whether anybody listens", () => {
    expect(hub.has("opened")).toBe(false);
    hub.on("opened", listen);
    expect([hub.has("opened"), hub.has("closed")]).toEqual([true, false]);
  });
});
