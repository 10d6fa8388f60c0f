// Things that fall due come out earliest first, whatever was moved or taken out meanwhile.
import { fc } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { DeadlineQueue, type Scheduled } from "../../../src/internal/deadline-queue.js";
import { collectGarbage } from "../../support/collect-garbage.js";

function createItem(): Scheduled {
  return { dueAt: Infinity, queueIndex: -1 };
}

const step = fc.oneof(
  fc.record({ kind: fc.constant("add" as const), item: fc.nat(30), dueAt: fc.nat(20) }),
  fc.record({ kind: fc.constant("remove" as const), item: fc.nat(30), dueAt: fc.constant(0) }),
  fc.record({ kind: fc.constant("takeDue" as const), item: fc.constant(31), dueAt: fc.nat(20) }),
);

describe("a deadline queue", () => {
  test("agrees with a plain list, from any state", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300, size: "max" }), (steps) => {
        const queue = new DeadlineQueue<Scheduled>();
        const items = Array.from({ length: 32 }, createItem); // The last is never added.
        const model = new Map<Scheduled, number>();
        for (const { kind, item: index, dueAt } of steps) {
          const item = items[index] as Scheduled;
          const earliest = Math.min(...model.values());
          let taken: Scheduled | undefined;
          if (kind === "add") queue.add(item, dueAt);
          else if (kind === "remove") queue.remove(item);
          else taken = queue.takeDue(dueAt);
          const isDue = kind === "takeDue" && earliest <= dueAt;
          expect(taken && model.get(taken)).toBe(isDue ? earliest : undefined);
          if (kind === "add") model.set(item, dueAt);
          else model.delete(taken ?? item);
          expect(queue.size).toBe(model.size);
          expect(queue.peek()?.dueAt ?? Infinity).toBe(Math.min(...model.values()));
          expect(items.filter(({ queueIndex }) => queueIndex >= 0)).toEqual(items.filter((each) => model.has(each)));
        }
      }),
    );
  });

  test("gives everything in the order of its time", () => {
    fc.assert(
      fc.property(fc.array(fc.integer(), { maxLength: 200 }), (times) => {
        const queue = new DeadlineQueue<Scheduled>();
        for (const dueAt of times) queue.add(createItem(), dueAt);
        const taken = times.map(() => queue.takeDue(Infinity)?.dueAt);
        expect(taken).toEqual(times.toSorted((one, other) => one - other));
        expect(queue.takeDue(Infinity)).toBeUndefined();
      }),
    );
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
