// Which messages of an event are reported as failed: exactly those that are not done.
import { ack, deadLetter, drop, type Message, release, retry, SemaphoreWorker } from "millrace";
import { createSqsEvent } from "millrace/testing";
import { describe, expect, it } from "vitest";
import { FIFO_ARN, idsOf, LambdaFunction } from "../../support/lambda-function.js";

const bodies = (count: number): string[] => Array.from({ length: count }, (_, index) => String(index + 1));

/** Fails every third message. */
async function everyThirdFails({ Body }: Message): Promise<void> {
  await Promise.resolve();
  if (Number(Body) % 3 === 0) throw new Error(`${Body} has failed`);
}

describe("an event of a standard queue", () => {
  it.each([
    ["of 10", 10],
    ["of 10,000", 10_000],
  ])("%s, with failures: they are reported, in the order of the event", async (_, count) => {
    const lambda = new LambdaFunction(everyThirdFails);
    const failures = await lambda.invoke(bodies(count));
    expect(failures).toEqual(idsOf(...bodies(count).map(Number)).filter((_id, index) => (index + 1) % 3 === 0));
    expect(lambda.call.consumer.stats().counters).toMatchObject({
      started: count,
      failed: failures.length,
      settled: { ack: count - failures.length, retry: failures.length },
    });
  });

  it("of which nothing fails: an empty list, which has Lambda delete all", async () => {
    const lambda = new LambdaFunction(() => undefined);
    const event = createSqsEvent(bodies(10));
    const answer = lambda.call(event, lambda.contextFor(30_000));
    expect(await lambda.clock.runUntil(answer)).toEqual({ batchItemFailures: [] });
  });

  it("of which everything fails: each by its id, never an empty list", async () => {
    const lambda = new LambdaFunction(() => Promise.reject(new Error("no")));
    expect(await lambda.invoke(bodies(10))).toEqual(idsOf(...bodies(10).map(Number)));
  });

  it("of no messages: an empty list", async () => {
    expect(await new LambdaFunction(() => undefined).invoke([])).toEqual([]);
  });

  it.each([
    ["returning", () => "anything", true],
    ["ack", () => ack(), true],
    ["drop", () => drop("a duplicate"), true],
    ["throwing", () => Promise.reject(new Error("no")), false],
    ["throwing undefined", () => Promise.reject(undefined as unknown as Error), false],
    ["retry", () => retry(), false],
    ["retry with a delay", () => retry({ afterSeconds: 60 }), false],
    ["release", () => release(), false],
    ["deadLetter without a client", () => deadLetter("nonsense"), false],
  ])("%s: done is %s", async (_, handler, isDone) => {
    const lambda = new LambdaFunction(handler);
    expect(await lambda.invoke(["a"])).toEqual(isDone ? [] : idsOf(1));
  });

  it("for which a worker of the user's says no places: what has none is reported, and nothing is lost or unhandled", async () => {
    const worker = new SemaphoreWorker({ permits: 1 });
    const reserve = worker.reserve.bind(worker);
    let calls = 0;
    worker.reserve = (atMost) => {
      if ((calls += 1) > 1) throw new Error("no places");
      return reserve(atMost);
    };
    const lambda = new LambdaFunction(() => undefined, { worker });
    expect(await lambda.invoke(["a", "b"])).toEqual(idsOf(2));
    expect(lambda.clock.now()).toBe(0);
    expect(lambda.errors).toMatchObject([{ message: expect.stringContaining("no places") as string }]);
  });

  it("has no more handlers running than the worker allows, and is spread over all of it", async () => {
    let running = 0;
    let most = 0;
    const lambda = new LambdaFunction(
      async () => {
        running += 1;
        most = Math.max(most, running);
        await lambda.pause(100);
        running -= 1;
      },
      { worker: new SemaphoreWorker({ permits: 4 }) },
    );
    const startedAt = lambda.clock.now();
    await lambda.invoke(bodies(20));
    expect([most, lambda.clock.now() - startedAt]).toEqual([4, 500]);
  });

  it("with a message twice, once done and once not: it is not done, and reported once", async () => {
    let calls = 0;
    const lambda = new LambdaFunction(() => {
      calls += 1;
      return calls === 1 ? ack() : retry();
    });
    const twice = { body: "a", messageId: "same" };
    expect(await lambda.invoke([twice, twice])).toEqual(["same"]);
  });
});

describe("an event of a FIFO queue", () => {
  const inGroups = (...groups: string[]) => groups.map((groupId, index) => ({ body: String(index + 1), groupId }));

  it("runs each group in order, one at a time, and groups beside each other", async () => {
    const log: string[] = [];
    const lambda: LambdaFunction = new LambdaFunction(async ({ Body }, { groupId }) => {
      log.push(`${groupId}${Body} starts`);
      await lambda.pause(100);
      log.push(`${groupId}${Body} ends`);
    });
    expect(await lambda.invoke(inGroups("a", "a", "b", "a", "b"), { queueArn: FIFO_ARN })).toEqual([]);
    const of = (group: string) => log.filter((line) => line.startsWith(group));
    expect(of("a")).toEqual(["a1 starts", "a1 ends", "a2 starts", "a2 ends", "a4 starts", "a4 ends"]);
    expect(of("b")).toEqual(["b3 starts", "b3 ends", "b5 starts", "b5 ends"]);
    expect(log.slice(0, 2)).toEqual(["a1 starts", "b3 starts"]);
  });

  it.each([1, 2, 10])(
    "stops a group at its first failure and reports the rest of it, with %d slots",
    async (concurrency) => {
      const started: string[] = [];
      const lambda = new LambdaFunction(
        async ({ Body = "" }) => {
          started.push(Body);
          await lambda.pause(10);
          if (Body === "2") throw new Error("no");
        },
        { concurrency },
      );
      const groups = inGroups("a", "a", "b", "a", "a", "b", "c");
      expect(await lambda.invoke(groups, { queueArn: FIFO_ARN })).toEqual(idsOf(2, 4, 5));
      expect(started.toSorted()).toEqual(["1", "2", "3", "6", "7"]);
    },
  );

  it.each([
    ["retry", () => retry({ afterSeconds: 5 })],
    ["release", () => release()],
    ["a dead letter that cannot be sent", () => deadLetter("nonsense")],
  ])("stops a group at %s, too", async (_, outcome) => {
    const lambda = new LambdaFunction(({ Body }) => (Body === "1" ? outcome() : ack()), { concurrency: 1 });
    expect(await lambda.invoke(inGroups("a", "a", "b"), { queueArn: FIFO_ARN })).toEqual(idsOf(1, 2));
  });

  it("begins anew with the next event", async () => {
    const lambda = new LambdaFunction((_, { attempt }) => (attempt === 1 ? retry() : ack()));
    const message = { body: "1", groupId: "a" };
    expect(await lambda.invoke([message], { queueArn: FIFO_ARN })).toEqual(idsOf(1));
    expect(await lambda.invoke([{ ...message, receiveCount: 2 }], { queueArn: FIFO_ARN })).toEqual([]);
  });

  it("does not keep the groups of a standard queue in order", async () => {
    let most = 0;
    let running = 0;
    const lambda: LambdaFunction = new LambdaFunction(async () => {
      running += 1;
      most = Math.max(most, running);
      await lambda.pause(10);
      running -= 1;
    });
    await lambda.invoke(inGroups("a", "a", "a"));
    expect(most).toBe(3);
  });
});
