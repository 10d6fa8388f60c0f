// Waiting until a condition holds, on either kind of clock.

import { setImmediate } from "node:timers/promises";
import { systemClock } from "../../internal/clock.js";
import type { VirtualClock } from "../virtual-clock.js";
import type { RunnerHarness } from "./harness.js";

type Until = RunnerHarness["until"];

/**
 * For `RunnerHarness.until`: moves a virtual clock from timer to timer until the condition holds.
 *
 * @param options - `timeoutMs`: how much virtual time may pass before it gives up; default ten minutes. `turns`: how many
 * turns of the event loop are waited for before each move of the time, for runners that wait for files or sockets beside
 * the clock; default 1.
 */
export function inVirtualTime(clock: VirtualClock, options: { timeoutMs?: number; turns?: number } = {}): Until {
  const { timeoutMs = 600_000, turns = 1 } = options;
  return async (condition) => {
    const limit = clock.now() + timeoutMs;
    for (;;) {
      for (let turn = 0; turn < turns; turn += 1) await setImmediate();
      await clock.settle();
      if (await condition()) return;
      const next = clock.nextTimerAt;
      if (next === undefined) throw new Error("nothing is left that could happen: no timer is set");
      if (next > limit) throw new Error(`it did not come about within ${timeoutMs} ms of virtual time`);
      await clock.advance(next - clock.now());
    }
  };
}

/**
 * For `RunnerHarness.until`: looks every few milliseconds of real time whether the condition holds.
 *
 * @param options - `timeoutMs`: when it gives up; default 10,000. `intervalMs`: how often it looks; default 5.
 */
export function inRealTime(options: { timeoutMs?: number; intervalMs?: number } = {}): Until {
  const { timeoutMs = 10_000, intervalMs = 5 } = options;
  return async (condition) => {
    const limit = systemClock.now() + timeoutMs;
    while (!(await condition())) {
      if (systemClock.now() > limit) throw new Error(`it did not come about within ${timeoutMs} ms`);
      await new Promise<void>((resolve) => {
        systemClock.setTimer(resolve, intervalMs);
      });
    }
  };
}
