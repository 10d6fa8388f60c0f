// What a client's abort does to a long poll. What it does to the messages is AWS's own affair: see the unit tests.
import { expect } from "vitest";
import { api, behaviour, only, refusal, sleep, timed } from "./behaviour.js";

behaviour("an aborted long poll ends at once for its caller", api("ReceiveMessage"), async ({ sqs, createQueue }) => {
  const QueueUrl = await createQueue();
  const abort = new AbortController();
  const poll = timed(() =>
    refusal(sqs.receiveMessage({ QueueUrl, WaitTimeSeconds: 10 }, { abortSignal: abort.signal })),
  );
  await sleep(200);
  abort.abort();
  const { value, ms } = await poll;
  expect(value.code).toBe("AbortError");
  expect(ms).toBeLessThan(1_000);
});

behaviour(
  "a message sent after an aborted poll comes, at the latest when its visibility ends",
  "aws/aws-sdk-js issue 2350, aws/aws-sdk-java-v2 issue 1395",
  async ({ sqs, createQueue, receive, send }) => {
    const QueueUrl = await createQueue({ VisibilityTimeout: "1" });
    const abort = new AbortController();
    const poll = refusal(sqs.receiveMessage({ QueueUrl, WaitTimeSeconds: 5 }, { abortSignal: abort.signal }));
    await sleep(200);
    abort.abort();
    await poll;
    await sleep(300);
    await send(QueueUrl, "a");
    expect(only(await receive(QueueUrl, { waitSeconds: 5 })).Body).toBe("a");
  },
);
