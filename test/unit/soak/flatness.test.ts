// The judge of the soak: it must see a leak under noise, and no leak where there is only noise.
import { fc } from "@fast-check/vitest";
import { seededRandom } from "millrace/testing";
import { describe, expect, it } from "vitest";
import { judgeFlatness, median, type Point, slopeOf } from "../../../scripts/soak/flatness.js";

const MIB = 1_048_576;
const SECONDS = 1_800;

/** A heap of 20 MiB, looked at every 5 s, with so much noise and so much growth in all. */
function heap(seed: number, { noise = 1, growth = 0 }: { noise?: number; growth?: number }): Point[] {
  const random = seededRandom(seed);
  return Array.from({ length: SECONDS / 5 }, (_, index) => {
    const atSeconds = index * 5;
    const spike = random() < 0.05 ? 15 * random() : 0; // A burst was just in hand.
    const value = 20 + noise * (random() - 0.5) + spike + (growth * atSeconds) / SECONDS;
    return { atSeconds, value: value * MIB };
  });
}

describe("a soak's series", () => {
  it("is flat when it is only noisy", () => {
    const isFlat = (seed: number): boolean | undefined => judgeFlatness(heap(seed, { noise: 3 }), 2 * MIB)?.isFlat;
    const check = fc.check(fc.property(fc.integer(), (seed) => isFlat(seed) === true));
    expect(check.counterexample).toBeNull();
  });

  it("is not flat when it leaks, whatever the noise", () => {
    const isFlat = (seed: number): boolean | undefined =>
      judgeFlatness(heap(seed, { noise: 3, growth: 8 }), 2 * MIB)?.isFlat;
    const check = fc.check(fc.property(fc.integer(), (seed) => isFlat(seed) === false));
    expect(check.counterexample).toBeNull();
  });

  it("has grown by what it has leaked in the second half", () => {
    const flatness = judgeFlatness(heap(1, { growth: 8 }), 2 * MIB);
    expect(flatness).toMatchObject({ fromSeconds: 900, toSeconds: 1_795 });
    expect((flatness?.growth ?? 0) / MIB).toBeCloseTo(4, 0);
  });

  it("is flat when it grew at first and then no more", () => {
    const points = heap(1, {}).map(({ atSeconds, value }) => ({
      atSeconds,
      value: value + 30 * MIB * Math.min(1, atSeconds / 800),
    }));
    expect(judgeFlatness(points, 2 * MIB)).toMatchObject({ isFlat: true, toSeconds: 1_795 });
  });

  it("is flat when it falls", () => {
    expect(judgeFlatness(heap(1, { growth: -15 }), 2 * MIB)?.isFlat).toBe(true);
  });

  it("cannot be judged by two points", () => {
    const two = [0, 1, 2, 3].map((atSeconds) => ({ atSeconds, value: 1 }));
    expect(judgeFlatness(two, 1)).toBeUndefined();
    expect(judgeFlatness([], 1)).toBeUndefined();
  });
});

describe("the line", () => {
  it("has the slope that most of the points have", () => {
    const points = Array.from({ length: 20 }, (_, index) => ({ atSeconds: index, value: 3 * index }));
    const bent = points.map((point, index) => (index % 5 === 0 ? { ...point, value: 1e6 } : point));
    expect(slopeOf(bent)).toBe(3);
  });

  it("goes through the middle of an even number of slopes", () => {
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(median([5, 1, 3])).toBe(3);
  });
});
