// The custom runtime over HTTP, against a Runtime API built to AWS's documentation.
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import {
  Consumer,
  deadLetter,
  type Handler,
  type Message,
  MillraceError,
  PoolWorker,
  retry,
  type RunnerConsumerOptions,
} from "millrace";
import { LambdaRunner, type LambdaRunnerOptions, type SqsBatchResponse } from "millrace/lambda";
import { createSqsEvent, type LambdaResult, LambdaRuntimeApi, type SqsTestEvent } from "millrace/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { EventSourceMapping } from "../support/event-source-mapping.js";
import { eventually, HttpQueue } from "../support/http-queue.js";
import { FIFO_ARN, idsOf } from "../support/lambda-function.js";

let lambda: LambdaRuntimeApi;
let consumers: Consumer[];

beforeEach(async () => {
  consumers = [];
  lambda = new LambdaRuntimeApi();
  await lambda.start();
});

afterEach(async () => {
  for (const consumer of consumers) await consumer.stop({ timeoutMs: 0 });
  await lambda.stop();
});

interface Function {
  readonly consumer: Consumer;
  readonly runner: LambdaRunner;
  readonly errors: MillraceError[];
}

interface FunctionOptions extends LambdaRunnerOptions {
  readonly consumer?: Omit<RunnerConsumerOptions<Message>, "runner">;
}

/** A consumer that waits for its first event. */
async function startFunction(handler: Handler<Message>, options: FunctionOptions = {}): Promise<Function> {
  const { consumer: consumerOptions, ...runnerOptions } = options;
  const errors: MillraceError[] = [];
  const runner = new LambdaRunner({ runtimeApi: lambda.address, ...runnerOptions });
  const consumer = new Consumer(handler, { runner, abortGraceMs: 0, ...consumerOptions });
  consumer.on("error", (error) => void errors.push(error));
  consumers.push(consumer);
  await consumer.start();
  return { consumer, runner, errors };
}

/** What a call answers that reports these. */
function reporting(ids: readonly string[]): LambdaResult {
  return { status: "response", payload: { batchItemFailures: ids.map((itemIdentifier) => ({ itemIdentifier })) } };
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

describe("an event", () => {
  it.each([10, 10_000])("of %d, with failures: exactly these are reported", async (count) => {
    const { consumer } = await startFunction(async ({ Body }) => {
      await Promise.resolve();
      if (Number(Body) % 3 === 0) throw new Error("no");
    });
    const failed = numbers(count).filter((number) => number % 3 === 0);
    const result = await lambda.invoke(createSqsEvent(numbers(count).map(String)), { timeoutMs: 60_000 });
    expect(result).toEqual(reporting(idsOf(...failed)));
    await eventually(() => consumer.stats().counters.settled.ack === count - failed.length);
  });

  it("with the deadline in its middle: what has ended is done; what heeds the signal, ignores it or waits is not", async () => {
    const { errors } = await startFunction(
      async ({ Body }, { signal }) => {
        if (Body === "quick") return;
        if (!signal.aborted) await once(signal, "abort");
        if (Body === "stuck") await new Promise(() => undefined);
        if (Body === "heedful") throw signal.reason as Error;
      },
      { deadlineMarginMs: 800, answerMarginMs: 400, consumer: { concurrency: 4 } },
    );
    const bodies = ["quick", "stuck", "heedful", "finishing", "quick", "stuck", "waiting", "waiting"];
    // The fourth ends after its signal, and yet in time; with its slot nothing starts any more.
    const result = await lambda.invoke(createSqsEvent(bodies), { timeoutMs: 2_000 });
    expect(result).toEqual(reporting(idsOf(2, 3, 6, 7, 8)));
    expect(errors).toEqual([]);
  });

  it("of a FIFO queue: each group stops at its first failure", async () => {
    const started: string[] = [];
    await startFunction(async ({ Body = "" }) => {
      started.push(Body);
      await Promise.resolve();
      if (Body === "a2") throw new Error("no");
    });
    const messages = ["a1", "a2", "b1", "a3", "b2"].map((body) => ({ body, groupId: body.slice(0, 1) }));
    const result = await lambda.invoke(createSqsEvent(messages, { queueArn: FIFO_ARN }));
    expect(result).toEqual(reporting(idsOf(2, 4)));
    expect(started.toSorted()).toEqual(["a1", "a2", "b1", "b2"]);
  });

  it("that is none of SQS is answered as an error, and the next one is served", async () => {
    const { errors } = await startFunction(() => undefined);
    for (const [event, text] of [
      [{ key1: "value1" }, "got an object with key1"],
      ["{ not JSON", "it is not JSON"],
    ] as const) {
      const result = await lambda.invoke(event);
      expect(result).toMatchObject({
        status: "error",
        errorType: "Function.EVENT_INVALID",
        error: { errorType: "EVENT_INVALID", errorMessage: expect.stringContaining(text) as string },
      });
    }
    expect(errors.map(({ code }) => code)).toEqual(["EVENT_INVALID", "EVENT_INVALID"]);
    expect(await lambda.invoke(createSqsEvent(["a"]))).toEqual(reporting([]));
  });
});

describe("one event after the other", () => {
  it("on the one connection, with what is loaded staying, and each with its trace id", async () => {
    const traces: Array<string | undefined> = [];
    await startFunction(() => void traces.push(process.env["_X_AMZN_TRACE_ID"]));
    for (const traceId of ["Root=1", "Root=2", "Root=3"]) {
      expect(await lambda.invoke(createSqsEvent(["a"]), { traceId })).toEqual(reporting([]));
    }
    expect(traces).toEqual(["Root=1", "Root=2", "Root=3"]);
    await lambda.polled();
    expect(lambda.requests.filter((request) => request.endsWith("/next"))).toHaveLength(4);
    expect(lambda.connections).toBe(1);
  });

  it("asks for none before the last one is answered", async () => {
    let end = (): void => undefined;
    const { consumer } = await startFunction(
      () =>
        new Promise<void>((resolve) => {
          end = resolve;
        }),
    );
    const results = [lambda.invoke(createSqsEvent(["a"])), lambda.invoke(createSqsEvent(["b"]))];
    await eventually(() => consumer.stats().running === 1);
    expect(lambda.requests).toHaveLength(1);
    end();
    await results[0];
    await eventually(() => consumer.stats().counters.started === 2);
    expect(lambda.requests).toHaveLength(3);
    expect(lambda.requests[1]).toMatch(/^POST .*\/response$/u);
    end();
    expect(await results[1]).toEqual(reporting([]));
  });
});

describe("a Runtime API that fails", () => {
  it("to take an answer with 400: the messages are known to come again, and the next event is served", async () => {
    const { errors } = await startFunction(({ Body }) => (Body === "b" ? Promise.reject(new Error("no")) : undefined));
    lambda.faults.response = 400;
    void lambda.invoke(createSqsEvent(["a", "b", "c"]));
    await eventually(() => errors.length === 3);
    expect(errors).toMatchObject([
      { code: "ACKNOWLEDGEMENT_LOST", cause: { code: "RUNTIME_API_FAILED" } },
      { code: "ACKNOWLEDGEMENT_LOST", cause: { code: "RUNTIME_API_FAILED" } },
      { code: "RUNTIME_API_FAILED" },
    ]);
    lambda.faults.response = undefined;
    expect(await lambda.invoke(createSqsEvent(["d"]))).toEqual(reporting([]));
  });

  it.each([
    ["to take an answer with 500", { response: 500 }],
    ["to give an event with 500", { next: 500 }],
    ["to give an event with 403", { next: 403 }],
  ])("%s: the consumer stops, as the process should", async (_, faults) => {
    const { consumer, errors } = await startFunction(() => undefined);
    Object.assign(lambda.faults, faults);
    const stopped = new Promise((resolve) => {
      consumer.once("stopped", resolve);
    });
    void lambda.invoke(createSqsEvent(["a"]));
    await stopped;
    expect(errors.at(-1)).toMatchObject({ code: "RUNNER_FAILED", cause: { code: "RUNTIME_API_FAILED" } });
  });

  it("by being gone: the same", async () => {
    const { consumer, errors } = await startFunction(() => undefined);
    const stopped = new Promise((resolve) => {
      consumer.once("stopped", resolve);
    });
    await lambda.polled();
    await lambda.stop();
    await stopped;
    expect(errors).toMatchObject([{ code: "RUNNER_FAILED", cause: { code: "RUNTIME_API_FAILED" } }]);
  });
});

describe("when the function cannot be made ready", () => {
  it("Lambda is told why", async () => {
    const runner = new LambdaRunner({ runtimeApi: lambda.address });
    await runner.reportInitError(new MillraceError("WORKER_START_FAILED", "no database"));
    await runner.reportInitError("only a text");
    expect(lambda.requests).toEqual(["POST /runtime/init/error", "POST /runtime/init/error"]);
    expect(lambda.initErrors).toMatchObject([
      { errorType: "WORKER_START_FAILED", errorMessage: "no database" },
      { errorType: "Unknown", errorMessage: "only a text", stackTrace: [] },
    ]);
    expect(lambda.initErrors[0]?.stackTrace?.[0]).toMatch(/^at /u);
  });

  it("Lambda is told why though the stack is no text, as Error.prepareStackTrace may have it", async () => {
    const runner = new LambdaRunner({ runtimeApi: lambda.address });
    await runner.reportInitError(Object.assign(new Error("no database"), { stack: [] }));
    expect(lambda.initErrors).toMatchObject([{ errorMessage: "no database", stackTrace: [] }]);
  });

  it("Lambda is told why after a start that has failed", async () => {
    const onWorkerStart = (): never => {
      throw new Error("no database");
    };
    const runner = new LambdaRunner({ runtimeApi: lambda.address });
    const worker = new PoolWorker({ minWorkers: 1, onWorkerStart });
    const consumer = new Consumer<Message>(() => undefined, { runner, worker });
    const error: unknown = await consumer.start().catch((thrown: unknown) => thrown);
    await runner.reportInitError(error);
    expect(lambda.initErrors).toMatchObject([{ errorType: "WORKER_START_FAILED" }]);
    expect(lambda.requests).toHaveLength(1);
  });

  it("and if that does not work either, whoever tells it learns so", async () => {
    const runner = new LambdaRunner({ runtimeApi: lambda.address });
    await lambda.stop();
    await expect(runner.reportInitError(new Error("no"))).rejects.toMatchObject({ code: "RUNTIME_API_FAILED" });
  });
});

describe("a stop", () => {
  it.each([0, 300, 500])("with %d ms answers the event in hand with what was done", async (timeoutMs) => {
    const { consumer } = await startFunction(
      ({ Body }) => (Body === "stuck" ? new Promise(() => undefined) : undefined),
      { consumer: { concurrency: 3, abortGraceMs: 1_000 } },
    );
    const result = lambda.invoke(createSqsEvent(["a", "stuck", "b", "stuck", "stuck", "waiting"]));
    await eventually(() => consumer.stats().running === 3);
    const stopping = consumer.stop({ timeoutMs });
    expect(await result).toEqual(reporting(idsOf(2, 4, 5, 6)));
    expect(await stopping).toMatchObject({ handlersAbandoned: 3, settlementsLost: 0 });
  });

  it("while nothing is in hand asks for nothing more, and leaves no connection", async () => {
    const { consumer } = await startFunction(() => undefined);
    await lambda.polled();
    expect((await consumer.stop()).isDrained).toBe(true);
    await eventually(() => lambda.polls === 0);
    expect(lambda.requests).toHaveLength(1);
  });
});

it("nothing is lost between a queue and its function: failures, dead letters, and what the deadline cuts off", async () => {
  await using queue = await HttpQueue.create({ messages: 300, maxReceiveCount: 100 });
  const { sqs } = queue.server;
  await sqs.setQueueAttributes({ QueueUrl: queue.url, Attributes: { VisibilityTimeout: "1" } });
  const client = queue.createClient();
  const done: number[] = [];
  const { errors } = await startFunction(
    async ({ Body }, { attempt, signal }) => {
      const number = Number(Body);
      if (number % 11 === 5) return deadLetter("nonsense");
      if (number % 7 === 0 && attempt === 1) throw new Error("no");
      if (number % 50 === 3 && attempt === 1 && !signal.aborted) await once(signal, "abort");
      signal.throwIfAborted();
      done.push(number);
    },
    {
      client,
      queueUrl: queue.url,
      deadlineMarginMs: 500,
      answerMarginMs: 400, // For slow machines: an answer that is late has all come again.
      consumer: { concurrency: 20, retry: () => retry() },
    },
  );
  const mapping = new EventSourceMapping({ sqs, queueUrl: queue.url, batchSize: 100 });
  const invoke = async (event: SqsTestEvent): Promise<SqsBatchResponse> => {
    const result = await lambda.invoke(event, { timeoutMs: 1_000 });
    if (result.status !== "response") throw new Error(result.status);
    return result.payload as SqsBatchResponse;
  };
  while (queue.size > 0) {
    if ((await mapping.poll(invoke)) === 0) await sleep(20);
  }
  client.destroy();
  const all = numbers(300).map((number) => number - 1);
  expect(errors).toEqual([]);
  expect(done.toSorted((a, b) => a - b)).toEqual(all.filter((number) => number % 11 !== 5));
  expect(queue.server.sqs.counts(queue.deadLetterUrl).visible).toBe(all.filter((number) => number % 11 === 5).length);
});
