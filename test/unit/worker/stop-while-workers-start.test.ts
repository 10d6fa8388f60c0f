// A pool that is stopped while its first workers are being made waits for them, and ends what they own.
import { PoolWorker } from "millrace";
import { VirtualClock } from "millrace/testing";
import { expect, test } from "vitest";

test("a stop waits for the workers that a start is still making", async () => {
  const clock = new VirtualClock();
  const alive = new Set<number>();
  const pool = new PoolWorker({
    minWorkers: 2,
    onWorkerStart: ({ id }) =>
      new Promise<number>((resolve) => {
        clock.setTimer(() => {
          alive.add(id);
          resolve(id);
        }, 500);
      }),
    onWorkerStop: (id) => void alive.delete(id),
  });
  const starting = pool.start({
    clock,
    waitingForTurn: 0,
    placesFreed: () => undefined,
    report: () => undefined,
    workersChanged: () => undefined,
  });
  await clock.advance(100);
  await clock.runUntil(pool.stop());
  expect(clock.now()).toBe(500);
  expect(alive.size).toBe(0);
  await starting;
});
