import { Consumer, type Runner } from "millrace";
import { VirtualClock } from "millrace/testing";
import { describe, expect, it } from "vitest";

const unreachable: Runner<string> = {
  open: () => new Promise(() => {}),
  run: () => Promise.resolve(),
};

describe("a stop while the source does not answer", () => {
  it("ends the start at once and itself within its time", async () => {
    const clock = new VirtualClock();
    const consumer = new Consumer(() => undefined, { runner: unreachable, clock });
    const started = consumer.start();
    const stopped = consumer.stop({ timeoutMs: 5_000 });
    await expect(clock.runUntil(started)).rejects.toMatchObject({ code: "STOPPED" });
    expect(clock.now()).toBe(0);
    await clock.runUntil(stopped);
    expect(clock.now()).toBeLessThanOrEqual(10_000);
    expect(consumer.state).toBe("stopped");
    expect(clock.pendingTimers).toBe(0);
  });
});
