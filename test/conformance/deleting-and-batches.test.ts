// Deleting, and what every batch has in common: results by entry, and the requests that are refused as a whole.
import type { SQS } from "@aws-sdk/client-sqs";
import { expect } from "vitest";
import { api, behaviour, guide, localstack, only, refusal, sleep } from "./behaviour.js";

const DELETE = api("DeleteMessage");
const DELETE_BATCH = api("DeleteMessageBatch");

behaviour("a deleted message does not come again", DELETE, async ({ sqs, createQueue, receive, send }) => {
  const QueueUrl = await createQueue({ VisibilityTimeout: "1" });
  await send(QueueUrl, "a");
  const { ReceiptHandle } = only(await receive(QueueUrl));
  await sqs.deleteMessage({ QueueUrl, ReceiptHandle });
  expect(await receive(QueueUrl, { waitSeconds: 2 })).toEqual([]);
});

behaviour("deleting twice succeeds", DELETE, async ({ sqs, createQueue, receive, send }) => {
  const QueueUrl = await createQueue();
  await send(QueueUrl, "a");
  const { ReceiptHandle } = only(await receive(QueueUrl));
  await sqs.deleteMessage({ QueueUrl, ReceiptHandle });
  await sqs.deleteMessage({ QueueUrl, ReceiptHandle });
});

behaviour("a delete with a garbage handle is refused", DELETE, async ({ sqs, createQueue }) => {
  const QueueUrl = await createQueue();
  expect(await refusal(sqs.deleteMessage({ QueueUrl, ReceiptHandle: "garbage" }))).toMatchObject({
    code: "ReceiptHandleIsInvalid",
  });
});

behaviour(
  "a delete after the visibility timeout works while nobody else has received the message",
  localstack("test_delete_message_deletes_with_change_visibility_timeout"),
  async ({ sqs, createQueue, receive, send }) => {
    const QueueUrl = await createQueue();
    await send(QueueUrl, "a");
    const { ReceiptHandle } = only(await receive(QueueUrl, { visibilitySeconds: 1 }));
    await sleep(1_300);
    await sqs.deleteMessage({ QueueUrl, ReceiptHandle });
    expect(await receive(QueueUrl, { waitSeconds: 1 })).toEqual([]);
  },
);

behaviour(
  "a delete with the handle of an earlier receive succeeds, whether or not it deletes",
  DELETE,
  async ({ sqs, createQueue, receive, send }) => {
    const QueueUrl = await createQueue();
    await send(QueueUrl, "a");
    const { ReceiptHandle } = only(await receive(QueueUrl, { visibilitySeconds: 0 }));
    only(await receive(QueueUrl));
    await sqs.deleteMessage({ QueueUrl, ReceiptHandle });
  },
);

behaviour(
  "in a batch delete a garbage handle fails alone",
  DELETE_BATCH,
  async ({ sqs, createQueue, receive, send }) => {
    const QueueUrl = await createQueue();
    await send(QueueUrl, "a");
    const { ReceiptHandle } = only(await receive(QueueUrl));
    const { Successful, Failed } = await sqs.deleteMessageBatch({
      QueueUrl,
      Entries: [
        { Id: "good", ReceiptHandle },
        { Id: "bad", ReceiptHandle: "garbage" },
      ],
    });
    expect(Successful).toEqual([{ Id: "good" }]);
    expect(Failed).toMatchObject([{ Id: "bad", Code: "ReceiptHandleIsInvalid", SenderFault: true }]);
  },
);

behaviour(
  "a batch in which nothing fails has no Failed",
  localstack("test_send_message_batch"),
  async ({ sqs, createQueue }) => {
    const QueueUrl = await createQueue();
    const answer = await sqs.sendMessageBatch({ QueueUrl, Entries: [{ Id: "a", MessageBody: "a" }] });
    expect(answer.Successful).toHaveLength(1);
    expect(answer.Failed).toBeUndefined();
  },
);

type BatchCall = (sqs: SQS, QueueUrl: string, ids: readonly string[]) => Promise<unknown>;

const batches: Readonly<Record<string, BatchCall>> = {
  SendMessageBatch: (sqs, QueueUrl, ids) =>
    sqs.sendMessageBatch({ QueueUrl, Entries: ids.map((Id) => ({ Id, MessageBody: "a" })) }),
  DeleteMessageBatch: (sqs, QueueUrl, ids) =>
    sqs.deleteMessageBatch({ QueueUrl, Entries: ids.map((Id) => ({ Id, ReceiptHandle: "any" })) }),
  ChangeMessageVisibilityBatch: (sqs, QueueUrl, ids) =>
    sqs.changeMessageVisibilityBatch({
      QueueUrl,
      Entries: ids.map((Id) => ({ Id, ReceiptHandle: "any", VisibilityTimeout: 0 })),
    }),
};

const ELEVEN = Array.from({ length: 11 }, (_, index) => `${index}`);

for (const [operation, call] of Object.entries(batches)) {
  behaviour(`${operation}: eleven entries are refused`, api(operation), async ({ sqs, createQueue }) => {
    const QueueUrl = await createQueue();
    expect(await refusal(call(sqs, QueueUrl, ELEVEN))).toMatchObject({
      code: "TooManyEntriesInBatchRequest",
      httpStatusCode: 400,
    });
  });

  behaviour(
    `${operation}: the refusal of eleven entries counts them, and has the older protocol's code`,
    `${api(operation)}; ${localstack("test_too_many_entries_in_batch_request")}`,
    async ({ sqs, createQueue }) => {
      const QueueUrl = await createQueue();
      expect(await refusal(call(sqs, QueueUrl, ELEVEN))).toMatchObject({
        legacyCode: "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
        message: "Maximum number of entries per request are 10. You have sent 11.",
      });
    },
  );

  behaviour(`${operation}: no entries are refused`, api(operation), async ({ sqs, createQueue }) => {
    const QueueUrl = await createQueue();
    expect(await refusal(call(sqs, QueueUrl, []))).toMatchObject({ code: "EmptyBatchRequest", httpStatusCode: 400 });
  });

  behaviour(`${operation}: equal entry ids are refused`, api(operation), async ({ sqs, createQueue }) => {
    const QueueUrl = await createQueue();
    expect(await refusal(call(sqs, QueueUrl, ["a", "b", "a"]))).toMatchObject({
      code: "BatchEntryIdsNotDistinct",
      httpStatusCode: 400,
    });
  });

  for (const [what, id] of [
    ["a colon", "invalid:id"],
    ["81 characters", "x".repeat(81)],
  ] as const) {
    behaviour(
      `${operation}: an entry id with ${what} is refused`,
      `${api(operation)}; ${localstack("test_delete_message_batch_invalid_msg_id")}`,
      async ({ sqs, createQueue }) => {
        const QueueUrl = await createQueue();
        expect(await refusal(call(sqs, QueueUrl, [id]))).toMatchObject({
          code: "InvalidBatchEntryId",
          httpStatusCode: 400,
        });
      },
    );
  }
}

behaviour(
  "in a batch send an entry that is too large fails alone",
  localstack("test_send_message_batch_with_oversized_contents_with_updated_maximum_message_size"),
  async ({ sqs, createQueue }) => {
    const QueueUrl = await createQueue({ MaximumMessageSize: "1024" });
    const { Successful, Failed } = await sqs.sendMessageBatch({
      QueueUrl,
      Entries: [
        { Id: "good", MessageBody: "a" },
        { Id: "bad", MessageBody: "x".repeat(1_025) },
      ],
    });
    expect(Successful).toMatchObject([{ Id: "good" }]);
    expect(Failed).toMatchObject([{ Id: "bad", Code: "InvalidParameterValue", SenderFault: true }]);
  },
);

behaviour(
  "a batch send of more than 1 MiB in all is refused",
  guide("quotas-messages"),
  async ({ sqs, createQueue }) => {
    const QueueUrl = await createQueue();
    const half = "x".repeat(524_289);
    const send = sqs.sendMessageBatch({
      QueueUrl,
      Entries: [
        { Id: "a", MessageBody: half },
        { Id: "b", MessageBody: half },
      ],
    });
    expect(await refusal(send)).toMatchObject({ code: "BatchRequestTooLong", httpStatusCode: 400 });
  },
);
