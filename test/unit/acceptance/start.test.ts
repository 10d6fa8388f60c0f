// What start() says when the source cannot be reached: what will not change rejects it, what passes is waited for.
import { SqsServiceError } from "millrace/testing";
import { describe, expect, it } from "vitest";
import { SimulatedQueue, type TestConsumer } from "../../support/simulated-queue.js";

const PERMANENT = [
  {
    what: "no such queue",
    error: new SqsServiceError("QueueDoesNotExist", "The specified queue does not exist.", {
      queryCode: "AWS.SimpleQueueService.NonExistentQueue",
    }),
    code: "QUEUE_NOT_FOUND",
    advice: /check the region, account and name in queueUrl/iu,
  },
  {
    what: "no permission",
    error: new SqsServiceError("AccessDeniedException", "User is not authorized.", { httpStatusCode: 403 }),
    code: "ACCESS_DENIED",
    advice: /allow sqs:ReceiveMessage/iu,
  },
];

const PASSING = [
  {
    what: "no network",
    error: Object.assign(new Error("connect ECONNREFUSED 127.0.0.1:9324"), { code: "ECONNREFUSED" }),
    code: "NETWORK",
  },
  {
    what: "no credentials",
    error: named("CredentialsProviderError", "Could not load credentials from any providers"),
    code: "CREDENTIALS_MISSING",
  },
  {
    what: "refused credentials",
    error: new SqsServiceError("InvalidClientTokenId", "The security token is invalid.", { httpStatusCode: 403 }),
    code: "CREDENTIALS_REFUSED",
  },
  { what: "throttling", error: new SqsServiceError("RequestThrottled", "Slow down."), code: "THROTTLED" },
  {
    what: "a failing service",
    error: new SqsServiceError("InternalFailure", "Try again.", { httpStatusCode: 500 }),
    code: "SERVICE_UNAVAILABLE",
  },
];

describe("start()", () => {
  it.each(PERMANENT)(
    "rejects with a code and advice, and leaves nothing running: $what",
    async ({ error, ...told }) => {
      const queue = await SimulatedQueue.create({ messages: 1, faults: { script: () => ({ kind: "error", error }) } });
      let done = 0;
      const consumer = queue.consume(() => (done += 1));
      const failure = await consumer.start().catch((caught: unknown) => caught);
      expect(failure).toMatchObject({ code: told.code, errorClass: "fatal", cause: error });
      expect((failure as Error).message).toMatch(told.advice);
      await expectNothingRuns(queue, consumer);

      // And it starts later, when the cause is gone.
      queue.sqs.clearFaults();
      await consumer.start();
      await queue.clock.runUntil(() => queue.size === 0);
      expect(done).toBe(1);
      await queue.clock.runUntil(consumer.stop());
    },
  );

  it("works once a queue that was missing has been created", async () => {
    const queue = await SimulatedQueue.create();
    const queueUrl = queue.url.replace("jobs", "later");
    const consumer = queue.consume(() => undefined, { queueUrl });
    await expect(consumer.start()).rejects.toMatchObject({ code: "QUEUE_NOT_FOUND" });
    await expectNothingRuns(queue, consumer);
    await queue.sqs.createQueue({ QueueName: "later" });
    await queue.sqs.sendMessage({ QueueUrl: queueUrl, MessageBody: "first" });
    await consumer.start();
    await queue.clock.runUntil(() => consumer.stats().counters.settled.ack === 1);
    await queue.clock.runUntil(consumer.stop());
  });

  it.each(PASSING)("resolves, reports, backs off and recovers by itself: $what", async ({ error, code }) => {
    const queue = await SimulatedQueue.create({ messages: 1, faults: { script: () => ({ kind: "error", error }) } });
    let done = 0;
    const delays: number[] = [];
    const consumer = queue.consume(() => (done += 1));
    consumer.on("backedOff", ({ delayMs }) => delays.push(delayMs));
    await consumer.start();
    expect(consumer.state).toBe("running");
    await queue.clock.advance(120_000);
    expect(new Set(consumer.reported.map((reported) => reported.code))).toEqual(new Set([code]));
    expect(consumer.reported).toHaveLength(queue.receives);
    // 0.2, 0.4, 0.8 s and so on up to 20 s, each with jitter that takes off half at most.
    expect(delays.length).toBeGreaterThan(8);
    expect(delays.length).toBeLessThan(25);
    expect(delays.slice(-3).every((delayMs) => delayMs >= 10_000 && delayMs <= 20_000)).toBe(true);

    queue.sqs.clearFaults();
    await queue.clock.advance(20_000);
    expect(done).toBe(1);
    await queue.clock.runUntil(consumer.stop());
  });
});

async function expectNothingRuns(queue: SimulatedQueue, consumer: TestConsumer): Promise<void> {
  expect(consumer.state).toBe("stopped");
  expect(consumer.stats()).toMatchObject({ running: 0, waiting: 0, workers: 0, receivesInFlight: 0 });
  expect(queue.clock.pendingTimers).toBe(0);
  const { requests } = queue.sqs.statistics;
  await queue.clock.advance(3_600_000);
  expect(queue.sqs.statistics.requests).toBe(requests);
}

function named(name: string, message: string): Error {
  const error = new Error(message);
  error.name = name;
  return error;
}
