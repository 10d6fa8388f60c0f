// What a handler is called with, by where its messages come from.
import type { Message as SdkMessage } from "@aws-sdk/client-sqs";
import { Consumer, PoolWorker, type Runner } from "millrace";
import { describe, expectTypeOf, it } from "vitest";

const queueUrl = "https://sqs.eu-central-1.amazonaws.com/000000000000/jobs";
declare const jobs: Runner<{ readonly name: string }>;

describe("a handler", () => {
  it("of a queue takes a message of the SDK's", () => {
    new Consumer((message) => expectTypeOf(message).toExtend<SdkMessage>(), { queueUrl });
    new Consumer((message: SdkMessage) => message.Body, { queueUrl });
  });

  it("of a runner takes that runner's messages", () => {
    new Consumer((message) => expectTypeOf(message).toEqualTypeOf<{ readonly name: string }>(), { runner: jobs });
    // @ts-expect-error -- The messages of this runner are no numbers.
    new Consumer((message: number) => message, { runner: jobs });
  });

  it("finds in its context what it needs to know, with types of the platform only", () => {
    new Consumer(
      (_message, context) => {
        expectTypeOf(context.signal).toEqualTypeOf<AbortSignal>();
        expectTypeOf(context.attempt).toEqualTypeOf<number>();
        expectTypeOf(context.groupId).toEqualTypeOf<string | undefined>();
        expectTypeOf(context.receivedAt).toEqualTypeOf<Date>();
        expectTypeOf<typeof context.extend>().toEqualTypeOf<(seconds: number) => Promise<void>>();
      },
      { queueUrl },
    );
  });

  it("finds in its context what its worker owns", () => {
    const worker = new PoolWorker({
      maxWorkers: 2,
      onWorkerStart: async () => ({ query: (text: string) => text.length }),
    });
    new Consumer((_message, { resource }) => resource.query("select 1"), { queueUrl, worker });
    // @ts-expect-error -- What the workers own takes a string.
    new Consumer((_message, { resource }) => resource.query(1), { queueUrl, worker });
  });
});
