// Each option of a consumer is checked at once, alone and together with the others.
import { Consumer, MemoryRunner, OptionError, PoolWorker } from "millrace";
import { VirtualClock } from "millrace/testing";
import { describe, expect, test } from "vitest";

const handler = (): undefined => undefined;

function refusalOf(options: unknown, given: unknown = handler): OptionError {
  try {
    new Consumer(given as never, options as never);
  } catch (error) {
    return error as OptionError;
  }
  throw new Error("nothing was refused");
}

describe("an option is refused", () => {
  test.each<[string, unknown]>([
    ["concurrency", 0],
    ["concurrency", 1.5],
    ["concurrency", 100_001],
    ["rate", 100],
    ["maxInFlightBytes", 1_048_576],
    ["retry", 3],
    ["handlerTimeoutMs", 0],
    ["handlerTimeoutMs", Number.NaN],
    ["overdueAfterMs", -1],
    ["abortGraceMs", 60_001],
    ["logger", { info: handler }],
    ["logger", "console"],
    ["clock", Date],
    ["worker", new VirtualClock()],
    ["worker", null],
    ["runner", {}],
    ["runner", "sqs"],
    ["queueUrl", "https://sqs.eu-west-1.amazonaws.com/123456789012/orders"],
    ["waitTimeSeconds", 5],
    ["concurency", 5],
  ])("%s: %o", (option, value) => {
    const error = refusalOf({ runner: new MemoryRunner(), [option]: value });
    expect(error).toBeInstanceOf(OptionError);
    expect(error.option).toBe(option);
  });

  test("concurrency beside a worker, which says it itself", () => {
    const error = refusalOf({ runner: new MemoryRunner(), worker: new PoolWorker(), concurrency: 5 });
    expect(error).toMatchObject({ option: "concurrency", received: "5" });
  });

  test("no source at all", () => {
    expect(refusalOf({})).toMatchObject({ option: "queueUrl", received: "undefined" });
    expect(refusalOf(undefined)).toMatchObject({ option: "options", received: "undefined" });
  });

  test("a handler that is no function", () => {
    expect(refusalOf({ runner: new MemoryRunner() }, "handler")).toMatchObject({ option: "handler" });
  });

  test.each([
    ["timeoutMs", { timeoutMs: -1 }],
    ["timeoutMs", { timeoutMs: "5" }],
    ["timeout", { timeout: 5 }],
  ])("%s of a stop: %o, and the consumer goes on", async (option, options) => {
    const clock = new VirtualClock();
    const consumer = new Consumer(handler, { runner: new MemoryRunner({ clock }), clock });
    await clock.runUntil(consumer.start());
    await expect(consumer.stop(options as never)).rejects.toMatchObject({ code: "OPTION_INVALID", option });
    expect(consumer.state).toBe("running");
    await clock.runUntil(consumer.stop());
    expect(clock.pendingTimers).toBe(0);
  });
});

test("numbers may be infinite where there need be no end", () => {
  const consumer = new Consumer(handler, {
    runner: new MemoryRunner(),
    handlerTimeoutMs: Infinity,
    overdueAfterMs: Infinity,
  });
  expect(consumer.state).toBe("idle");
});
