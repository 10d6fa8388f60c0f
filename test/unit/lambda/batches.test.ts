// A handler of batches as a Lambda function: the messages of an event go together, and those that are not done are reported.
import { type BatchHandler, inBatches, type Message, retry } from "millrace";
import { lambdaHandler } from "millrace/lambda";
import { describe, expect, it } from "vitest";
import { FIFO_ARN, idsOf, LambdaFunction } from "../../support/lambda-function.js";

const bodies = Array.from({ length: 50 }, (_, index) => String(index + 1));

describe("an event for a handler of batches", () => {
  it("goes as one batch with waitMs 0, and has the failed reported", async () => {
    const sizes: number[] = [];
    const handler: BatchHandler<Message> = (items) => {
      sizes.push(items.length);
      return items.map(({ message }) => (Number(message.Body) % 20 === 0 ? new Error("no") : undefined));
    };
    const lambda = new LambdaFunction(inBatches(handler, { size: 100, waitMs: 0 }));
    expect(await lambda.invoke(bodies)).toEqual(idsOf(20, 40));
    expect(await lambda.invoke(bodies.slice(0, 3))).toEqual([]);
    expect(sizes).toEqual([50, 3]);
  });

  it("of a FIFO queue is reported from the first of a group on that is not done, whatever was said of those behind", async () => {
    const handler: BatchHandler<Message> = (items) =>
      items.map(({ message }) => (message.Body === "a2" ? retry() : undefined));
    const lambda = new LambdaFunction(inBatches(handler, { size: 10, waitMs: 0 }));
    const messages = ["a1", "b1", "a2", "b2", "a3"].map((body) => ({ body, groupId: body.slice(0, 1) }));
    expect(await lambda.invoke(messages, { queueArn: FIFO_ARN })).toEqual(idsOf(3, 5));
  });

  it("whose deadline comes first is reported as it is", async () => {
    const lambda: LambdaFunction = new LambdaFunction(
      inBatches(
        async (_items, { signal }) => {
          await lambda.pause(60_000);
          signal.throwIfAborted();
        },
        { size: 2, waitMs: 0 },
      ),
    );
    expect(await lambda.invoke(["a", "b"], { remainingMs: 10_000 })).toEqual(idsOf(1, 2));
  });

  it("has as many slots as two batches, and not fewer than one", () => {
    const handler = inBatches(() => undefined, { size: 20 });
    expect(() => lambdaHandler(handler, { concurrency: 19 })).toThrow(
      "Option concurrency: expected at least 20, the size of a batch, got 19.",
    );
    expect(lambdaHandler(handler)).toBeTypeOf("function");
    expect(() => lambdaHandler(undefined as never)).toThrow(expect.objectContaining({ option: "handler" }));
  });
});
