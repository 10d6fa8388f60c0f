// What every worker strategy must do, as a list of cases for any test framework.

import assert from "node:assert/strict";
import { drawInteger, seededRandom } from "./random.js";
import { takeRandomStep } from "./worker-history.js";
import { type CreateWorker, type WorkerTraits, WorkerRig } from "./worker-rig.js";

export type { CreateWorker, WorkerTraits } from "./worker-rig.js";

/** One thing that a strategy must do. */
export interface WorkerContractCase {
  /** What it does. */
  readonly name: string;
  /**
   * Tries it, on a virtual clock; rejects with an `AssertionError` when the strategy does something else.
   *
   * @param create - Makes a worker of the strategy, anew at each call.
   * @param traits - What this strategy may do that others may not.
   */
  readonly run: (create: CreateWorker, traits?: WorkerTraits) => Promise<void>;
}

type Attempt = (rig: WorkerRig, openRig: (places: number) => Promise<WorkerRig>) => Promise<void>;

const PLACES = 3;
const HISTORIES = 60;

/** A case on a rig whose worker was started; `openRig` makes another one. */
function started(name: string, attempt: Attempt): WorkerContractCase {
  return {
    name,
    async run(create, traits = {}) {
      const openRig = async (places: number): Promise<WorkerRig> => {
        const rig = new WorkerRig(create, { ...traits, places });
        await rig.start();
        return rig;
      };
      await attempt(await openRig(PLACES), openRig);
    },
  };
}

/**
 * The contract of `Worker`. A strategy that passes each case can be given to a consumer; one that starts tasks in
 * another order than they came leaves out the case that says so.
 *
 * @example
 * ```ts
 * for (const { name, run } of workerContract) {
 *   test(name, () => run(({ places }) => new MyWorker(places)));
 * }
 * ```
 */
export const workerContract: readonly WorkerContractCase[] = [
  started("never runs more tasks at once than it has places", async (_rig, openRig) => {
    for (const places of [1, 2, 7]) {
      const rig = await openRig(places);
      await rig.warmUp();
      for (let round = 0; round < 20; round += 1) {
        rig.fill();
        await rig.settle();
        rig.running[round % places]?.end();
        await rig.settle();
      }
      assert.equal(rig.mostRunning, places, "as many run at once as there are places");
      await rig.finish();
    }
  }),

  started("reserves no more than is asked for, and no more than there is", async (rig) => {
    assert.equal(rig.reserve(2), 2);
    assert.equal(rig.reserve(100), 1);
    assert.equal(rig.reserve(1), 0);
    rig.check();
  }),

  started("gives a place that was released to the next who asks", async (rig) => {
    rig.reserve(PLACES);
    rig.release(2);
    assert.equal(rig.reserve(PLACES), 2);
    rig.check();
  }),

  started("gives a place again when the task that used it has ended", async (rig) => {
    const [first] = rig.fill();
    await rig.settle();
    assert.equal(rig.reserve(1), 0);
    first?.end();
    await rig.settle();
    assert.ok(rig.reserve(PLACES) > 0);
    rig.check();
    await rig.finish();
  }),

  started("starts a task at once when a slot is free", async (rig) => {
    for (let count = 1; count <= PLACES; count += 1) {
      rig.reserve(1);
      const task = rig.accept();
      await rig.settle();
      assert.equal(task.phase, "running");
    }
    await rig.finish();
  }),

  started("starts a waiting task as soon as a slot is free", async (rig) => {
    await rig.warmUp();
    rig.fill();
    await rig.settle();
    while (rig.running.length > 0) {
      assert.equal(rig.running.length, Math.min(PLACES, rig.running.length + rig.waiting.length));
      rig.running[0]?.end();
      await rig.settle();
    }
    assert.equal(rig.waiting.length, 0);
  }),

  started("takes a task that is here already though it is full, and gives no place for it", async (rig) => {
    rig.fill();
    await rig.settle();
    const extra = rig.acceptAnyway();
    assert.equal(rig.reserve(1), 0, "a place was given for which there is no room");
    await rig.settle();
    assert.equal(extra.phase, "waiting");
    rig.running[0]?.end();
    await rig.settle();
    assert.equal(extra.phase, "running", "it starts as soon as a slot is free");
    rig.await(1);
    rig.running[0]?.end();
    await rig.settle();
    assert.equal(rig.awaited, 0, "placesFreed was not called when there was room again");
    await rig.finish();
  }),

  started("starts tasks in the order in which they came", async (rig) => {
    await rig.warmUp();
    rig.fill();
    await rig.settle();
    await rig.finish();
    assert.deepEqual(
      rig.started,
      rig.started.toSorted((one, other) => one - other),
    );
  }),

  started("starts no task twice and loses none, in random histories", async (_rig, openRig) => {
    for (let seed = 1; seed <= HISTORIES; seed += 1) {
      const random = seededRandom(seed);
      const rig = await openRig(drawInteger(random, 1, 5));
      try {
        if (random() < 0.5) await rig.warmUp();
        for (let step = 0; step < 120; step += 1) await takeRandomStep(rig, random);
        await rig.finish();
        await rig.stop();
        await rig.clock.advance(0);
        assert.equal(rig.clock.pendingTimers, 0, "a timer is left");
      } catch (cause) {
        throw new assert.AssertionError({ message: `History ${seed}: ${(cause as Error).message}` });
      }
    }
  }),

  started("goes on when several tasks end in the same tick", async (rig) => {
    await rig.warmUp();
    for (let round = 0; round < 10; round += 1) {
      rig.fill();
      await rig.settle();
      for (const task of rig.running) task.end();
      await rig.settle();
    }
    await rig.finish();
    assert.equal(rig.reserve(PLACES), PLACES);
  }),

  started("runs tasks that end as soon as they are called, however many", async (rig) => {
    const most = 5_000;
    let count = 0;
    while (count < most) {
      const places = rig.reserve(PLACES);
      assert.ok(places > 0, `after ${count} tasks no place is free`);
      for (let place = 0; place < places; place += 1) rig.accept(0);
      count += places;
      await rig.settle();
    }
    assert.equal(rig.started.length, count);
  }),

  started("gives up exactly the tasks that have not started when they are withdrawn", async (rig) => {
    await rig.warmUp();
    rig.fill();
    rig.withdraw(); // Before anything has had time to happen.
    rig.fill();
    await rig.settle();
    const waiting = rig.waiting.length;
    assert.equal(rig.withdraw().length, waiting);
    assert.deepEqual(rig.withdraw(), []);
    const startedBefore = rig.started.length;
    await rig.finish();
    assert.equal(rig.started.length, startedBefore, "a task ran that was withdrawn");
    assert.equal(rig.reserve(PLACES), PLACES, "the places of withdrawn tasks are free");
  }),

  started("is drained only when nothing runs or waits, and tells all who wait for it", async (rig) => {
    await rig.clock.runUntil(rig.worker.drained());
    await rig.warmUp();
    rig.fill();
    let told = 0;
    for (let waiter = 0; waiter < 3; waiter += 1) void rig.worker.drained().then(() => (told += 1));
    await rig.settle();
    while (rig.running.length + rig.waiting.length > 0) {
      assert.equal(told, 0, "drained resolved early");
      rig.running[0]?.end();
      await rig.settle();
    }
    assert.equal(told, 3, "drained has not resolved");
    await rig.clock.runUntil(rig.worker.drained());
  }),

  started("is drained when the last task that waited is withdrawn", async (rig) => {
    await rig.warmUp();
    rig.fill();
    const drained = rig.worker.drained();
    rig.withdraw();
    for (const task of rig.running) task.end();
    await rig.clock.runUntil(drained);
  }),

  started("tells when a place has become free, to somebody who was given none", async (rig) => {
    rig.reserve(PLACES);
    rig.await(1);
    assert.equal(rig.awaited, 1);
    rig.release(1);
    assert.equal(rig.awaited, 0, "placesFreed was not called after release");
    rig.accept();
    rig.accept();
    rig.accept();
    await rig.settle();
    rig.await(1);
    rig.running[0]?.end();
    await rig.settle();
    assert.equal(rig.awaited, 0, "placesFreed was not called after a task had ended");
    await rig.finish();
  }),

  started("keeps its limit over a restart, with tasks of its earlier life still running", async (rig) => {
    const earlier = rig.fill();
    await rig.settle();
    await rig.stop();
    await rig.start();
    assert.equal(rig.reserve(PLACES), 0, "the slots of running tasks were given again");
    earlier[0]?.end();
    await rig.settle();
    assert.equal(rig.reserve(PLACES), 1);
    rig.accept();
    await rig.settle();
    assert.equal(rig.running.length, PLACES);
    await rig.finish();
    assert.equal(rig.reserve(PLACES), PLACES);
  }),

  started("lets tasks end that still run when it stops", async (rig) => {
    rig.fill();
    await rig.settle();
    await rig.stop();
    await rig.finish();
    assert.equal(rig.clock.pendingTimers, 0, "a timer is left");
    await rig.start();
    assert.equal(rig.reserve(PLACES), PLACES);
  }),

  {
    name: "can be stopped before it was started, and twice",
    async run(create, traits = {}) {
      const rig = new WorkerRig(create, { ...traits, places: PLACES });
      await rig.stop();
      await rig.start();
      rig.reserve(1);
      rig.accept();
      await rig.settle();
      await rig.finish();
      await rig.clock.runUntil(Promise.all([rig.worker.stop(), rig.worker.stop()]));
      await rig.stop();
      await rig.start();
      assert.equal(rig.reserve(PLACES), PLACES);
    },
  },

  started("says truly at each moment what runs and what waits", async (rig) => {
    await rig.warmUp();
    while (rig.reserve(1) === 1) {
      const before = rig.worker.stats();
      rig.accept();
      const after = rig.worker.stats();
      assert.equal(after.running + after.waiting, before.running + before.waiting + 1);
      await rig.settle();
    }
    while (rig.running.length > 0) {
      rig.running[0]?.end();
      await rig.settle();
    }
    assert.deepEqual([rig.worker.stats().running, rig.worker.stats().waiting], [0, 0]);
  }),

  started("leaves no timer behind when it has stopped", async (rig) => {
    await rig.warmUp();
    await rig.stop();
    assert.equal(rig.clock.pendingTimers, 0);
  }),
];
