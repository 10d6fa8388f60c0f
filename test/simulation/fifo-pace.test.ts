// Order costs next to no pace. Exact figures of the simulated service on a virtual clock, the same on every machine.
import { describe, expect, it } from "vitest";
import { measureManyGroups, measureOneGroup } from "../support/fifo-pace.js";

describe("1,000 groups on 100 slots", () => {
  it.each([
    { workMs: 5, roundTripMs: 20 },
    { workMs: 100, roundTripMs: 20 },
    { workMs: 500, roundTripMs: 20 },
  ])("are as fast as a standard queue, with full receives: %o", async (options) => {
    const standard = await measureManyGroups({ ...options, isFifo: false });
    const fifo = await measureManyGroups({ ...options, isFifo: true });
    expect(fifo.perSecond / standard.perSecond).toBeGreaterThanOrEqual(0.95);
    expect(fifo.receives / standard.receives).toBeLessThan(1.1);
  });

  it("are acknowledged together where handlers end in the same moment", async () => {
    const fifo = await measureManyGroups({ workMs: 20, roundTripMs: 20, isFifo: true });
    expect(fifo.deletes).toBeLessThan(2_100); // Full batches would be 2,000.
  });
});

describe("one group alone", () => {
  it.each([
    { workMs: 0, roundTripMs: 20, mostAReceive: 10 },
    { workMs: 0, roundTripMs: 20, mostAReceive: 1 },
    { workMs: 50, roundTripMs: 20, mostAReceive: 10 },
    { workMs: 50, roundTripMs: 20, mostAReceive: 1 },
    { workMs: 50, roundTripMs: 1, mostAReceive: 1 },
  ])("takes no longer a message than its handler and two round trips: %o", async (options) => {
    const { workMs, roundTripMs } = options;
    expect((await measureOneGroup(options)) / (workMs + 2 * roundTripMs)).toBeLessThanOrEqual(1.1);
  });
});
