// A client that wraps another one may copy the options of a call before it hands them on.
import { Consumer, type SqsPort } from "millrace";
import { expect, test, vi } from "vitest";

test("options of a receive that were copied have a signal, which a stop aborts", async () => {
  const signals: unknown[] = [];
  const nothing = (): Promise<object> => Promise.resolve({});
  const client: SqsPort = {
    receiveMessage: ({ WaitTimeSeconds }, options) => {
      if (WaitTimeSeconds === 0) return nothing();
      const { abortSignal } = { ...options };
      signals.push(abortSignal);
      return new Promise((resolve) => abortSignal?.addEventListener("abort", () => resolve({})));
    },
    deleteMessageBatch: nothing,
    changeMessageVisibilityBatch: nothing,
    sendMessageBatch: nothing,
  };
  const queueUrl = "https://sqs.us-east-1.amazonaws.com/000000000000/jobs";
  const consumer = new Consumer(() => undefined, { queueUrl, client, pollGraceMs: 0 });
  await consumer.start();
  await vi.waitFor(() => expect(signals).toHaveLength(1));
  await consumer.stop();
  expect(signals).toEqual([expect.any(AbortSignal)]);
  expect(signals).toMatchObject([{ aborted: true }]);
});
