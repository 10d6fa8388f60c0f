// Medians, ranges and ratios over rounds.
import { describe, expect, it } from "vitest";
import { quantile, ratioOf, spreadOf } from "../../../bench/support/statistics.js";

describe("what rounds have measured", () => {
  it("is a median between the least and the most", () => {
    expect(spreadOf([5, 1, 4])).toEqual({ median: 4, least: 1, most: 5 });
    expect(spreadOf([4, 2])).toEqual({ median: 3, least: 2, most: 4 });
  });

  it("is compared round by round, so that a slow round slows both sides", () => {
    expect(ratioOf([10, 200, 30], [5, 100, 15])).toEqual({ median: 2, least: 2, most: 2 });
  });

  it("has quantiles", () => {
    const values = Array.from({ length: 101 }, (_, index) => index);
    expect(quantile(values, 0.99)).toBe(99);
    expect(quantile([7], 0.99)).toBe(7);
  });
});
