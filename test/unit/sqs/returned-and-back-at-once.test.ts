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

test.each([0, 1, 2, 3, 4, 5, 6, 7, 8])("nor when it comes %i turns after the answer", async (turns) => {
  const queue = await SimulatedQueue.create({ messages: 1 });
  let started = 0;
  let sendOn: (() => void) | undefined;
  const consumer = queue.consume(() => ((started += 1) === 1 ? release() : undefined), {
    client: queue.portWith({
      async receiveMessage(input, options) {
        const answer = await queue.sqs.receiveMessage(input, options);
        if (started > 0 && answer.Messages !== undefined) await new Promise<void>((resolve) => (sendOn = resolve));
        return answer;
      },
      async changeMessageVisibilityBatch(input) {
        const answer = await queue.sqs.changeMessageVisibilityBatch(input);
        await queue.work(500);
        void sendOnAfter(turns);
        return answer;
      },
    }),
  });
  async function sendOnAfter(turnsLeft: number): Promise<void> {
    for (let turn = 0; turn < turnsLeft; turn += 1) await Promise.resolve();
    sendOn?.();
  }
  await queue.clock.runUntil(consumer.start());
  await queue.clock.advance(1_000);
  expect([started, queue.size]).toEqual([2, 0]);
  await queue.clock.runUntil(consumer.stop());
});
