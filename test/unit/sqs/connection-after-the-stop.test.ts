// A stop that does not wait for the connection: when that comes about later, it is let go of.
import PQueue from "p-queue";
import { Consumer, SqsRunner } from "millrace";
import { expect, test } from "vitest";
import { ReceiveBudget } from "../../../src/sqs/receive-budget.js";
import { SimulatedQueue } from "../../support/simulated-queue.js";

test("a connection that comes about after the stop is closed, and not used", async () => {
  const queue = await SimulatedQueue.create({ messages: 1 });
  const { clock, sqs, url } = queue;
  let closed = 0;
  const runner = new SqsRunner({ queueUrl: url, client: sqs }, async () => {
    await queue.work(60_000);
    return {
      port: sqs,
      settling: new PQueue(),
      receiving: new ReceiveBudget(Infinity),
      close: () => void (closed += 1),
    };
  });
  const consumer = new Consumer(() => undefined, { runner, clock });
  const failure = consumer.start().catch((error: unknown) => error);
  await clock.advance(100);
  await clock.runUntil(consumer.stop({ timeoutMs: 0 }));
  expect([await failure, clock.now() < 10_000]).toMatchObject([{ code: "STOPPED" }, true]);
  await clock.advance(60_000);
  expect([closed, queue.receives, clock.pendingTimers]).toEqual([1, 0, 0]);
});
