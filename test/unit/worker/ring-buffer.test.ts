// The waiting room: what goes in comes out in order, and is let go of at once.
import { fc } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { RingBuffer } from "../../../src/worker/ring-buffer.js";
import { collectGarbage } from "../../support/collect-garbage.js";

type Kind = "push" | "shift" | "clear";

const STEPS: Record<Kind, (ring: RingBuffer<number>, item: number) => unknown> = {
  push: (ring, item) => ring.push(item),
  shift: (ring) => ring.shift(),
  clear: (ring) => ring.clear(),
};
const MODEL: Record<Kind, (items: number[], item: number) => unknown> = {
  push: (items, item) => void items.push(item),
  shift: (items) => items.shift(),
  clear: (items) => items.splice(0),
};
const kind = fc.oneof(
  // More pushes than shifts, so that the ring grows while its head is anywhere.
  { arbitrary: fc.constant<Kind>("push"), weight: 30 },
  { arbitrary: fc.constant<Kind>("shift"), weight: 20 },
  { arbitrary: fc.constant<Kind>("clear"), weight: 1 },
);
const steps = fc.array(kind, { maxLength: 400, size: "max" });

/** Puts an object in and says how to ask whether it is still alive. */
function pushTracked(ring: RingBuffer<object>): WeakRef<object> {
  const item = { body: "message" };
  ring.push(item);
  return new WeakRef(item);
}

describe("a ring buffer", () => {
  test("does what an array does, from any state", () => {
    fc.assert(
      fc.property(steps, (taken) => {
        const ring = new RingBuffer<number>();
        const model: number[] = [];
        for (const [index, kind] of taken.entries()) {
          expect(STEPS[kind](ring, index)).toEqual(MODEL[kind](model, index));
          expect(ring.size).toBe(model.length);
        }
        expect(ring.clear()).toEqual(model);
      }),
    );
  });

  test("keeps the order while it grows with its head in the middle", () => {
    const ring = new RingBuffer<number>();
    for (let item = 0; item < 10; item += 1) ring.push(item);
    for (let item = 0; item < 10; item += 1) ring.shift();
    for (let item = 0; item < 1_000; item += 1) ring.push(item);
    expect(ring.clear()).toEqual(Array.from({ length: 1_000 }, (_, item) => item));
  });

  test("holds undefined like any other item", () => {
    const ring = new RingBuffer<undefined>();
    ring.push(undefined);
    expect(ring.size).toBe(1);
    ring.shift();
    expect(ring.size).toBe(0);
  });

  test("does not keep an item alive that was taken out", async () => {
    const ring = new RingBuffer<object>();
    const taken = pushTracked(ring);
    const kept = pushTracked(ring);
    ring.shift();
    await collectGarbage();
    expect(taken.deref()).toBeUndefined();
    expect(kept.deref()).toBeDefined();
    expect(ring.size).toBe(1);
  });

  test("does not keep items alive that were cleared, nor those it held before it grew", async () => {
    const ring = new RingBuffer<object>();
    const tracked = Array.from({ length: 40 }, () => pushTracked(ring));
    ring.clear();
    await collectGarbage();
    expect(tracked.filter((reference) => reference.deref() !== undefined)).toEqual([]);
    expect(ring.size).toBe(0);
  });
});
