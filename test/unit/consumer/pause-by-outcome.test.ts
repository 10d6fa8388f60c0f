// retry({ afterSeconds, pause: "queue" }): a handler that has met a limit pauses what would meet it too.
import { Consumer, MemoryRunner, PoolWorker, retry, type RetryPause, type Task } from "millrace";
import { describe, expect, test } from "vitest";
import { SimulatedQueue } from "../../support/simulated-queue.js";

const TOO_MANY = retry({ afterSeconds: 30, pause: "queue" });

describe("a retry that pauses the queue", () => {
  test("is retried after that time, and nothing else starts before", async () => {
    const queue = await SimulatedQueue.create({ messages: 300 });
    const startedAt = new Map<string, number[]>();
    let answers = 0;
    const consumer = queue.consume(
      async ({ Body = "" }) => {
        const now = queue.clock.now();
        startedAt.set(Body, [...(startedAt.get(Body) ?? []), now]);
        await queue.work(10);
        answers += 1;
        return answers === 100 ? TOO_MANY : undefined;
      },
      { concurrency: 5 },
    );
    const events: unknown[] = [];
    consumer.on("paused", ({ forMs }) => events.push([queue.clock.now(), forMs]));
    consumer.on("resumed", () => events.push(queue.clock.now()));
    await queue.clock.runUntil(consumer.start());
    await queue.clock.runUntil(() => consumer.stats().isPaused);
    const pausedAt = queue.clock.now();
    await queue.clock.runUntil(() => queue.size === 0);
    expect(events).toEqual([[pausedAt, 30_000], pausedAt + 30_000]);
    const all = [...startedAt.values()].flat();
    expect(all.filter((moment) => moment > pausedAt && moment < pausedAt + 30_000)).toEqual([]);
    expect(all).toHaveLength(301);
    const [retried] = [...startedAt.values()].filter((moments) => moments.length === 2);
    expect((retried?.[1] ?? 0) - pausedAt).toBeGreaterThanOrEqual(30_000);
    await queue.clock.runUntil(consumer.stop());
    expect(consumer.reported).toEqual([]);
  });

  test("ends when the last of several says, and leaves a pause of the user's alone", async () => {
    const queue = await SimulatedQueue.create({ messages: 3 });
    const delays = [10, 40, 20];
    const consumer = queue.consume(async () => {
      const afterSeconds = delays.shift();
      await queue.work(1_000);
      return afterSeconds === undefined ? undefined : retry({ afterSeconds, pause: "queue" });
    });
    const events: unknown[] = [];
    consumer.on("paused", ({ forMs }) => events.push(["paused", forMs]));
    consumer.on("resumed", () => events.push(["resumed", queue.clock.now()]));
    await queue.clock.runUntil(consumer.start());
    await queue.clock.runUntil(() => queue.size === 0);
    expect(events).toEqual([
      ["paused", 10_000],
      ["resumed", 41_000],
    ]);
    delays.push(5);
    await queue.send(1);
    await queue.clock.advance(2_000);
    consumer.pause();
    await queue.clock.advance(60_000);
    expect(consumer.stats().isPaused).toBe(true);
    expect(events.slice(2)).toEqual([["paused", 5_000]]);
    consumer.resume();
    expect(consumer.stats().isPaused).toBe(false);
    expect(events.slice(3)).toEqual([["resumed", queue.clock.now()]]);
    await queue.clock.runUntil(() => queue.size === 0);
    await queue.clock.runUntil(consumer.stop());
  });

  test("is ended by resume(), and by a stop, which leaves no timer", async () => {
    const queue = await SimulatedQueue.create({ messages: 1 });
    const consumer = queue.consume((_message, { attempt }) => (attempt === 1 ? TOO_MANY : undefined));
    await queue.clock.runUntil(consumer.start());
    await queue.clock.runUntil(() => consumer.stats().isPaused);
    consumer.resume();
    expect(consumer.stats().isPaused).toBe(false);
    await queue.send(1);
    await queue.clock.runUntil(() => consumer.stats().isPaused);
    await queue.clock.runUntil(consumer.stop());
    expect(queue.clock.pendingTimers).toBe(0);
    await queue.clock.runUntil(consumer.start());
    expect(consumer.stats().isPaused).toBe(false);
    await queue.clock.runUntil(() => queue.size === 0);
    await queue.clock.runUntil(consumer.stop());
  });

  test("can be thrown, and made by the retry policy", async () => {
    const queue = await SimulatedQueue.create({ messages: 2 });
    const consumer = queue.consume(
      async ({ Body }, { attempt }) => {
        await queue.work(10);
        if (attempt > 1) return;
        // oxlint-disable-next-line typescript/only-throw-error -- Outcomes may be thrown.
        if (Body === "0") throw TOO_MANY;
        throw new Error("429");
      },
      { retry: () => retry({ afterSeconds: 60, pause: "queue" }) },
    );
    const resumedAt: number[] = [];
    consumer.on("resumed", () => resumedAt.push(queue.clock.now()));
    await queue.clock.runUntil(consumer.start());
    await queue.clock.runUntil(() => queue.size === 0);
    expect(resumedAt).toEqual([60_010]);
    await queue.clock.runUntil(consumer.stop());
  });

  test("works with jobs in memory", async () => {
    const queue = await SimulatedQueue.create();
    const runner = new MemoryRunner<number>({ clock: queue.clock });
    const startedAt: number[] = [];
    const consumer = new Consumer<number>(
      (_job, { attempt }) => {
        startedAt.push(queue.clock.now());
        return attempt === 1 && startedAt.length === 1 ? retry({ afterSeconds: 5, pause: "queue" }) : undefined;
      },
      { runner, clock: queue.clock, concurrency: 1 },
    );
    const jobs = [1, 2, 3].map((payload) => runner.enqueue(payload));
    await queue.clock.runUntil(consumer.start());
    await queue.clock.runUntil(Promise.all(jobs.map(({ result }) => result)));
    expect(startedAt).toEqual([0, 5_000, 5_000, 5_000]);
    await queue.clock.runUntil(consumer.stop());
  });

  test("is refused without a time, and for anything else than the queue or the key", () => {
    expect(() => retry({ pause: "queue" })).toThrow(
      "Option afterSeconds: expected more than 0 together with pause, got 0.",
    );
    expect(() => retry({ afterSeconds: 1, pause: "all" as RetryPause })).toThrow(
      'Option pause: expected "queue" or "key", got "all".',
    );
  });
});

describe("a retry that pauses the key", () => {
  test("is told to the worker when the handler has ended, and pauses nothing else", async () => {
    const queue = await SimulatedQueue.create({ messages: 3 });
    const seen: number[] = [];
    class WatchedPool extends PoolWorker {
      override accept(task: Task): void {
        const watched: Task = Object.create(task, {
          run: {
            value: (resource: unknown, onEnd: () => void) => {
              task.run(resource, () => {
                seen.push(task.keyPausedForMs);
                onEnd();
              });
            },
          },
        }) as Task;
        super.accept(watched);
      }
    }
    const consumer = queue.consume(
      ({ Body }, { attempt }) => (Body === "1" && attempt === 1 ? retry({ afterSeconds: 2, pause: "key" }) : undefined),
      { worker: new WatchedPool() },
    );
    await queue.clock.runUntil(consumer.start());
    await queue.clock.runUntil(() => queue.size === 0);
    expect(seen).toEqual([0, 2_000, 0, 0]);
    expect(consumer.stats().isPaused).toBe(false);
    await queue.clock.runUntil(consumer.stop());
  });
});
