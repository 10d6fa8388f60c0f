// What becomes of a message whose handler failed, by how often it has.
import { fc } from "@fast-check/vitest";
import { constantRetry, exponentialRetry, type HandlerContext, OptionError, type RetryPolicy } from "millrace";
import { describe, expect, test } from "vitest";

const ALMOST_ONE = 1 - Number.EPSILON;

function delayOf(policy: RetryPolicy, attempt: number): number {
  const outcome = policy(new Error("boom"), { attempt } as HandlerContext);
  if (outcome.kind !== "retry") throw new Error(`the outcome is ${outcome.kind}`);
  return outcome.afterSeconds;
}

describe("exponential retries", () => {
  test("double their ceiling with each attempt, up to the highest", () => {
    const policy = exponentialRetry({ baseSeconds: 2, maxSeconds: 20, random: () => ALMOST_ONE });
    const delays = [1, 2, 3, 4, 5, 1_000].map((attempt) => Math.round(delayOf(policy, attempt)));
    expect(delays).toEqual([2, 4, 8, 16, 20, 20]);
  });

  test("are drawn between 0 and the ceiling", () => {
    const randoms = fc.double({ min: 0, max: ALMOST_ONE, noNaN: true });
    fc.assert(
      fc.property(randoms, fc.integer({ min: 1, max: 5_000 }), (random, attempt) => {
        const delaySeconds = delayOf(exponentialRetry({ random: () => random }), attempt);
        expect(delaySeconds).toBeGreaterThanOrEqual(0);
        expect(delaySeconds).toBeLessThanOrEqual(Math.min(900, 2 ** (attempt - 1)));
        expect(delaySeconds).toBe(random * Math.min(900, 2 ** Math.min(attempt - 1, 30)));
      }),
    );
  });

  test("spread over the whole range by themselves", () => {
    const policy = exponentialRetry({ baseSeconds: 100, maxSeconds: 100 });
    const delays = Array.from({ length: 1_000 }, () => delayOf(policy, 1));
    expect(Math.min(...delays)).toBeLessThan(10);
    expect(Math.max(...delays)).toBeGreaterThan(90);
  });

  test.each([
    ["baseSeconds", { baseSeconds: -1 }],
    ["maxSeconds", { maxSeconds: 43_201 }],
    ["random", { random: 0.5 }],
    ["base", { base: 1 }],
  ])("refuse a bad %s", (option, options) => {
    expect(() => exponentialRetry(options as never)).toThrow(expect.objectContaining({ option }));
  });
});

describe("constant retries", () => {
  test("come after the same time at each attempt", () => {
    expect([1, 5, 100].map((attempt) => delayOf(constantRetry({ delaySeconds: 7 }), attempt))).toEqual([7, 7, 7]);
    expect(delayOf(constantRetry(), 1)).toBe(30);
  });

  test("refuse a bad delay", () => {
    expect(() => constantRetry({ delaySeconds: 50_000 })).toThrow(OptionError);
    expect(() => constantRetry({ delayMs: 1 } as never)).toThrow("delayMs");
  });
});
