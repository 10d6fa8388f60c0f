// Shortly before Lambda's deadline: handlers are told to end, nothing more starts, and the event is answered in time.
import { MillraceError } from "millrace";
import { expect, it } from "vitest";
import { FIFO_ARN, idsOf, LambdaFunction } from "../../support/lambda-function.js";

const bodies = (count: number): string[] => Array.from({ length: count }, (_, index) => String(index + 1));

it.each([
  ["of 10", 10, 1, 1_000],
  ["of 10,000", 10_000, 10, 100],
])(
  "an event %s with the deadline in its middle: what has ended is done, the rest is reported",
  async (_, count, slots, stepMs) => {
    const ended: string[] = [];
    const lambda = new LambdaFunction(
      async ({ MessageId = "" }, { signal }) => {
        await lambda.pause(stepMs);
        signal.throwIfAborted();
        ended.push(MessageId);
      },
      { concurrency: slots, deadlineMarginMs: 1_000, answerMarginMs: 250 },
    );
    const rounds = count / slots / 2;
    const failures = await lambda.invoke(bodies(count), { remainingMs: rounds * stepMs + 1_000 + 1 });
    expect(ended).toHaveLength(count / 2);
    expect([...ended, ...failures].toSorted()).toEqual(idsOf(...bodies(count).map(Number)).toSorted());
  },
);

it("the signal's reason says why, a second before the deadline", async () => {
  let reason: unknown;
  let abortedAt = 0;
  const lambda: LambdaFunction = new LambdaFunction(async (_, { signal }) => {
    await new Promise((resolve) => {
      signal.addEventListener("abort", resolve);
    });
    abortedAt = lambda.clock.now();
    reason = signal.reason;
    throw reason as Error;
  });
  expect(await lambda.invoke(["a"], { remainingMs: 10_000 })).toEqual(idsOf(1));
  expect(abortedAt).toBe(9_000);
  expect(reason).toBeInstanceOf(MillraceError);
  expect(reason).toMatchObject({ code: "INVOCATION_DEADLINE" });
});

it("what ends well after the signal, but before the answer, is done", async () => {
  const lambda: LambdaFunction = new LambdaFunction(async ({ Body }) => lambda.pause(Body === "slow" ? 9_500 : 10));
  expect(await lambda.invoke(["slow", "quick"], { remainingMs: 10_000 })).toEqual([]);
});

it("a handler that does not heed the signal is not waited for, and what it does later does not count", async () => {
  const lambda: LambdaFunction = new LambdaFunction(async ({ Body }) => lambda.pause(Body === "stuck" ? 60_000 : 10));
  expect(await lambda.invoke(["quick", "stuck"], { remainingMs: 10_000 })).toEqual(idsOf(2));
  expect(lambda.clock.now()).toBe(9_750);
  await lambda.clock.advance(60_000);
  expect(lambda.errors).toMatchObject([{ code: "ACKNOWLEDGEMENT_LOST", cause: { code: "INVOCATION_DEADLINE" } }]);
});

it("a slot that such a handler holds is not used by the next event, which has the others", async () => {
  const lambda: LambdaFunction = new LambdaFunction(async ({ Body }) => lambda.pause(Body === "stuck" ? 60_000 : 10), {
    concurrency: 2,
  });
  await lambda.invoke(["stuck"], { remainingMs: 5_000 });
  const before = lambda.clock.now();
  expect(await lambda.invoke(["a", "b", "c"])).toEqual([]);
  expect(lambda.clock.now() - before).toBe(30);
});

it("when such handlers hold all slots, the next event is answered all the same", async () => {
  const lambda: LambdaFunction = new LambdaFunction(async ({ Body }) => lambda.pause(Body === "stuck" ? 60_000 : 10), {
    concurrency: 1,
  });
  await lambda.invoke(["stuck"], { remainingMs: 5_000 });
  expect(await lambda.invoke(["a", "b"], { remainingMs: 5_000 })).toEqual(idsOf(1, 2));
  await lambda.clock.advance(60_000);
  expect(await lambda.invoke(["a", "b"])).toEqual([]);
});

it("handlers that never give the event loop a turn are not started past the deadline", async () => {
  const started: string[] = [];
  const lambda = new LambdaFunction(({ Body = "" }) => {
    started.push(Body);
    busyFor(1_000);
  });
  // What a busy loop does to a clock: time passes, and no timer has its turn.
  let behindMs = 0;
  const busyFor = (durationMs: number): void => void (behindMs += durationMs);
  const { clock } = lambda;
  const now = clock.now.bind(clock);
  clock.now = () => now() + behindMs;
  const failures = await lambda.invoke(bodies(30), { remainingMs: 11_000 });
  expect(started).toEqual(bodies(10));
  expect(failures).toEqual(idsOf(...bodies(30).map(Number).slice(10)));
});

it("of a short time, the margins take no more than half", async () => {
  const lambda: LambdaFunction = new LambdaFunction(async (_, { signal }) => {
    await lambda.pause(450);
    signal.throwIfAborted();
    await lambda.pause(10_000);
  });
  expect(await lambda.invoke(["a"], { remainingMs: 1_000 })).toEqual(idsOf(1));
  expect(lambda.clock.now()).toBe(875);
});

it("with no time left at all, everything is reported", async () => {
  const lambda = new LambdaFunction(() => undefined);
  expect(await lambda.invoke(["a", "b"], { remainingMs: 0 })).toEqual(idsOf(1, 2));
});

it("a FIFO group is reported from the message that the deadline has interrupted", async () => {
  const lambda: LambdaFunction = new LambdaFunction(async (_, { signal }) => {
    await lambda.pause(1_000);
    signal.throwIfAborted();
  });
  const messages = bodies(10).map((body) => ({ body, groupId: Number(body) % 2 === 0 ? "even" : "odd" }));
  expect(await lambda.invoke(messages, { queueArn: FIFO_ARN, remainingMs: 3_500 })).toEqual(idsOf(5, 6, 7, 8, 9, 10));
});
