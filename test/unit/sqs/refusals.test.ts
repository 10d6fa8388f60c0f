// Everything, or every delete, is refused for a while: no flood of requests or errors, and nothing is done twice that need not be.
import { SqsServiceError } from "millrace/testing";
import { expect, test } from "vitest";
import { SimulatedQueue, type TestConsumer } from "../../support/simulated-queue.js";

const EXPIRED = new SqsServiceError("ExpiredToken", "The security token included in the request is expired", {
  httpStatusCode: 403,
});
const DENIED = new SqsServiceError("AccessDeniedException", "User is not authorized.", { httpStatusCode: 403 });

interface Refusals {
  requests: number;
  isOver: boolean;
}

/** From now on the service refuses, until that is over. */
function refuse(queue: SimulatedQueue, error: SqsServiceError, operation?: string): Refusals {
  const refusals = { requests: 0, isOver: false };
  queue.sqs.faults.script = (request) => {
    if (refusals.isOver || (operation !== undefined && request.operation !== operation)) return undefined;
    refusals.requests += 1;
    return { kind: "error", error };
  };
  return refusals;
}

/** A consumer in the midst of its work, with what its handlers were called with. */
async function startWorking(queue: SimulatedQueue): Promise<{ consumer: TestConsumer; calls: string[] }> {
  const calls: string[] = [];
  const consumer = queue.consume(
    async ({ Body = "" }) => {
      calls.push(Body);
      await queue.work(100);
    },
    { concurrency: 200 },
  );
  await queue.clock.runUntil(consumer.start());
  await queue.clock.advance(1_000);
  return { consumer, calls };
}

test("refused for less than a lease: what is done is acknowledged afterwards, and done once", async () => {
  const queue = await SimulatedQueue.create({ messages: 5_000, faults: { latencyMs: 20 } });
  const { consumer, calls } = await startWorking(queue);
  const refusals = refuse(queue, EXPIRED);
  await queue.clock.advance(15_000);
  expect(consumer.stats().settlementsPending).toBeGreaterThan(500);
  expect(consumer.reported.length).toBeLessThan(40);
  expect(new Set(consumer.reported.map(({ code }) => code))).toEqual(new Set(["CREDENTIALS_REFUSED"]));
  refusals.isOver = true;
  await queue.clock.runUntil(() => queue.size === 0);
  await queue.clock.runUntil(consumer.stop());
  expect(calls).toHaveLength(5_000);
  expect(new Set(calls).size).toBe(5_000);
});

test("refused for longer than a lease: each acknowledgement is reported as lost, soon after its lease has ended", async () => {
  const queue = await SimulatedQueue.create({ messages: 5_000, faults: { latencyMs: 20 } });
  const { consumer, calls } = await startWorking(queue);
  const refusals = refuse(queue, EXPIRED);
  await queue.clock.advance(1_000);
  const pending = consumer.stats().settlementsPending;
  await queue.clock.advance(39_000);
  const lost = consumer.reported.filter(({ code }) => code === "ACKNOWLEDGEMENT_LOST");
  expect(lost).toHaveLength(pending);
  expect(consumer.stats().settlementsPending).toBe(0);
  expect(consumer.reported.length - lost.length).toBeLessThan(120);
  refusals.isOver = true;
  await queue.clock.runUntil(() => queue.size === 0);
  await queue.clock.runUntil(consumer.stop());
  expect(calls.length).toBe(5_000 + pending);
  expect(queue.clock.pendingTimers).toBe(0);
});

test("deletes that are denied for minutes: some requests a minute, and none is done twice", async () => {
  const queue = await SimulatedQueue.create({ messages: 3_000, faults: { latencyMs: 20 } });
  const { consumer, calls } = await startWorking(queue);
  const refusals = refuse(queue, DENIED, "DeleteMessageBatch");
  await queue.clock.advance(60_000);
  const before = refusals.requests;
  await queue.clock.advance(600_000);
  expect((refusals.requests - before) / 10).toBeLessThan(25);
  expect(consumer.reported.length).toBeLessThanOrEqual(refusals.requests);
  refusals.isOver = true;
  await queue.clock.runUntil(() => queue.size === 0);
  await queue.clock.runUntil(consumer.stop());
  expect(calls).toHaveLength(3_000);
});
