// A clock whose time passes only when a test says so.
import { setImmediate as nextTurn } from "node:timers/promises";
import { VirtualClock } from "millrace/testing";
import { describe, expect, test } from "vitest";

/** A clock, and a function that sets a timer which writes its name down. */
function clockWithLog(): { clock: VirtualClock; log: string[]; set: (name: string, delayMs: number) => void } {
  const clock = new VirtualClock();
  const log: string[] = [];
  const set = (name: string, delayMs: number): void => {
    clock.setTimer(() => log.push(`${name}@${clock.now()}`), delayMs);
  };
  return { clock, log, set };
}

describe("order", () => {
  test("timers fire by due time, and by the order in which they were set", async () => {
    const { clock, log, set } = clockWithLog();
    set("c", 20);
    set("a", 10);
    set("b", 10);
    set("late", 30.5);
    await clock.advance(30);
    expect(log).toEqual(["a@10", "b@10", "c@20"]);
    expect(clock.now()).toBe(30);
    expect(clock.pendingTimers).toBe(1);
    expect(clock.nextTimerAt).toBe(30.5);
  });

  test("a timer set by a timer fires in the same move, if it is due", async () => {
    const { clock, log, set } = clockWithLog();
    clock.setTimer(() => set("inner", 5), 10);
    await clock.advance(15);
    expect(log).toEqual(["inner@15"]);
  });

  test("promise chains of any length end before the next timer fires", async () => {
    const { clock, log, set } = clockWithLog();
    clock.setTimer(async () => {
      for (let step = 0; step < 500; step += 1) await Promise.resolve();
      log.push("chain");
    }, 10);
    set("next", 10);
    await clock.advance(10);
    expect(log).toEqual(["chain", "next@10"]);
  });

  test("a cancelled timer does not fire, and is not waited for", async () => {
    const { clock, log } = clockWithLog();
    const timer = clock.setTimer(() => log.push("cancelled"), 10);
    clock.setTimer(() => timer.cancel(), 10 - 1);
    await clock.advance(20);
    timer.cancel();
    expect(log).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
    expect(clock.nextTimerAt).toBeUndefined();
  });

  test("one of several timers of the same moment can be cancelled by another", async () => {
    const { clock, log, set } = clockWithLog();
    clock.setTimer(() => second.cancel(), 10);
    const second = clock.setTimer(() => log.push("second"), 10);
    set("third", 10);
    await clock.advance(10);
    expect(log).toEqual(["third@10"]);
  });
});

describe("settle", () => {
  test("lets promises run on, but no time pass", async () => {
    const { clock, log, set } = clockWithLog();
    set("timer", 0);
    void nextTurn().then(() => log.push("turn"));
    await clock.settle();
    expect(log).toEqual(["turn"]);
    expect(clock.now()).toBe(0);
  });
});

describe("runUntil", () => {
  test("stops the clock as soon as the promise settles, and settles as it did", async () => {
    const { clock, set } = clockWithLog();
    set("later", 100);
    const value = new Promise<string>((resolve) => {
      clock.setTimer(() => resolve("done"), 50);
    });
    await expect(clock.runUntil(value)).resolves.toBe("done");
    expect(clock.now()).toBe(50);
    await expect(clock.runUntil(Promise.reject(new Error("no")))).rejects.toThrow("no");
  });

  test("takes a condition", async () => {
    const { clock, log, set } = clockWithLog();
    for (const delayMs of [10, 20, 30]) set("tick", delayMs);
    await clock.runUntil(() => log.length === 2);
    expect(clock.now()).toBe(20);
  });

  test("gives up when nothing is left that could happen", async () => {
    const clock = new VirtualClock();
    await expect(clock.runUntil(new Promise(() => {}))).rejects.toThrow("no timer is pending");
  });

  test("gives up when its time is over", async () => {
    const { clock, set } = clockWithLog();
    set("late", 2_000);
    await expect(clock.runUntil(() => false, { timeoutMs: 1_000 })).rejects.toThrow("within 1000 ms");
    expect(clock.now()).toBe(1_000);
  });
});

describe("errors", () => {
  test("what a callback throws rejects the move, and later timers can still fire", async () => {
    const { clock, log, set } = clockWithLog();
    clock.setTimer(() => {
      throw new Error("thrown");
    }, 10);
    set("after", 20);
    await expect(clock.advance(20)).rejects.toThrow("thrown");
    expect(clock.now()).toBe(10);
    await clock.advance(10);
    expect(log).toEqual(["after@20"]);
  });

  test("the rejection of a callback's promise rejects the move", async () => {
    const clock = new VirtualClock();
    clock.setTimer(() => Promise.reject(new Error("rejected")), 10);
    await expect(clock.advance(10)).rejects.toThrow("rejected");
  });

  test("two moves at once are refused", async () => {
    const clock = new VirtualClock();
    const first = clock.advance(10);
    await expect(clock.advance(10)).rejects.toThrow("being moved already");
    await first;
    expect(clock.now()).toBe(10);
  });

  test.each([Number.NaN, Infinity])("a delay of %s is refused", (delayMs) => {
    expect(() => new VirtualClock().setTimer(() => {}, delayMs)).toThrow(RangeError);
  });

  test("a negative delay counts as none", async () => {
    const { clock, log, set } = clockWithLog();
    set("past", -5);
    await clock.advance(0);
    expect(log).toEqual(["past@0"]);
  });
});

test("a hundred thousand timers fire in a moment", async () => {
  const clock = new VirtualClock();
  let fired = 0;
  for (let index = 0; index < 100_000; index += 1) {
    clock.setTimer(
      () => {
        fired += 1;
      },
      (index * 7_919) % 10_007,
    );
  }
  await clock.advance(10_007);
  expect(fired).toBe(100_000);
});
