// The token bucket: whatever is asked for, comes, or goes back, and whenever.
import { fc } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { RateLimit, readRate, type ResolvedRate } from "../../../src/worker/rate-limit.js";

interface Step {
  readonly kind: "wait" | "ask" | "come" | "start" | "unask" | "putBack";
  /** Of what, so many; of a wait, milliseconds. */
  readonly by: number;
}

/** A bucket beside what was asked of it, and when messages came. */
class Model {
  nowMs = 0;
  asked = 0;
  /** When each message came that has not gone back. */
  readonly cameAt: number[] = [];
  /** Those of them that have started. */
  started = 0;
  readonly limit: RateLimit;

  constructor(rate: ResolvedRate, steps: readonly Step[] = []) {
    this.limit = new RateLimit({ now: () => this.nowMs }, rate);
    for (const { kind, by } of steps) this[kind](by);
  }

  wait(ms: number): void {
    this.nowMs += ms;
  }

  ask(atMost: number): void {
    this.asked += this.limit.allow(atMost, this.asked);
  }

  /** So many of those that were asked for come. */
  come(count: number): void {
    for (let left = Math.min(count, this.asked); left > 0; left -= 1) {
      this.asked -= 1;
      if (!this.limit.take()) throw new Error("a message that was asked for has no token");
      this.cameAt.push(this.nowMs);
    }
  }

  /** So many that came start, the first ones first. */
  start(count: number): void {
    for (let left = Math.min(count, this.cameAt.length - this.started); left > 0; left -= 1) {
      this.started += 1;
      this.limit.started();
    }
  }

  /** So many will not come. */
  unask(count: number): void {
    this.asked -= Math.min(count, this.asked);
  }

  /** One that came and has not started goes back. */
  putBack(index: number): void {
    const waiting = this.cameAt.length - this.started;
    if (waiting === 0) return;
    this.cameAt.splice(this.started + (index % waiting), 1);
    this.limit.putBack();
  }
}

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constantFrom("ask", "come", "start", "unask", "putBack"),
    by: fc.integer({ min: 1, max: 15 }),
  }),
  fc.record({
    kind: fc.constant("wait"),
    by: fc.oneof(fc.integer({ min: 0, max: 30_000 }), fc.double({ min: 0, max: 500, noNaN: true })),
  }),
);

const rates = fc.record({
  perSecond: fc.oneof(fc.integer({ min: 1, max: 1_000 }), fc.double({ min: 0.01, max: 50, noNaN: true })),
  burst: fc.integer({ min: 1, max: 50 }),
});

describe("a token bucket", () => {
  test("lets no more than burst + rate × t through in any window of t, however long receives are out", () => {
    fc.assert(
      fc.property(rates, fc.array(step, { maxLength: 300, size: "max" }), (rate, steps) => {
        const { cameAt } = new Model(rate, steps);
        for (const [first, from] of cameAt.entries()) {
          for (let last = first; last < cameAt.length; last += 1) {
            const inWindow = last - first + 1;
            const seconds = ((cameAt[last] as number) - from) / 1_000;
            if (inWindow > rate.burst + rate.perSecond * seconds + 1e-6) {
              throw new Error(`${inWindow} came within ${seconds} s and did not go back`);
            }
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  test("whoever waits as long as it says gets something", () => {
    fc.assert(
      fc.property(rates, fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 100 }), (rate, steps, atMost) => {
        const model = new Model(rate, steps);
        const { limit, asked } = model;
        if (limit.allow(atMost, asked) > 0) return true;
        const waitMs = limit.waitMs(atMost, asked);
        if (waitMs === undefined) return asked === rate.burst; // Others must come, or be given up, first.
        model.wait(waitMs);
        return waitMs > 0 && limit.allow(atMost, asked) > 0;
      }),
      { numRuns: 500 },
    );
  });

  test("is full at first, and does not fill beyond its burst", () => {
    const model = new Model({ perSecond: 10, burst: 20 });
    expect(model.limit.allow(100, 0)).toBe(20);
    model.nowMs = 60_000;
    expect(model.limit.allow(100, 0)).toBe(20);
  });

  test("gathers tokens for as many as are wanted, half a burst at most, and for a second at most", () => {
    const model = new Model({ perSecond: 4, burst: 20 });
    model.ask(20);
    model.come(20);
    model.nowMs = 900;
    expect([model.limit.allow(10, 0), model.limit.waitMs(10, 0)]).toEqual([0, 100]);
    expect(model.limit.allow(3, 0)).toBe(3);
    model.nowMs = 1_000;
    expect(model.limit.allow(10, 0)).toBe(4);
    const quick = new Model({ perSecond: 100, burst: 30 });
    quick.ask(30);
    quick.come(30);
    expect(quick.limit.allow(100, 0)).toBe(0);
    expect(quick.limit.waitMs(100, 0)).toBe(150);
  });

  test("keeps what it has when the rate changes, as far as it fits", () => {
    const model = new Model({ perSecond: 100, burst: 100 });
    model.limit.change({ perSecond: 10, burst: 5 });
    expect(model.limit.allow(100, 0)).toBe(5);
    model.ask(5);
    model.come(5);
    model.limit.change({ perSecond: 10, burst: 50 });
    expect(model.limit.allow(1, 0)).toBe(0);
    model.nowMs = 200;
    expect(model.limit.allow(1, 0)).toBe(1);
    model.limit.change(undefined);
    expect(model.limit.allow(1_000, 500)).toBe(1_000);
    model.limit.change({ perSecond: 10, burst: 7 });
    expect(model.limit.allow(100, 0)).toBe(7);
  });
});

describe("the option rate", () => {
  test.each([
    [{ perSecond: 100 }, { perSecond: 100, burst: 20 }],
    [{ perSecond: 12 }, { perSecond: 12, burst: 3 }],
    [{ perSecond: 0.5 }, { perSecond: 0.5, burst: 2 }],
    [{ perSecond: 100_000 }, { perSecond: 100_000, burst: 20_000 }],
    [
      { perSecond: 5, burst: 1 },
      { perSecond: 5, burst: 1 },
    ],
    [undefined, undefined],
  ])("%o is read as %o", (given, read) => {
    expect(readRate(given)).toEqual(read);
  });

  test.each<[unknown, string, string]>([
    [100, "rate", "100"],
    [null, "rate", "null"],
    [[100], "rate", "an array"],
    [{}, "rate.perSecond", "undefined"],
    [{ perSecond: 0 }, "rate.perSecond", "0"],
    [{ perSecond: -1 }, "rate.perSecond", "-1"],
    [{ perSecond: Number.NaN }, "rate.perSecond", "NaN"],
    [{ perSecond: Infinity }, "rate.perSecond", "Infinity"],
    [{ perSecond: 100_001 }, "rate.perSecond", "100001"],
    [{ perSecond: "100" }, "rate.perSecond", '"100"'],
    [{ perSecond: 1, burst: 0 }, "rate.burst", "0"],
    [{ perSecond: 1, burst: 1.5 }, "rate.burst", "1.5"],
    [{ perSecond: 1, burst: 100_001 }, "rate.burst", "100001"],
    [{ perSecond: 1, bursts: 5 }, "rate.bursts", "5"],
  ])("%o is refused", (given, option, received) => {
    expect(() => readRate(given)).toThrow(expect.objectContaining({ code: "OPTION_INVALID", option, received }));
  });
});
