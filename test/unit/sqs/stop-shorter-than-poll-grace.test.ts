// A stop that has less time than long polls are given leaves none of them behind.
import { Consumer } from "millrace";
import { SimulatedSqs, VirtualClock } from "millrace/testing";
import { expect, test } from "vitest";

test.each([0, 500])("after stop with %i ms, no long poll is out and no timer is left", async (timeoutMs) => {
  const clock = new VirtualClock();
  const sqs = new SimulatedSqs({ clock });
  const { QueueUrl: queueUrl } = await sqs.createQueue({ QueueName: "orders" });
  const consumer = new Consumer(() => undefined, { queueUrl, client: sqs, clock, pollGraceMs: 5_000 });
  await clock.runUntil(consumer.start());
  await clock.advance(3_000);
  expect(sqs.waitingPolls(queueUrl)).toBe(1);

  const startedAt = clock.now();
  await clock.runUntil(consumer.stop({ timeoutMs }));

  expect(clock.now() - startedAt).toBe(timeoutMs);
  expect(sqs.waitingPolls(queueUrl)).toBe(0);
  expect(clock.pendingTimers).toBe(0);
});
