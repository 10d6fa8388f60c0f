// Receipt handles of a FIFO queue, which expire, and receives that are repeated with their attempt id.
import type { SQS } from "@aws-sdk/client-sqs";
import { expect } from "vitest";
import { api, behaviour, localstack, only, refusal, sleep } from "./behaviour.js";
import { createFifoQueue, sendFifo, toBodies } from "./fifo.js";

const RECEIVE = api("ReceiveMessage");
const HANDLE_ERRORS = "https://repost.aws/knowledge-center/sqs-receipt-handle-error";

behaviour(
  "FIFO: a delete after the visibility has ended is refused",
  `${localstack("test_fifo_delete_message_with_expired_receipt_handle")}; ${HANDLE_ERRORS}`,
  async (bench) => {
    const QueueUrl = await createFifoQueue(bench, { VisibilityTimeout: "1" });
    await sendFifo(bench.sqs, QueueUrl, "a1");
    const { ReceiptHandle } = only(await bench.receive(QueueUrl));
    await sleep(1_500);
    expect(await refusal(bench.sqs.deleteMessage({ QueueUrl, ReceiptHandle }))).toMatchObject({
      code: "InvalidParameterValue",
      httpStatusCode: 400,
      message: `Value ${ReceiptHandle} for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired.`,
    });
    expect(only(await bench.receive(QueueUrl)).Body).toBe("a1");
  },
);

behaviour("FIFO: a delete with the handle of an earlier receive is refused", HANDLE_ERRORS, async (bench) => {
  const QueueUrl = await createFifoQueue(bench);
  await sendFifo(bench.sqs, QueueUrl, "a1");
  const { ReceiptHandle } = only(await bench.receive(QueueUrl, { visibilitySeconds: 0 }));
  only(await bench.receive(QueueUrl));
  expect(await refusal(bench.sqs.deleteMessage({ QueueUrl, ReceiptHandle }))).toMatchObject({
    code: "InvalidParameterValue",
  });
});

behaviour(
  "FIFO: in a batch delete an expired handle fails alone, as ReceiptHandleIsInvalid",
  "smaskalik/sqsmover issue 54",
  async (bench) => {
    const QueueUrl = await createFifoQueue(bench);
    await sendFifo(bench.sqs, QueueUrl, "a1", "b1");
    const expired = only(await bench.receive(QueueUrl, { max: 1, visibilitySeconds: 1 }));
    const current = only(await bench.receive(QueueUrl, { max: 1 }));
    await sleep(1_500);
    const { Successful, Failed } = await bench.sqs.deleteMessageBatch({
      QueueUrl,
      Entries: [
        { Id: "expired", ReceiptHandle: expired.ReceiptHandle },
        { Id: "current", ReceiptHandle: current.ReceiptHandle },
      ],
    });
    expect(Successful).toEqual([{ Id: "current" }]);
    expect(Failed).toEqual([
      { Id: "expired", Code: "ReceiptHandleIsInvalid", Message: "The receipt handle has expired", SenderFault: true },
    ]);
  },
);

behaviour("FIFO: handles of several receives are deleted in one batch", api("DeleteMessageBatch"), async (bench) => {
  const QueueUrl = await createFifoQueue(bench);
  await sendFifo(bench.sqs, QueueUrl, "a1", "b1", "a2");
  const messages = [...(await bench.receive(QueueUrl, { max: 1 })), ...(await bench.receive(QueueUrl, { max: 1 }))];
  const { Successful, Failed } = await bench.sqs.deleteMessageBatch({
    QueueUrl,
    Entries: messages.map(({ Body, ReceiptHandle }) => ({ Id: Body, ReceiptHandle })),
  });
  expect(Successful).toEqual([{ Id: "a1" }, { Id: "b1" }]);
  expect(Failed).toBeUndefined();
  expect(toBodies(await bench.receive(QueueUrl, { waitSeconds: 1 }))).toBe("a2");
});

behaviour("FIFO: deleting twice succeeds", api("DeleteMessage"), async (bench) => {
  const QueueUrl = await createFifoQueue(bench);
  await sendFifo(bench.sqs, QueueUrl, "a1");
  const { ReceiptHandle } = only(await bench.receive(QueueUrl));
  await bench.sqs.deleteMessage({ QueueUrl, ReceiptHandle });
  await bench.sqs.deleteMessage({ QueueUrl, ReceiptHandle });
});

behaviour("a receive with the same attempt id brings the same messages and handles", RECEIVE, async (bench) => {
  const QueueUrl = await createFifoQueue(bench);
  await sendFifo(bench.sqs, QueueUrl, "a1", "a2", "a3");
  const request = { QueueUrl, MaxNumberOfMessages: 2, ReceiveRequestAttemptId: "x" };
  const first = await bench.sqs.receiveMessage(request);
  expect(await bench.receive(QueueUrl)).toEqual([]);
  const second = await bench.sqs.receiveMessage(request);
  expect(toBodies(first.Messages ?? [])).toBe("a1 a2");
  expect(second.Messages).toEqual(first.Messages);
});

behaviour("a receive that is repeated hides its messages anew", RECEIVE, async (bench) => {
  const QueueUrl = await createFifoQueue(bench, { VisibilityTimeout: "2" });
  await sendFifo(bench.sqs, QueueUrl, "a1");
  const request = { QueueUrl, ReceiveRequestAttemptId: "x" };
  await bench.sqs.receiveMessage(request);
  await sleep(1_200);
  await bench.sqs.receiveMessage(request);
  await sleep(1_200);
  expect(await bench.receive(QueueUrl)).toEqual([]);
});

type Change = (sqs: SQS, message: { QueueUrl: string; ReceiptHandle: string | undefined }) => Promise<unknown>;

const changes: Readonly<Record<string, Change>> = {
  "was deleted": (sqs, message) => sqs.deleteMessage(message),
  "had its visibility changed": (sqs, message) => sqs.changeMessageVisibility({ ...message, VisibilityTimeout: 60 }),
};

for (const [what, change] of Object.entries(changes)) {
  behaviour(
    `a receive cannot be repeated once one of its messages ${what}`,
    `${RECEIVE}; awslabs/amazon-sqs-java-messaging-lib issue 213`,
    async (bench) => {
      const QueueUrl = await createFifoQueue(bench);
      await sendFifo(bench.sqs, QueueUrl, "a1", "a2");
      const request = { QueueUrl, MaxNumberOfMessages: 10, ReceiveRequestAttemptId: "x" };
      const [first] = (await bench.sqs.receiveMessage(request)).Messages ?? [];
      await change(bench.sqs, { QueueUrl, ReceiptHandle: first?.ReceiptHandle });
      expect(await refusal(bench.sqs.receiveMessage(request))).toMatchObject({
        code: "InvalidParameterValue",
        message:
          "Value x for parameter ReceiveRequestAttemptId is invalid. Reason: " +
          "The receiveRequestAttemptId is not valid anymore since the receive call is not retryable.",
      });
    },
  );
}

behaviour(
  "a standard queue takes no notice of an attempt id",
  "awspring/spring-cloud-aws issue 529",
  async ({ sqs, createQueue, send }) => {
    const QueueUrl = await createQueue();
    await send(QueueUrl, "a");
    const request = { QueueUrl, ReceiveRequestAttemptId: "x" };
    expect((await sqs.receiveMessage(request)).Messages).toHaveLength(1);
    expect((await sqs.receiveMessage(request)).Messages).toBeUndefined();
  },
);
