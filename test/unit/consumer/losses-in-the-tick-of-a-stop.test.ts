// A stop that a listener calls, with losses before and after it in the same tick: the result has those after it.
import { deadLetter, type StopResult } from "millrace";
import { expect, test } from "vitest";
import { SimulatedQueue } from "../../support/simulated-queue.js";

test("what is lost right after a stop was called is in its result", async () => {
  const queue = await SimulatedQueue.create({ messages: 3 });
  let stopped: Promise<StopResult> | undefined;
  const lost: string[] = [];
  const consumer = queue.consume(() => deadLetter("bad"), { settleMaxAgeMs: 100 });
  consumer.on("error", ({ code }) => {
    lost.push(code);
    stopped ??= consumer.stop();
  });
  await queue.clock.runUntil(consumer.start());
  await queue.clock.runUntil(() => stopped !== undefined);
  const { settlementsLost } = await queue.clock.runUntil(stopped as Promise<StopResult>);
  expect(lost).toEqual(["DEAD_LETTER_QUEUE_UNKNOWN", "DEAD_LETTER_QUEUE_UNKNOWN", "DEAD_LETTER_QUEUE_UNKNOWN"]);
  expect(settlementsLost).toBe(2);
});
