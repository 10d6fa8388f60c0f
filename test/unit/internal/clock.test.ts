// The system's clock, where it is more than setTimeout.
import { stat } from "node:fs";
import { systemClock } from "../../../src/internal/clock.js";
import { expect, it } from "vitest";

it("calls back without a delay at the end of the turn, and not a millisecond later", async () => {
  const calls: string[] = [];
  await new Promise<void>((resolve) => {
    // From a callback of the file system, so that it is known what the event loop does next.
    stat(".", () => {
      setImmediate(() => calls.push("end of the turn"));
      systemClock.setTimer(() => calls.push("later"), 1);
      systemClock.setTimer(() => calls.push("taken back"), 0).cancel();
      systemClock.setTimer(() => calls.push("at once"), 0);
      systemClock.setTimer(() => calls.push("less than nothing"), -1);
      setImmediate(resolve);
    });
  });
  expect(calls).toEqual(["end of the turn", "at once", "less than nothing"]);
});
