// Delays double up to a ceiling, with jitter in their upper half.
import { fc } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { Backoff } from "../../../src/internal/backoff.js";

const HIGHEST_RANDOM = 1 - Number.EPSILON;

describe("a back-off", () => {
  test("doubles its ceiling with each failure, up to the highest", () => {
    const backoff = new Backoff({ baseMs: 100, maxMs: 1_000, random: () => HIGHEST_RANDOM });
    const delays = Array.from({ length: 6 }, () => Math.round(backoff.nextDelayMs()));
    expect(delays).toEqual([100, 200, 400, 800, 1_000, 1_000]);
  });

  test("draws between half the ceiling and the ceiling, however many failures there were", () => {
    const randoms = fc.double({ min: 0, max: HIGHEST_RANDOM, noNaN: true });
    fc.assert(
      fc.property(randoms, fc.integer({ min: 0, max: 2_000 }), (random, failures) => {
        const backoff = new Backoff({ baseMs: 100, maxMs: 30_000, random: () => random });
        for (let failure = 0; failure < failures; failure += 1) backoff.nextDelayMs();
        const ceilingMs = Math.min(30_000, 100 * 2 ** failures);
        const delayMs = backoff.nextDelayMs();
        expect(delayMs).toBeGreaterThanOrEqual(ceilingMs / 2);
        expect(delayMs).toBeLessThanOrEqual(ceilingMs);
      }),
    );
  });

  test("counts failures, and begins anew after a success", () => {
    const backoff = new Backoff({ baseMs: 100, maxMs: 1_000, random: () => 0 });
    backoff.nextDelayMs();
    backoff.nextDelayMs();
    expect(backoff.failures).toBe(2);
    backoff.reset();
    expect(backoff.failures).toBe(0);
    expect(backoff.nextDelayMs()).toBe(50);
  });

  test("draws its own numbers when it is given none", () => {
    const backoff = new Backoff({ baseMs: 100, maxMs: 100 });
    const delays = new Set(Array.from({ length: 20 }, () => backoff.nextDelayMs()));
    expect(delays.size).toBeGreaterThan(10);
  });
});
