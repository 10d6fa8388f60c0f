// How many receives of a queue may be out, by what they brought, how long they took, and how busy the process is.
import { beforeEach, describe, expect, test } from "vitest";
import { ReceiveLimit } from "../../../src/sqs/receive-limit.js";
import { LoopClock } from "../../support/loop-clock.js";

const MOST = 25;

let clock: LoopClock;
let limit: ReceiveLimit;

beforeEach(() => {
  clock = new LoopClock();
  limit = new ReceiveLimit(MOST, clock);
});

interface Situation {
  readonly seconds: number;
  /** How long a receive takes with so many out. */
  readonly durationMs: (out: number) => number;
  /** How much of the time the event loop has to spare. */
  readonly idleShare?: number;
  /** How many answers of ten are not full. */
  readonly short?: number;
  readonly queues?: readonly ReceiveLimit[];
}

/** Whatever is out, a busy process gets through a thousand a second. */
const oneMsEach = (out: number): number => out;

/** Drains deep queues with as many receives out as may be. Answers with the mean of how many there were. */
function drain({ seconds, durationMs, idleShare = 0, short = 0, queues = [limit] }: Situation): number {
  const begin = clock.now();
  let sum = 0;
  for (let answer = 0; clock.now() < begin + seconds * 1_000; answer += 1) {
    const out = queues.reduce((total, { value }) => total + value, 0);
    const ms = durationMs(out) / out;
    sum += out * ms;
    const now = clock.pass(ms, ms * idleShare);
    const queue = queues[answer % queues.length] ?? limit;
    if (answer % 10 < short) queue.shrink();
    else queue.grow(queue.value, now);
  }
  return sum / (clock.now() - begin);
}

test("one more for each full receive, to as many as may be", () => {
  for (let out = 1; out <= 2 * MOST; out += 1) {
    expect(limit.value).toBe(Math.min(out, MOST));
    limit.grow(limit.value, clock.pass(10, 5));
  }
});

test("fewer while receives come back not full, one after a failure", () => {
  drain({ seconds: 1, durationMs: () => 10, idleShare: 0.5 });
  limit.shrink();
  expect(limit.value).toBe(MOST - 1);
  limit.reset();
  expect(limit.value).toBe(1);
  limit.shrink();
  expect(limit.value).toBe(1);
});

test("fewer where fewer are out", () => {
  drain({ seconds: 1, durationMs: () => 10, idleShare: 0.5 });
  for (let answer = 0; answer < 10 * MOST; answer += 1) {
    limit.grow(6, clock.pass(10, 5));
  }
  expect(limit.value).toBe(7);
});

test.each([1, 2, 3, 4, 5])("no more than are allowed: %d", (most) => {
  limit = new ReceiveLimit(most, clock);
  drain({ seconds: 5, durationMs: () => 100 });
  expect(limit.value).toBe(most);
});

describe("in a process without time to spare", () => {
  test("four, where they come back as fast as they can be seen to", () => {
    drain({ seconds: 1, durationMs: oneMsEach });
    expect(drain({ seconds: 10, durationMs: oneMsEach })).toBe(4);
  });

  test("four are left of many", () => {
    drain({ seconds: 1, durationMs: () => 10, idleShare: 0.5 });
    expect(limit.value).toBe(MOST);
    drain({ seconds: 0.5, durationMs: oneMsEach });
    expect(limit.value).toBe(4);
  });

  test.each([200, 1_000])("as many as may be, where the service takes %d ms", (latencyMs) => {
    drain({ seconds: 30, durationMs: () => latencyMs });
    expect(limit.value).toBe(MOST);
  });

  test("as many as bring two hundred full answers a second, where the service takes 100 ms", () => {
    drain({ seconds: 5, durationMs: () => 100 });
    expect(drain({ seconds: 10, durationMs: () => 100 })).toBeGreaterThan(19);
    expect(limit.value).toBeLessThanOrEqual(21);
  });

  test("as many as may be, where the processor is at work for something else", () => {
    drain({ seconds: 10, durationMs: (out) => 150 + out });
    expect(limit.value).toBe(MOST);
  });

  test("as many as may be, where each takes next to nothing", () => {
    drain({ seconds: 1, durationMs: (out) => (out / 7_000) * 1_000 });
    expect(limit.value).toBe(MOST);
  });

  test("answers that are not full do not keep it down more than elsewhere", () => {
    const shorts = { seconds: 60, durationMs: () => 200, short: 1 };
    const busy = drain(shorts);
    expect(busy).toBeGreaterThan(0.95 * drain({ ...shorts, idleShare: 0.5 }));
  });

  test("queues do not drive each other up", () => {
    const queues = Array.from({ length: 8 }, () => new ReceiveLimit(MOST, clock));
    drain({ seconds: 2, durationMs: oneMsEach, queues });
    expect(drain({ seconds: 10, durationMs: oneMsEach, queues })).toBeLessThan(8 * 4.5);
  });

  test("follows when there is time to spare again, and when that is over", () => {
    drain({ seconds: 2, durationMs: oneMsEach });
    drain({ seconds: 0.2, durationMs: oneMsEach, idleShare: 0.1 });
    expect(limit.value).toBe(MOST);
    drain({ seconds: 0.2, durationMs: oneMsEach });
    expect(limit.value).toBe(4);
  });

  test("a moment of idleness now and then changes little", () => {
    const mean = Array.from({ length: 20 }, () => {
      drain({ seconds: 0.05, durationMs: oneMsEach, idleShare: 0.03 });
      return drain({ seconds: 1, durationMs: oneMsEach });
    });
    expect(Math.max(...mean)).toBeLessThan(6);
  });
});
