// A Map for entries that come and go all the time.
import { describe, expect, test } from "vitest";
import { Registry } from "../../../src/internal/registry.js";
import { collectGarbage, collectYoungGarbage } from "../../support/collect-garbage.js";

/** What is kept of so many entries, of which some are there at any time, until the next full collection. */
async function keptBytes(books: Registry<number, unknown>): Promise<number> {
  for (let key = -20; key < 0; key += 1) books.set(key, undefined);
  await collectGarbage(); // What is here now has grown old.
  const before = process.memoryUsage().heapUsed;
  for (let key = 0; key < 20_000; key += 1) {
    books.set(key, new Array(100).fill(key));
    books.delete(key - 20);
    if (key % 2_000 === 0) collectYoungGarbage();
  }
  collectYoungGarbage();
  return process.memoryUsage().heapUsed - before;
}

describe("a registry", () => {
  test("has what was put in and not taken out, in the order in which it came, however much comes and goes", () => {
    const registry = new Registry<number, string>();
    const model = new Map<number, string>();
    for (let key = 0; key < 3_000; key += 1) {
      registry.set(key, `entry ${key}`);
      model.set(key, `entry ${key}`);
      const gone = key % 7 === 0 ? key : key - 500;
      expect(registry.delete(gone)).toBe(model.delete(gone));
      expect(registry.size).toBe(model.size);
    }
    expect(registry.values()).toEqual([...model.values()]);
    for (let key = 2_400; key < 3_000; key += 1) expect(registry.get(key)).toBe(model.get(key));
  });

  test("keeps one entry for a key, wherever the one before it is", () => {
    const registry = new Registry<number, string>();
    for (let key = 0; key < 1_100; key += 1) registry.set(key, "first");
    for (let key = 1; key < 1_024; key += 1) registry.delete(key);
    for (const key of [0, 1_050]) registry.set(key, "second");
    expect(registry.size).toBe(77);
    expect([registry.get(0), registry.get(1_050)]).toEqual(["second", "second"]);
    expect(registry.delete(0)).toBe(true);
    expect(registry.get(0)).toBeUndefined();
  });

  test("keeps one entry for a key that is set again when the maps change places", () => {
    const registry = new Registry<number, string>();
    for (let key = 0; key < 1_024; key += 1) registry.set(key, "first");
    registry.set(1_023, "second");
    expect(registry.size).toBe(1_024);
    expect(registry.get(1_023)).toBe("second");
    expect(registry.delete(1_023)).toBe(true);
    expect(registry.get(1_023)).toBeUndefined();
  });

  test("takes what is its own key", () => {
    const registry = new Registry<object, object>();
    const entry = {};
    registry.add(entry);
    expect(registry.values()).toEqual([entry]);
    expect(registry.delete(entry)).toBe(true);
    expect(registry.size).toBe(0);
  });

  test("lets go of what was deleted, without a full collection, once it has grown old", async () => {
    // A Map keeps 8,700,000 bytes here.
    expect(await keptBytes(new Registry())).toBeLessThan(2_000_000);
  });

  test("lets go of it though one entry stays for good: a handler that runs for hours, say", async () => {
    const registry = new Registry<number, unknown>();
    for (let key = -5_000; key < -1_000; key += 1) {
      registry.set(key, undefined);
      if (key > -5_000) registry.delete(key);
    }
    expect(await keptBytes(registry)).toBeLessThan(2_000_000);
    expect(registry.size).toBe(21);
  });
});
