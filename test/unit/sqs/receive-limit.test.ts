// How many receives are worth having out, by what they bring.
import { beforeEach, describe, expect, test } from "vitest";
import { ReceiveLimit } from "../../../src/sqs/receive-limit.js";
import { LoopClock } from "../../support/loop-clock.js";

const MOST = 25;
/** Whatever is out, a busy process gets through so many. */
const waitingForTheProcessor = (): number => 1_000;
/** An answer comes 100 ms after its receive. */
const waitingForTheService = (out: number): number => out * 10;

let clock: LoopClock;
let limit: ReceiveLimit;

beforeEach(() => {
  clock = new LoopClock();
  limit = new ReceiveLimit(MOST, clock);
});

/** Drains a deep queue: so many receives a second come back, all of them full. Answers with the mean of the limits. */
function drain(seconds: number, receivesASecond: (out: number) => number, idleShare = 0): number {
  const begin = clock.now();
  let sum = 0;
  while (clock.now() < begin + seconds * 1_000) {
    const ms = 1_000 / receivesASecond(limit.value);
    sum += limit.value * ms;
    limit.grow(10, limit.value, clock.pass(ms, ms * idleShare));
  }
  return sum / (clock.now() - begin);
}

test("one more for each full receive, where there is time to spare", () => {
  for (let out = 1; out < MOST; out += 1) {
    expect(limit.value).toBe(out);
    limit.grow(10, out, clock.pass(1, 1));
  }
  expect(limit.value).toBe(MOST);
  limit.grow(10, MOST, clock.pass(1, 1));
  expect(limit.value).toBe(MOST);
});

test("fewer while receives come back not full, one after a failure", () => {
  drain(1, waitingForTheService, 0.5);
  limit.shrink();
  expect(limit.value).toBe(MOST - 1);
  limit.reset();
  expect(limit.value).toBe(1);
  limit.shrink();
  expect(limit.value).toBe(1);
});

test("fewer where fewer are out", () => {
  drain(1, waitingForTheService, 0.5);
  for (let answer = 0; answer < 10 * MOST; answer += 1) limit.grow(10, 6, clock.pass(10, 5));
  expect(limit.value).toBe(7);
});

describe("in a process without time to spare", () => {
  test("four, where more bring nothing", () => {
    drain(2, waitingForTheProcessor);
    expect(drain(20, waitingForTheProcessor)).toBeLessThan(4.5);
    expect(limit.value).toBeLessThanOrEqual(8);
  });

  test("four are left of many", () => {
    drain(1, waitingForTheService, 0.5);
    expect(limit.value).toBe(MOST);
    drain(1.5, waitingForTheProcessor);
    expect(drain(20, waitingForTheProcessor)).toBeLessThan(4.5);
  });

  test("as many as may be, where it is the service that is waited for", () => {
    drain(5, waitingForTheService);
    expect(drain(20, waitingForTheService)).toBeGreaterThan(0.95 * MOST);
  });

  test("as many as bring more", () => {
    const upToTwelve = (out: number): number => Math.min(out, 12) * 50;
    drain(5, upToTwelve);
    expect(drain(20, upToTwelve)).toBeGreaterThan(8);
    expect(drain(20, upToTwelve)).toBeLessThan(18);
  });

  test("follows when that changes", () => {
    drain(10, waitingForTheProcessor);
    drain(10, waitingForTheService);
    expect(limit.value).toBeGreaterThan(MOST / 2);
    drain(10, waitingForTheProcessor);
    expect(limit.value).toBeLessThanOrEqual(8);
  });

  test("half of what chance adds is not taken for more", () => {
    let seed = 7;
    const noisy = (): number => {
      seed = (seed * 16_807) % 2_147_483_647;
      return 1_000 * (0.8 + (0.4 * seed) / 2_147_483_647);
    };
    drain(2, noisy);
    expect(drain(20, noisy)).toBeLessThan(4.5);
  });

  test.each([1, 2, 3, 4])("%d, where no more are allowed", (most) => {
    limit = new ReceiveLimit(most, clock);
    drain(5, waitingForTheService);
    expect(limit.value).toBe(most);
  });

  test("as many as may be as soon as there is time, and four a second after that was over", () => {
    drain(10, waitingForTheProcessor);
    drain(0.2, waitingForTheProcessor, 0.1);
    expect(limit.value).toBe(MOST);
    drain(1, waitingForTheProcessor);
    expect(limit.value).toBeLessThanOrEqual(8);
    drain(0.2, waitingForTheProcessor);
    expect(limit.value).toBe(4);
  });
});
