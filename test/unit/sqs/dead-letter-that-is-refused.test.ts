// A dead letter that is refused is given back; one that failed for a moment is sent again.
import { deadLetter } from "millrace";
import { type Fault, SqsServiceError } from "millrace/testing";
import { expect, test } from "vitest";
import { SimulatedQueue } from "../../support/simulated-queue.js";

async function sendDeadLetter(faultOf: (attempt: number) => Fault | undefined, body = "0") {
  const queue = await SimulatedQueue.create({ maxReceiveCount: 10 });
  await queue.sqs.sendMessage({ QueueUrl: queue.url, MessageBody: body });
  queue.sqs.faults.script = ({ operation, attempt }) =>
    operation === "SendMessageBatch" ? faultOf(attempt) : undefined;
  const startedAt: number[] = [];
  const consumer = queue.consume(() => {
    startedAt.push(queue.clock.now());
    return deadLetter("no use");
  });
  await queue.clock.runUntil(consumer.start());
  await queue.clock.advance(40_000);
  await queue.clock.runUntil(consumer.stop());
  return { startedAt, codes: consumer.reported.map(({ code }) => code), sent: queue.sqs.counts(queue.deadLetterUrl) };
}

test("without the permission it is given back, and comes again after its visibility timeout", async () => {
  const error = new SqsServiceError("AccessDeniedException", "no", { httpStatusCode: 403 });
  const { startedAt, codes } = await sendDeadLetter((attempt) =>
    attempt === 1 ? { kind: "error", error } : undefined,
  );
  expect(startedAt).toEqual([0, 30_000]);
  expect(codes).toEqual(["ACCESS_DENIED", "DEAD_LETTER_FAILED"]);
});

test("after a failure of the service it is sent again", async () => {
  const { startedAt, codes, sent } = await sendDeadLetter((attempt) =>
    attempt === 1 ? { kind: "serverError" } : undefined,
  );
  expect(startedAt).toEqual([0]);
  expect(codes).toEqual(["SERVICE_UNAVAILABLE"]);
  expect(sent.visible).toBe(1);
});

test("a message that has no room for the reason is sent without", async () => {
  const { codes, sent } = await sendDeadLetter(() => undefined, "x".repeat(1_048_576 - 20));
  expect(codes).toEqual([]);
  expect(sent.visible).toBe(1);
});

test("after an answer that cannot be read it is sent again, as it may not have been sent", async () => {
  const error = new SyntaxError("Unexpected end of JSON input");
  const { startedAt, codes, sent } = await sendDeadLetter((attempt) =>
    attempt === 1 ? { kind: "error", error } : undefined,
  );
  expect(startedAt).toEqual([0]);
  expect(codes).toEqual(["NETWORK"]);
  expect(sent.visible).toBe(1);
});
