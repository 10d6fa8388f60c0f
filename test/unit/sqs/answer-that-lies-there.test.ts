// A process that stands still while it stops, for longer than long polls are given: an answer that has come meanwhile is read.
import { closeSync, openSync, read } from "node:fs";
import { fileURLToPath } from "node:url";
import { Consumer, type Message, type SqsPort } from "millrace";
import { SimulatedSqs } from "millrace/testing";
import { expect, test } from "vitest";

test("its messages are given back", async () => {
  const sqs = new SimulatedSqs();
  const { QueueUrl: queueUrl } = await sqs.createQueue({ QueueName: "jobs" });
  const polled = createDeferred<void>();
  const answer = createDeferred<{ Messages?: Message[] }>();
  const client: SqsPort = {
    receiveMessage(input, options) {
      if (input.WaitTimeSeconds === 0) return sqs.receiveMessage(input, options);
      polled.resolve();
      return answer.promise;
    },
    deleteMessageBatch: (input) => sqs.deleteMessageBatch(input),
    changeMessageVisibilityBatch: (input) => sqs.changeMessageVisibilityBatch(input),
    sendMessageBatch: (input) => sqs.sendMessageBatch(input),
  };
  const consumer = new Consumer(() => undefined, { queueUrl, client, pollGraceMs: 20 });
  await consumer.start();
  await polled.promise;
  await sqs.sendMessage({ QueueUrl: queueUrl, MessageBody: "a" });
  const received = await sqs.receiveMessage({ QueueUrl: queueUrl, VisibilityTimeout: 30 });

  const stopped = consumer.stop();
  await new Promise((resolve) => setImmediate(resolve)); // The grace has begun.
  const file = openSync(fileURLToPath(import.meta.url), "r");
  // It ends while nothing else can happen, and its callback comes after the timers that are due by then.
  read(file, Buffer.alloc(1), 0, 1, 0, () => answer.resolve(received as { Messages: Message[] }));
  const blockedUntil = performance.now() + 100;
  while (performance.now() < blockedUntil);
  expect(await stopped).toMatchObject({ isDrained: true, messagesReleased: 1 });
  closeSync(file);
  expect(sqs.counts(queueUrl)).toEqual({ visible: 1, inFlight: 0, delayed: 0 });
});

interface Deferred<Value> {
  readonly promise: Promise<Value>;
  readonly resolve: (value: Value) => void;
}

function createDeferred<Value>(): Deferred<Value> {
  let resolve: (value: Value) => void = () => undefined;
  const promise = new Promise<Value>((settle) => (resolve = settle));
  return { promise, resolve };
}
