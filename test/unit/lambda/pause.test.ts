// A handler that pauses the queue: the rest of the event waits for that, and is reported when there is no time to.
import { OptionError, retry } from "millrace";
import { lambdaHandler } from "millrace/lambda";
import { expect, it } from "vitest";
import { idsOf, LambdaFunction } from "../../support/lambda-function.js";

const pausing = (afterSeconds: number): { lambda: LambdaFunction; startedAt: number[] } => {
  const startedAt: number[] = [];
  const lambda: LambdaFunction = new LambdaFunction(
    async ({ Body }) => {
      startedAt.push(lambda.clock.now());
      await lambda.pause(10);
      return Body === "first" ? retry({ afterSeconds, pause: "queue" }) : undefined;
    },
    { concurrency: 1 },
  );
  return { lambda, startedAt };
};

it("the rest is worked on when the pause is over", async () => {
  const { lambda, startedAt } = pausing(5);
  expect(await lambda.invoke(["first", "b", "c"], { remainingMs: 60_000 })).toEqual(idsOf(1));
  expect(startedAt).toEqual([0, 5_010, 5_020]);
});

it("the rest is reported as failed when the pause lasts longer than the call, and the next event waits for it", async () => {
  const { lambda, startedAt } = pausing(60);
  expect(await lambda.invoke(["first", "b", "c"], { remainingMs: 30_000 })).toEqual(idsOf(1, 2, 3));
  expect(await lambda.invoke(["d"], { remainingMs: 60_000 })).toEqual([]);
  expect(startedAt).toEqual([0, 60_010]);
});

it("bytes cannot be limited: the event is here already", () => {
  expect(() => lambdaHandler(() => undefined, { maxInFlightBytes: 10_000_000 })).toThrow(OptionError);
});
