// A message can come again while its delete is out, and even in the moment in which the delete is answered.
import type { Message } from "millrace";
import { expect, test } from "vitest";
import { SimulatedQueue } from "../../support/simulated-queue.js";

test.each([0, 1, 2, 3, 4, 5, 6])("it is deleted with its new handle too, %i turns after the answer", async (turns) => {
  const queue = await SimulatedQueue.create({ messages: 1 });
  const deleted: string[] = [];
  let message: Message | undefined;
  let sendAgain: (() => void) | undefined;
  const consumer = queue.consume(() => undefined, {
    concurrency: 1,
    client: queue.portWith({
      async receiveMessage(input, options) {
        if (message === undefined) {
          const answer = await queue.sqs.receiveMessage(input, options);
          [message] = answer.Messages ?? [];
          return answer;
        }
        await new Promise<void>((resolve) => (sendAgain = resolve));
        return { Messages: [{ ...message, ReceiptHandle: "another handle" }] };
      },
      async deleteMessageBatch({ Entries }) {
        deleted.push(...Entries.map(({ ReceiptHandle }) => ReceiptHandle));
        await queue.work(10);
        if (deleted.length === 1) void answerAgain(turns);
        return { Successful: Entries };
      },
    }),
  });
  async function answerAgain(turnsLeft: number): Promise<void> {
    for (let turn = 0; turn < turnsLeft; turn += 1) await Promise.resolve();
    sendAgain?.();
  }
  await queue.clock.runUntil(consumer.start());
  await queue.clock.advance(5_000);
  const { started, redelivered, settled } = consumer.stats().counters;
  // Either it was deleted again, or the first delete was over and it has run again: nothing is left hidden.
  expect(deleted).toEqual([message?.ReceiptHandle, "another handle"]);
  expect(started + redelivered).toBe(2);
  expect(settled.ack).toBe(started);
  void consumer.stop({ timeoutMs: 0 });
  await queue.clock.advance(5_000);
});
