// Things that fall due come out earliest first, whatever was moved or taken out meanwhile.
import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { DeadlineQueue, type Scheduled } from "../../../src/internal/deadline-queue.js";
import { collectGarbage } from "../../support/collect-garbage.js";

function createItem(): Scheduled {
  return { dueAt: Infinity, queueIndex: -1 };
}

const step = fc.oneof(
  fc.record({ kind: fc.constant("add" as const), item: fc.nat(30), dueAt: fc.nat(20) }),
  fc.record({ kind: fc.constant("remove" as const), item: fc.nat(30), dueAt: fc.constant(0) }),
  fc.record({ kind: fc.constant("takeDue" as const), item: fc.constant(0), dueAt: fc.nat(20) }),
);

describe("a deadline queue", () => {
  test.prop([fc.array(step, { maxLength: 300, size: "max" })])("agrees with a plain list, from any state", (steps) => {
    const queue = new DeadlineQueue<Scheduled>();
    const items = Array.from({ length: 31 }, createItem);
    const model = new Map<Scheduled, number>();
    for (const { kind, item: index, dueAt } of steps) {
      const item = items[index] as Scheduled;
      const earliest = Math.min(...model.values());
      if (kind === "add") {
        queue.add(item, dueAt);
        model.set(item, dueAt);
      } else if (kind === "remove") {
        queue.remove(item);
        model.delete(item);
      } else {
        const taken = queue.takeDue(dueAt);
        expect(taken === undefined ? undefined : model.get(taken)).toBe(earliest <= dueAt ? earliest : undefined);
        if (taken !== undefined) model.delete(taken);
      }
      expect(queue.size).toBe(model.size);
      expect(queue.peek()?.dueAt ?? Infinity).toBe(Math.min(...model.values()));
      for (const each of items) expect(each.queueIndex >= 0).toBe(model.has(each));
    }
  });

  test.prop([fc.array(fc.integer(), { maxLength: 200 })])("gives everything in the order of its time", (times) => {
    const queue = new DeadlineQueue<Scheduled>();
    for (const dueAt of times) queue.add(createItem(), dueAt);
    const taken = times.map(() => queue.takeDue(Infinity)?.dueAt);
    expect(taken).toEqual(times.toSorted((one, other) => one - other));
    expect(queue.takeDue(Infinity)).toBeUndefined();
  });

  test("moves an item that is added again", () => {
    const queue = new DeadlineQueue<Scheduled>();
    const [moved, other] = [createItem(), createItem()];
    queue.add(moved, 1);
    queue.add(other, 2);
    queue.add(moved, 3);
    expect(queue.size).toBe(2);
    expect(queue.peek()).toBe(other);
  });

  test("does not keep an item alive that was taken out of its middle", async () => {
    const queue = new DeadlineQueue<Scheduled>();
    const addTracked = (dueAt: number): WeakRef<Scheduled> => {
      const item = createItem();
      queue.add(item, dueAt);
      return new WeakRef(item);
    };
    const references = [5, 1, 9, 3, 7].map(addTracked);
    queue.remove(references[3]?.deref() as Scheduled);
    queue.takeDue(1);
    await collectGarbage();
    expect(references.map((reference) => reference.deref()?.dueAt)).toEqual([5, undefined, 9, undefined, 7]);
    expect(queue.size).toBe(3);
  });
});
