// Bad input gets an error that names the option, what was expected and what came; before anything was started.
import { MemoryRunner, type OptionError, PoolWorker } from "millrace";
import { lambdaHandler, LambdaRunner } from "millrace/lambda";
import { createSqsEvent } from "millrace/testing";
import { describe, expect, it, vi } from "vitest";

const shared: Array<[string, Record<string, unknown>, string, string]> = [
  ["a margin too small", { deadlineMarginMs: 0 }, "deadlineMarginMs", "a number from 10 to 600000"],
  ["a margin that is a text", { deadlineMarginMs: "1s" }, "deadlineMarginMs", "a number from 10 to 600000"],
  [
    "an answer after the abort",
    { deadlineMarginMs: 500, answerMarginMs: 501 },
    "answerMarginMs",
    "a number from 1 to 500",
  ],
  ["a client without calls", { client: {} }, "client", "an SQSClient of @aws-sdk/client-sqs"],
  ["a queue that is no URL", { queueUrl: "orders" }, "queueUrl", "or a function that makes it from an ARN"],
  ["a dead-letter queue that is no URL", { deadLetterQueueUrl: 7 }, "deadLetterQueueUrl", "the URL of a queue"],
  ["a misspelt option", { deadlineMargin: 7 }, "deadlineMargin", "of the options of"],
];

function refusalOf(make: () => unknown): OptionError {
  try {
    make();
  } catch (error) {
    return error as OptionError;
  }
  throw new Error("nothing was refused");
}

describe("lambdaHandler", () => {
  it.each<[string, Record<string, unknown>, string, string]>([
    ...shared,
    ["a concurrency of 0", { concurrency: 0 }, "concurrency", "a whole number from 1 to 100000"],
    ["a concurrency beside a worker", { concurrency: 5, worker: new PoolWorker() }, "concurrency", "to be absent"],
    [
      "a runner",
      { runner: new MemoryRunner() },
      "runner",
      "of the options of lambdaHandler (abortGraceMs, answerMarginMs, client, ",
    ],
    ["a retry policy that is none", { retry: "no" }, "retry", "a function"],
  ])("refuses %s", (_, options, option, expected) => {
    const error = refusalOf(() => lambdaHandler(() => undefined, options));
    expect(error).toMatchObject({ code: "OPTION_INVALID", option });
    expect(error.expected).toContain(expected);
  });

  it("refuses a handler that is none", () => {
    expect(() => lambdaHandler("index.handler" as never)).toThrow("Option handler: expected a function");
  });

  it("refuses a call without Lambda's context, such as one of a test", async () => {
    const call = lambdaHandler(() => undefined);
    await expect(call({ Records: [] }, {} as never)).rejects.toThrow(
      "Option context: expected Lambda's context (an object with getRemainingTimeInMillis), got an object",
    );
    expect(call.consumer.state).toBe("idle");
  });

  it("refuses a context that does not know the time left", async () => {
    const handler = lambdaHandler(() => undefined);
    const call = handler(createSqsEvent(["a"]), { getRemainingTimeInMillis: () => Number.NaN });
    await expect(call).rejects.toMatchObject({
      option: "context.getRemainingTimeInMillis()",
      expected: "milliseconds",
      received: "NaN",
    });
    expect(handler.consumer.state).toBe("idle");
  });

  it("takes a context without end", async () => {
    const handler = lambdaHandler(() => undefined);
    const call = handler(createSqsEvent(["a"]), { getRemainingTimeInMillis: () => Infinity });
    expect(await call).toEqual({ batchItemFailures: [] });
    await handler.consumer.stop();
  });

  it("starts nothing before its first call", () => {
    expect(lambdaHandler(() => undefined).consumer.state).toBe("idle");
  });
});

describe("LambdaRunner", () => {
  it.each<[string, Record<string, unknown>, string, string]>([
    ...shared,
    ["an address without a port", { runtimeApi: "localhost" }, "runtimeApi", "an address such as 127.0.0.1:9001"],
    ["an address that is a URL", { runtimeApi: "http://localhost:9001" }, "runtimeApi", "an address such as"],
  ])("refuses %s", (_, options, option, expected) => {
    const error = refusalOf(() => new LambdaRunner({ runtimeApi: "127.0.0.1:9001", ...options }));
    expect(error).toMatchObject({ code: "OPTION_INVALID", option });
    expect(error.expected).toContain(expected);
  });

  it("says so where it does not run in Lambda", () => {
    vi.stubEnv("AWS_LAMBDA_RUNTIME_API", undefined);
    expect(() => new LambdaRunner()).toThrow("Lambda says it in AWS_LAMBDA_RUNTIME_API, got undefined");
  });

  it("takes the address from Lambda", () => {
    vi.stubEnv("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9001");
    expect(() => new LambdaRunner()).not.toThrow();
  });
});
