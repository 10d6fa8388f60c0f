// A message that is to come back waits for its batch; its lease must not end before the batch goes.
import { retry } from "millrace";
import { expect, test } from "vitest";
import { SimulatedQueue } from "../../support/simulated-queue.js";

test("a retry with little time left on its lease does not wait for a batch", async () => {
  const queue = await SimulatedQueue.create({ messages: 2 });
  const consumer = queue.consume(
    async ({ Body }) => {
      // The lease of 5 s is renewed at 3.4 s and 6.7 s: at 6.6 s it ends in 1.8 s.
      await queue.work(Body === "0" ? 6_600 : 20_000);
      return Body === "0" ? retry({ afterSeconds: 60 }) : undefined;
    },
    { visibilityTimeoutSeconds: 5, settleMaxAgeMs: 10_000 },
  );
  await queue.clock.runUntil(consumer.start());
  await queue.clock.advance(15_000);
  expect(consumer.stats().counters).toMatchObject({ started: 2, redelivered: 0, settled: { retry: 1 } });
  await queue.clock.runUntil(consumer.stop());
});
