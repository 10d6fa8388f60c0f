// Jobs of this process, from their enqueueing to their end, through a real consumer.
import { Consumer, deadLetter, drop, type Handler, MemoryRunner, type MillraceError, release, retry } from "millrace";
import { VirtualClock } from "millrace/testing";
import { beforeEach, describe, expect, test } from "vitest";

type JobRunner = MemoryRunner<string, string>;

let clock: VirtualClock;
let runner: JobRunner;
let errors: MillraceError[];

beforeEach(() => {
  clock = new VirtualClock();
  runner = new MemoryRunner({ clock });
  errors = [];
});

function pause(delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    clock.setTimer(resolve, delayMs);
  });
}

function createConsumer(handler: Handler<string>, options: { readonly concurrency?: number } = {}): Consumer<string> {
  const consumer = new Consumer(handler, { runner, clock, retry: () => retry({ afterSeconds: 1 }), ...options });
  return consumer.on("error", (error) => void errors.push(error));
}

async function start(handler: Handler<string>, options?: { readonly concurrency?: number }): Promise<Consumer<string>> {
  const consumer = createConsumer(handler, options);
  await clock.runUntil(consumer.start());
  return consumer;
}

/** What a promise rejects with. */
async function rejectionOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await clock.runUntil(promise);
  } catch (error) {
    return error;
  }
  throw new Error("nothing was rejected");
}

describe("a job", () => {
  test("waits, runs and succeeds, with its result, times and attempts", async () => {
    await start(async (payload) => {
      await pause(250);
      return payload.toUpperCase();
    });
    const job = runner.enqueue("a");
    expect(job).toMatchObject({ id: 1, payload: "a", status: "waiting", attempts: 0, runTimeMs: 0 });
    expect([job.startedAt, job.endedAt, runner.unfinished]).toEqual([undefined, undefined, 1]);
    await clock.advance(100);
    expect(job).toMatchObject({ status: "running", attempts: 1, runTimeMs: 100 });
    expect(await clock.runUntil(job.result)).toBe("A");
    expect(job).toMatchObject({ status: "succeeded", attempts: 1, runTimeMs: 250 });
    expect([job.enqueuedAt, job.startedAt, job.endedAt]).toEqual([
      expect.any(Date),
      expect.any(Date),
      expect.any(Date),
    ]);
    await clock.advance(1_000);
    expect([job.runTimeMs, runner.unfinished]).toEqual([250, 0]);
  });

  test("gives its result also to those who ask when it has ended", async () => {
    await start((payload) => payload);
    const job = runner.enqueue("a");
    await clock.settle();
    expect(job.status).toBe("succeeded");
    expect([await job.result, await job.result]).toEqual(["a", "a"]);
  });

  test("is tried again after a failure, and its run times add up", async () => {
    let attempts = 0;
    const seen: number[] = [];
    await start(async (_payload, { attempt }) => {
      seen.push(attempt);
      await pause(100);
      if ((attempts += 1) < 3) throw new Error("not yet");
      return "done";
    });
    const job = runner.enqueue("a");
    await clock.advance(500);
    expect(job).toMatchObject({ status: "waiting", attempts: 1, runTimeMs: 100 });
    expect(await clock.runUntil(job.result)).toBe("done");
    expect(seen).toEqual([1, 2, 3]);
    expect(job).toMatchObject({ attempts: 3, runTimeMs: 300 });
    expect(clock.now()).toBe(2_300);
  });

  test("has failed after so many attempts, with what was thrown last as the cause", async () => {
    runner = new MemoryRunner({ clock, maxAttempts: 2 });
    const cause = new Error("boom");
    await start(() => {
      throw cause;
    });
    const job = runner.enqueue("a");
    expect(await rejectionOf(job.result)).toMatchObject({ code: "JOB_FAILED", cause });
    expect(job).toMatchObject({ status: "failed", attempts: 2 });
    expect(runner.unfinished).toBe(0);
  });

  test.each([
    ["drop", drop("too old")],
    ["deadLetter", deadLetter("too old")],
  ])("has failed at once when the handler returns %s, with the reason", async (_kind, outcome) => {
    await start(() => outcome);
    const job = runner.enqueue("a");
    expect(await rejectionOf(job.result)).toMatchObject({
      code: "JOB_FAILED",
      message: expect.stringContaining("too old") as string,
    });
    expect(job.attempts).toBe(1);
  });

  test("comes again at once when it is released, as often as that happens", async () => {
    let calls = 0;
    await start(() => ((calls += 1) < 10 ? release() : "done"));
    const job = runner.enqueue("a");
    expect(await clock.runUntil(job.result)).toBe("done");
    expect([calls, clock.now()]).toEqual([10, 0]);
  });

  test("harms nothing when it fails and nobody reads its result", async () => {
    runner = new MemoryRunner({ clock, maxAttempts: 1 });
    await start(() => {
      throw new Error("boom");
    });
    const job = runner.enqueue("a");
    await clock.settle(); // An unhandled rejection would fail the run.
    expect([job.status, errors]).toEqual(["failed", []]);
  });

  test("is told in events with the attempt that it was, before and after its end", async () => {
    const told: string[] = [];
    const consumer = createConsumer((payload) => payload);
    for (const name of ["messageStarted", "messageFinished", "settled"] as const) {
      consumer.on(name, ({ attempt }) => told.push(`${name} ${attempt}`));
    }
    await clock.runUntil(consumer.start());
    await clock.runUntil(runner.enqueue("a").result);
    expect(told).toEqual(["messageStarted 1", "messageFinished 1", "settled 1"]);
  });

  test("may wait before it starts", async () => {
    const consumer = await start((payload) => payload);
    const startedAt: number[] = [];
    for (const delayMs of [300, 100, 200]) {
      void runner.enqueue("a", { delayMs }).result.then(() => startedAt.push(clock.now()));
    }
    await clock.advance(1_000);
    expect(startedAt).toEqual([100, 200, 300]);
    await clock.runUntil(consumer.stop());
    expect(clock.pendingTimers).toBe(0);
  });
});

describe("halting", () => {
  test("a job that waits in the queue lets it not start", async () => {
    const calls: string[] = [];
    const job = runner.enqueue("a");
    const other = runner.enqueue("b");
    job.halt("not needed");
    expect(job.status).toBe("halted");
    await start((payload) => void calls.push(payload));
    await clock.runUntil(other.result);
    expect(calls).toEqual(["b"]);
    expect(await rejectionOf(job.result)).toMatchObject({
      code: "JOB_HALTED",
      message: expect.stringContaining("not needed") as string,
    });
  });

  test("a job that is delayed leaves no timer", async () => {
    const job = runner.enqueue("a", { delayMs: 10_000 });
    job.halt();
    await clock.advance(10_000);
    expect([job.status, clock.pendingTimers, runner.unfinished]).toEqual(["halted", 0, 0]);
  });

  test("a job that waits for a worker lets it not start", async () => {
    const calls: string[] = [];
    const first = await warmUp((payload) => {
      calls.push(payload);
      return payload === "slow" ? pause(1_000) : undefined;
    });
    const waiting = [runner.enqueue("x"), runner.enqueue("y")];
    await clock.settle();
    expect(first.stats().waiting).toBeGreaterThan(0);
    waiting[0]?.halt();
    expect(waiting[0]?.status).toBe("halted");
    await clock.runUntil(waiting[1]?.result ?? Promise.reject(new Error("no job")));
    expect([calls.includes("x"), calls.includes("y")]).toEqual([false, true]);
  });

  test("a job that runs aborts its signal, with the reason", async () => {
    const reasons: unknown[] = [];
    await start(
      (_payload, { signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => {
            reasons.push(signal.reason);
            reject(signal.reason as Error);
          });
        }),
    );
    const job = runner.enqueue("a");
    await clock.settle();
    job.halt("not needed");
    expect(await rejectionOf(job.result)).toMatchObject({ code: "JOB_HALTED" });
    expect(reasons).toEqual([expect.objectContaining({ code: "JOB_HALTED" })]);
    expect([job.status, job.attempts]).toEqual(["halted", 1]);
  });

  test("a job that runs and returns all the same leaves it succeeded", async () => {
    await start(async () => {
      await pause(100);
      return "done";
    });
    const job = runner.enqueue("a");
    await clock.settle();
    job.halt();
    expect(await clock.runUntil(job.result)).toBe("done");
    expect(job.status).toBe("succeeded");
  });

  test("a job between two attempts lets it not start again", async () => {
    let calls = 0;
    await start(() => {
      calls += 1;
      throw new Error("boom");
    });
    const job = runner.enqueue("a");
    await clock.advance(500);
    job.halt();
    await clock.advance(10_000);
    expect([job.status, calls]).toEqual(["halted", 1]);
  });

  test("does nothing to a job that has ended, nor twice", async () => {
    await start((payload) => payload);
    const job = runner.enqueue("a");
    await clock.runUntil(job.result);
    job.halt();
    expect(job.status).toBe("succeeded");
    const other = runner.enqueue("b");
    other.halt("first");
    other.halt("second");
    expect(await rejectionOf(other.result)).toMatchObject({ message: expect.stringContaining("first") as string });
  });

  test("all ends every job there is, and none that comes later", async () => {
    await start(
      (_payload, { signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => reject(signal.reason as Error));
        }),
      { concurrency: 2 },
    );
    const jobs = [..."abcd"].map((payload) => runner.enqueue(payload)); // oxlint-disable-line typescript/no-misused-spread
    jobs.push(runner.enqueue("e", { delayMs: 1_000 }));
    await clock.settle();
    runner.halt("closing");
    await clock.settle();
    expect(jobs.map(({ status }) => status)).toEqual(["halted", "halted", "halted", "halted", "halted"]);
    expect(runner.enqueue("f").status).toBe("waiting");
  });
});

/** A consumer with one worker that has been so quick that jobs wait for it, and has a slow one to do. */
async function warmUp(handler: Handler<string>): Promise<Consumer<string>> {
  const consumer = await start(handler, { concurrency: 1 });
  for (let count = 0; count < 50; count += 1) runner.enqueue("quick");
  await clock.settle();
  runner.enqueue("slow");
  await clock.settle();
  return consumer;
}

describe("the queue", () => {
  test("takes jobs before the consumer is started, and runs them in order", async () => {
    const calls: string[] = [];
    const jobs = ["a", "b", "c"].map((payload) => runner.enqueue(payload));
    expect(runner.unfinished).toBe(3);
    await start((payload) => void calls.push(payload), { concurrency: 1 });
    await clock.runUntil(Promise.all(jobs.map(({ result }) => result)));
    expect(calls).toEqual(["a", "b", "c"]);
    expect(jobs.map(({ id }) => id)).toEqual([1, 2, 3]);
  });

  test("runs thousands of jobs that end at once", async () => {
    await start((payload) => payload);
    const jobs = Array.from({ length: 5_000 }, (_, index) => runner.enqueue(String(index)));
    const results = await clock.runUntil(Promise.all(jobs.map(({ result }) => result)));
    expect(results).toEqual(Array.from({ length: 5_000 }, (_, index) => String(index)));
  });

  test("runs as many at once as the consumer allows", async () => {
    let running = 0;
    let mostRunning = 0;
    const work: Handler<string> = async () => {
      mostRunning = Math.max(mostRunning, (running += 1));
      await pause(10);
      running -= 1;
    };
    await start(work, { concurrency: 7 });
    const jobs = Array.from({ length: 100 }, () => runner.enqueue("a"));
    await clock.runUntil(Promise.all(jobs.map(({ result }) => result)));
    expect(mostRunning).toBe(7);
    expect(clock.now()).toBe(150);
  });

  test("keeps what has not started over a stop, for the next start", async () => {
    const calls: string[] = [];
    const consumer = await start(
      async (payload) => {
        calls.push(payload);
        await pause(100);
      },
      { concurrency: 2 },
    );
    const jobs = ["a", "b", "c", "d"].map((payload) => runner.enqueue(payload));
    await clock.settle();
    const result = await clock.runUntil(consumer.stop());
    expect(result.isDrained).toBe(true);
    expect(jobs.map(({ status }) => status)).toEqual(["succeeded", "succeeded", "waiting", "waiting"]);
    await clock.advance(10_000);
    expect(calls).toEqual(["a", "b"]);
    await clock.runUntil(consumer.start());
    await clock.runUntil(Promise.all(jobs.map((job) => job.result)));
    expect(calls).toEqual(["a", "b", "c", "d"]);
  });

  test("sets no timer for delayed jobs while nothing runs", async () => {
    const early = runner.enqueue("early", { delayMs: 1_000 });
    expect(clock.pendingTimers).toBe(0);
    const consumer = await start((payload) => payload);
    const late = runner.enqueue("late", { delayMs: 5_000 });
    await clock.runUntil(consumer.stop());
    expect(clock.pendingTimers).toBe(0);
    await clock.advance(2_000);
    await clock.runUntil(consumer.start());
    await clock.advance(0);
    expect([early.status, late.status]).toEqual(["succeeded", "waiting"]);
    expect(await clock.runUntil(late.result)).toBe("late");
    expect(clock.now()).toBe(5_000);
  });

  test("gets back a job whose handler did not end in time for a stop", async () => {
    let calls = 0;
    const consumer = await start(() => ((calls += 1) === 1 ? new Promise(() => undefined) : "done"));
    const job = runner.enqueue("a");
    await clock.settle();
    const result = await clock.runUntil(consumer.stop({ timeoutMs: 100 }));
    expect(result).toMatchObject({ handlersAborted: 1, handlersAbandoned: 1 });
    expect(job).toMatchObject({ status: "waiting", attempts: 1, runTimeMs: 1_100 });
    await clock.runUntil(consumer.start());
    expect(await clock.runUntil(job.result)).toBe("done");
  });

  test.each<[string, () => unknown]>([
    ["maxAttempts", () => new MemoryRunner({ maxAttempts: 0 })],
    ["maxAttempts", () => new MemoryRunner({ maxAttempts: 1.5 })],
    ["clock", () => new MemoryRunner({ clock: {} as never })],
    ["attempts", () => new MemoryRunner({ attempts: 3 } as never)],
    ["delayMs", () => runner.enqueue("a", { delayMs: -1 })],
    ["delaySeconds", () => runner.enqueue("a", { delaySeconds: 1 } as never)],
  ])("refuses a bad %s", (option, attempt) => {
    expect(attempt).toThrow(expect.objectContaining({ code: "OPTION_INVALID", option }));
    expect(runner.unfinished).toBe(0);
  });
});
