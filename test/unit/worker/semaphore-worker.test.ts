// Messages of different weight share permits, in the order in which they came.
import { OptionError, SemaphoreWorker } from "millrace";
import { beforeEach, describe, expect, test } from "vitest";
import { TestHost, TimedTask } from "../../support/worker-host.js";

let host: TestHost;
beforeEach(() => {
  host = new TestHost();
});

async function start(
  options: { readonly permits?: number; readonly weight?: (message: unknown) => number } = {},
): Promise<SemaphoreWorker> {
  const worker = new SemaphoreWorker({ weight: (message) => message as number, ...options });
  await worker.start(host);
  return worker;
}

/** Reserves places for all at once, as a receive does before it knows what it will bring, and hands tasks over. */
async function acceptAll(worker: SemaphoreWorker, weights: readonly number[]): Promise<TimedTask[]> {
  const places = worker.reserve(weights.length);
  if (places < weights.length) throw new Error(`there are ${places} places`);
  const tasks = weights.map((weight) => new TimedTask(host.clock, Infinity, weight));
  for (const task of tasks) worker.accept(task);
  await host.clock.settle();
  return tasks;
}

const startedOf = (tasks: readonly TimedTask[]): boolean[] => tasks.map(({ isStarted }) => isStarted);

describe("a semaphore", () => {
  test("runs as many messages as permits allow by their weight", async () => {
    const worker = await start({ permits: 10 });
    const tasks = await acceptAll(worker, [4, 5, 2, 1]);
    expect(startedOf(tasks)).toEqual([true, true, false, false]);
    expect(worker.stats()).toEqual({ running: 2, waiting: 2, workers: 2 });
    tasks[0]?.end();
    await host.clock.settle();
    expect(startedOf(tasks)).toEqual([true, true, true, true]);
  });

  test("does not let a light message overtake a heavy one that waits", async () => {
    const worker = await start({ permits: 10 });
    const tasks = await acceptAll(worker, [6, 8, 1]);
    expect(startedOf(tasks)).toEqual([true, false, false]);
    tasks[0]?.end();
    await host.clock.settle();
    expect(startedOf(tasks)).toEqual([true, true, true]);
  });

  test("runs a message alone that weighs more than there are permits", async () => {
    const worker = await start({ permits: 3 });
    const tasks = await acceptAll(worker, [1, 100, 1]);
    expect(startedOf(tasks)).toEqual([true, false, false]);
    tasks[0]?.end();
    await host.clock.settle();
    expect(startedOf(tasks)).toEqual([true, true, false]);
    tasks[1]?.end();
    await host.clock.settle();
    expect(startedOf(tasks)).toEqual([true, true, true]);
  });

  test("gives no places while heavier messages wait than there are permits left", async () => {
    const worker = await start({ permits: 4 });
    const tasks = await acceptAll(worker, [2, 3]);
    expect(worker.reserve(10)).toBe(0);
    tasks[0]?.end();
    await host.clock.settle();
    expect(worker.reserve(10)).toBe(1);
  });

  test("weighs each message 1 without a function", async () => {
    const worker = new SemaphoreWorker({ permits: 2 });
    await worker.start(host);
    expect(startedOf(await acceptAll(worker, [100, 100]))).toEqual([true, true]);
  });

  test("frees the permits of messages that are withdrawn, and runs them no more", async () => {
    const worker = await start({ permits: 4 });
    const [running, ...waiting] = await acceptAll(worker, [3, 3, 1]);
    expect(worker.withdraw()).toEqual(waiting);
    expect(worker.reserve(10)).toBe(1);
    running?.end();
    await host.clock.settle();
    expect(startedOf(waiting)).toEqual([false, false]);
    expect(worker.reserve(10)).toBe(3);
    expect(worker.stats()).toEqual({ running: 0, waiting: 0, workers: 0 });
  });

  test("withdraws a message in the very moment in which its permits come", async () => {
    const worker = await start({ permits: 1 });
    worker.reserve(1);
    const task = new TimedTask(host.clock, Infinity, 1);
    worker.accept(task);
    expect(worker.withdraw()).toEqual([task]);
    await host.clock.settle();
    expect(task.isStarted).toBe(false);
    const [next] = await acceptAll(worker, [1]);
    expect(next?.isStarted).toBe(true);
  });

  const badWeights: ReadonlyArray<readonly [string, () => unknown]> = [
    ["NaN", () => Number.NaN],
    ["0", () => 0],
    ["-1", () => -1],
    ["1.5", () => 1.5],
    ["Infinity", () => Infinity],
    ["a text", () => "2"],
    ["a promise", () => Promise.resolve(2)],
    [
      "an error",
      () => {
        throw new Error("no weight");
      },
    ],
  ];
  test.each(badWeights)("takes a message for 1 whose weight is %s, and reports it", async (_name, weight) => {
    const worker = await start({ permits: 2, weight: weight as () => number });
    expect(startedOf(await acceptAll(worker, [1, 1]))).toEqual([true, true]);
    expect(host.errors).toHaveLength(2);
    expect(host.errors[0]).toMatchObject({ code: "WEIGHT_FAILED", cause: expect.any(Error) as unknown });
  });

  test.each<[string, object]>([
    ["permits", { permits: 0 }],
    ["permits", { permits: 100_001 }],
    ["weight", { weight: 2 }],
    ["concurrency", { concurrency: 2 }],
  ])("refuses a bad %s: %o", (option, options) => {
    const create = (): unknown => new SemaphoreWorker(options);
    expect(create).toThrow(OptionError);
    expect(create).toThrow(expect.objectContaining({ option }));
  });

  test("refuses a task without a place, and more places back than it gave", async () => {
    const worker = await start();
    expect(() => worker.release(1)).toThrow(expect.objectContaining({ code: "INTERNAL" }));
    expect(() => worker.accept(new TimedTask(host.clock, 1))).toThrow(expect.objectContaining({ code: "INTERNAL" }));
  });
});
