// The waiting room: what goes in comes out in order, and is let go of at once.
import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { RingBuffer } from "../../../src/worker/ring-buffer.js";
import { collectGarbage } from "../../support/collect-garbage.js";

interface Model {
  readonly items: number[];
}

class Push implements fc.Command<Model, RingBuffer<number>> {
  readonly item: number;
  constructor(item: number) {
    this.item = item;
  }
  check = (): boolean => true;
  run(model: Model, ring: RingBuffer<number>): void {
    ring.push(this.item);
    model.items.push(this.item);
    expect(ring.size).toBe(model.items.length);
  }
  toString = (): string => `push(${this.item})`;
}

class Shift implements fc.Command<Model, RingBuffer<number>> {
  check = (): boolean => true;
  run(model: Model, ring: RingBuffer<number>): void {
    expect(ring.shift()).toBe(model.items.shift());
    expect(ring.size).toBe(model.items.length);
  }
  toString = (): string => "shift()";
}

class Clear implements fc.Command<Model, RingBuffer<number>> {
  check = (): boolean => true;
  run(model: Model, ring: RingBuffer<number>): void {
    expect(ring.clear()).toEqual(model.items.splice(0));
    expect(ring.size).toBe(0);
  }
  toString = (): string => "clear()";
}

const push = fc.nat().map((item) => new Push(item));
const shift = fc.constant(new Shift());
// More pushes than shifts, so that the ring grows while its head is anywhere.
const commands = fc.commands([push, push, push, shift, shift, fc.constant(new Clear())], {
  maxCommands: 400,
  size: "max",
});

/** Puts an object in and says how to ask whether it is still alive. */
function pushTracked(ring: RingBuffer<object>): WeakRef<object> {
  const item = { body: "message" };
  ring.push(item);
  return new WeakRef(item);
}

describe("a ring buffer", () => {
  test.prop([commands])("does what an array does, from any state", (steps) => {
    fc.modelRun(() => ({ model: { items: [] as number[] }, real: new RingBuffer<number>() }), steps);
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
