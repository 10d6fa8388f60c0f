// A return that could not be told while the lease lasted is void: others may have the message by then.
import { release } from "millrace";
import { expect, test } from "vitest";
import { SimulatedQueue } from "../../support/simulated-queue.js";

test("a return is not tried again past its lease, where it would take the message from another consumer", async () => {
  const queue = await SimulatedQueue.create({ messages: 1, faults: { oldReceiptHandlesWork: true } });
  const first = queue.consume(release, {
    random: () => 0.99, // Attempts at 21.3, 26.3 and 31.3 s.
    client: queue.portWith({
      async changeMessageVisibilityBatch(input) {
        if (queue.clock.now() < 29_000) throw new Error("not now");
        return queue.sqs.changeMessageVisibilityBatch(input);
      },
    }),
  });
  await queue.clock.runUntil(first.start());
  first.pause();
  await queue.clock.advance(28_000);
  const second = queue.consume(() => queue.work(10_000));
  await queue.clock.runUntil(second.start());
  await queue.clock.advance(15_000);
  expect(second.stats().counters).toMatchObject({ received: 1, redelivered: 0, settled: { ack: 1 } });
  await queue.clock.runUntil(Promise.all([first.stop(), second.stop()]));
});
