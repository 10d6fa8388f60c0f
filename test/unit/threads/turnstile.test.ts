// As many at once as there are threads; the others in the order in which they came.
import { describe, expect, it } from "vitest";
import { Turnstile } from "../../../src/threads/turnstile.js";

describe("a turnstile", () => {
  it("lets so many in at once, and for each that leaves the next, in order", async () => {
    const turns = new Turnstile(2);
    const entered: number[] = [];
    const all = [1, 2, 3, 4].map(async (visitor) => {
      await turns.enter();
      entered.push(visitor);
    });
    await Promise.all(all.slice(0, 2));
    expect(entered).toEqual([1, 2]);
    turns.leave();
    await all[2];
    expect(entered).toEqual([1, 2, 3]);
    turns.leave();
    await all[3];
    expect(entered).toEqual([1, 2, 3, 4]);
  });

  it("forgets who gives up while waiting, with the reason, and lets the one behind in", async () => {
    const turns = new Turnstile(1);
    await turns.enter();
    const controller = new AbortController();
    const impatient = turns.enter(controller.signal);
    const patient = turns.enter();
    const reason = new Error("no time");
    controller.abort(reason);
    await expect(impatient).rejects.toBe(reason);
    turns.leave();
    await expect(patient).resolves.toBeUndefined();
  });

  it("does not let in who has given up before", async () => {
    const turns = new Turnstile(1);
    const reason = new Error("no time");
    await expect(turns.enter(AbortSignal.abort(reason))).rejects.toBe(reason);
    await expect(turns.enter()).resolves.toBeUndefined();
  });

  it("does not listen to a signal any more once it has let in", async () => {
    const turns = new Turnstile(1);
    const controller = new AbortController();
    await turns.enter();
    const entered = turns.enter(controller.signal);
    turns.leave();
    await entered;
    controller.abort();
    const next = turns.enter();
    turns.leave();
    await expect(next).resolves.toBeUndefined();
  });
});
