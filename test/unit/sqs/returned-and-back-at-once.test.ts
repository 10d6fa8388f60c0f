// A message that is given back can come again before the service has answered that it was given back.
import { release } from "millrace";
import { expect, test } from "vitest";
import { SimulatedQueue } from "../../support/simulated-queue.js";

test("a message that comes again before its return was answered is run, not left hidden", async () => {
  const queue = await SimulatedQueue.create({ messages: 1 });
  const starts: number[] = [];
  const consumer = queue.consume(
    () => {
      starts.push(queue.clock.now());
      return starts.length === 1 ? release() : undefined;
    },
    {
      client: queue.portWith({
        async changeMessageVisibilityBatch(input) {
          const answer = await queue.sqs.changeMessageVisibilityBatch(input);
          await queue.work(500);
          return answer;
        },
      }),
    },
  );
  await queue.clock.runUntil(consumer.start());
  await queue.clock.runUntil(() => queue.size === 0);
  expect(starts).toEqual([0, 0]);
  const stopped = await queue.clock.runUntil(consumer.stop());
  expect(stopped).toMatchObject({ isDrained: true, settlementsLost: 0 });
  expect(consumer.stats().counters.settled).toMatchObject({ release: 1, ack: 1 });
});
