import { Consumer, MemoryRunner, PoolWorker } from "millrace";
import { VirtualClock } from "millrace/testing";
import { describe, expect, it } from "vitest";

describe("a runner or worker that is in use", () => {
  it("is refused to a second consumer, and the first goes on undisturbed", async () => {
    const clock = new VirtualClock();
    const runner = new MemoryRunner<number, number>({ clock });
    const worker = new PoolWorker({ maxWorkers: 2 });
    const first = new Consumer((number: number) => number * 2, { runner, worker, clock });
    const sharesRunner = new Consumer((number: number) => number, { runner, clock });
    const sharesWorker = new Consumer((number: number) => number, {
      runner: new MemoryRunner({ clock }),
      worker,
      clock,
    });
    await clock.runUntil(first.start());

    await expect(sharesRunner.start()).rejects.toMatchObject({ code: "IN_USE" });
    await expect(sharesWorker.start()).rejects.toMatchObject({ code: "IN_USE" });
    expect(sharesRunner.state).toBe("idle");
    await expect(clock.runUntil(runner.enqueue(21).result)).resolves.toBe(42);

    await clock.runUntil(first.stop());
    await clock.runUntil(sharesRunner.start());
    await expect(clock.runUntil(runner.enqueue(21).result)).resolves.toBe(21);
    await clock.runUntil(sharesRunner.stop());
  });
});
