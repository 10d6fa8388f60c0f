// Every worker strategy does what the contract says, and the contract finds those that do not.
import { PoolWorker, SemaphoreWorker } from "millrace";
import { type CreateWorker, type VirtualClock, type WorkerTraits, workerContract } from "millrace/testing";
import { describe, expect, test } from "vitest";
import { BrokenWorker, type Defect } from "./broken-workers.js";

interface Strategy {
  readonly name: string;
  readonly traits?: WorkerTraits;
  readonly create: CreateWorker;
}

const ROOM = 40;

const strategies: readonly Strategy[] = [
  { name: "SemaphoreWorker", create: ({ places }) => new SemaphoreWorker({ permits: places }) },
  {
    name: "PoolWorker",
    traits: { mostWaiting: 1_000 },
    create: ({ places }) => new PoolWorker({ maxWorkers: places }),
  },
  {
    name: "PoolWorker without a waiting room",
    create: ({ places }) => new PoolWorker({ maxWorkers: places, waitingRoom: 0 }),
  },
  {
    name: "PoolWorker with a small waiting room, workers that are kept, and short idle times",
    traits: { mostWaiting: ROOM },
    create: ({ places }) =>
      new PoolWorker({ maxWorkers: places, minWorkers: 1, waitingRoom: ROOM, waitingRoomMs: 5_000, idleTimeoutMs: 1 }),
  },
  {
    name: "PoolWorker whose workers take time to start and to stop",
    traits: { mostWaiting: ROOM, startupMs: 20 },
    create: ({ places, clock }) =>
      new PoolWorker({
        maxWorkers: places,
        waitingRoom: ROOM,
        idleTimeoutMs: 100,
        onWorkerStart: () => pause(clock, 20),
        onWorkerStop: () => pause(clock, 5),
      }),
  },
  {
    name: "PoolWorker whose workers are made at once",
    traits: { mostWaiting: ROOM },
    create: ({ places }) =>
      new PoolWorker({ maxWorkers: places, minWorkers: places, waitingRoom: ROOM, onWorkerStart: () => ({}) }),
  },
  {
    name: "a share of a PoolWorker",
    traits: { mostWaiting: 1_000 },
    create: ({ places }) => new PoolWorker({ maxWorkers: places }).share(),
  },
  {
    name: "a share of a PoolWorker that runs fewer tasks than the pool could",
    traits: { mostWaiting: 1_000 },
    create: ({ places }) => new PoolWorker({ maxWorkers: 3 * places }).share({ maxRunning: places }),
  },
  {
    name: "PoolWorker with tenants",
    traits: { mostWaiting: 1_000 },
    create: ({ places }) => new PoolWorker({ maxWorkers: places, tenants: {} }),
  },
  {
    name: "PoolWorker that has been resized",
    traits: { mostWaiting: 1_000 },
    create: ({ places }) => {
      const pool = new PoolWorker({ maxWorkers: 2 * places });
      pool.resize({ maxWorkers: places });
      return pool;
    },
  },
  {
    name: "a strategy of one's own",
    traits: { mostWaiting: ROOM },
    create: ({ places }) => new BrokenWorker({ places, room: ROOM, defect: "none" }),
  },
];

function pause(clock: VirtualClock, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    clock.setTimer(resolve, delayMs);
  });
}

/** What a case complains of; undefined when it is content. */
async function complaintOf(attempt: Promise<void> | undefined): Promise<unknown> {
  try {
    await attempt;
    return undefined;
  } catch (error) {
    return error instanceof Error ? `${error.name} ${error.stack}` : error;
  }
}

describe.each(strategies.map(({ name, create, traits }) => [name, create, traits] as const))(
  "%s",
  (_name, create, traits) => {
    test.each(workerContract.map(({ name, run }) => [name, run] as const))("%s", async (_caseName, run) => {
      expect.assertions(0); // The case asserts by itself.
      await run(create, traits);
    });
  },
);

const defects: ReadonlyArray<readonly [Defect, string]> = [
  ["runs one too many", "never runs more tasks at once than it has places"],
  ["runs one too many", "reserves no more than is asked for, and no more than there is"],
  ["releases twice", "never runs more tasks at once than it has places"],
  ["releases twice", "gives a place again when the task that used it has ended"],
  ["keeps a withdrawn task", "gives up exactly the tasks that have not started when they are withdrawn"],
  ["loses a withdrawn task", "gives up exactly the tasks that have not started when they are withdrawn"],
  ["loses a withdrawn task", "starts no task twice and loses none, in random histories"],
  ["starts a task twice", "starts a task at once when a slot is free"],
  ["tells nobody of free places", "tells when a place has become free, to somebody who was given none"],
  ["is drained too early", "is drained only when nothing runs or waits, and tells all who wait for it"],
  ["leaves a timer", "leaves no timer behind when it has stopped"],
  ["forgets what runs when it stops", "keeps its limit over a restart, with tasks of its earlier life still running"],
  ["starts the newest first", "starts tasks in the order in which they came"],
  ["has no room for what is here already", "starts no task twice and loses none, in random histories"],
];

describe("the contract finds a strategy that", () => {
  test.each(defects)("%s: it %s", async (defect, caseName) => {
    const contractCase = workerContract.find(({ name }) => name === caseName);
    const create: CreateWorker = ({ places }) => new BrokenWorker({ places, room: ROOM, defect });
    expect(await complaintOf(contractCase?.run(create, { mostWaiting: ROOM }))).toMatch(/^AssertionError/u);
  });
});
