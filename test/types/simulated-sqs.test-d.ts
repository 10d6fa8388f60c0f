// The simulated service takes what the SDK's client takes, and gives what it gives.
import type * as sdk from "@aws-sdk/client-sqs";
import { Consumer } from "millrace";
import { SimulatedSqs, type SqsInput, type SqsOutput } from "millrace/testing";
import { describe, expectTypeOf, it } from "vitest";

/** The SDK adds this to every output. */
type Answer<Output> = Omit<Output, "$metadata">;

describe("the simulated service", () => {
  it("is a client for a consumer", () => {
    new Consumer(() => {}, {
      queueUrl: "https://sqs.us-east-1.amazonaws.com/000000000000/a",
      client: new SimulatedSqs(),
    });
  });

  it("takes the SDK's inputs", () => {
    expectTypeOf<sdk.ReceiveMessageCommandInput>().toExtend<SqsInput<"ReceiveMessage">>();
    expectTypeOf<sdk.SendMessageCommandInput>().toExtend<SqsInput<"SendMessage">>();
    expectTypeOf<sdk.SendMessageBatchCommandInput>().toExtend<SqsInput<"SendMessageBatch">>();
    expectTypeOf<sdk.DeleteMessageCommandInput>().toExtend<SqsInput<"DeleteMessage">>();
    expectTypeOf<sdk.DeleteMessageBatchCommandInput>().toExtend<SqsInput<"DeleteMessageBatch">>();
    expectTypeOf<sdk.ChangeMessageVisibilityCommandInput>().toExtend<SqsInput<"ChangeMessageVisibility">>();
    expectTypeOf<sdk.ChangeMessageVisibilityBatchCommandInput>().toExtend<SqsInput<"ChangeMessageVisibilityBatch">>();
    expectTypeOf<sdk.CreateQueueCommandInput>().toExtend<SqsInput<"CreateQueue">>();
    expectTypeOf<sdk.DeleteQueueCommandInput>().toExtend<SqsInput<"DeleteQueue">>();
    expectTypeOf<sdk.PurgeQueueCommandInput>().toExtend<SqsInput<"PurgeQueue">>();
    expectTypeOf<sdk.GetQueueUrlCommandInput>().toExtend<SqsInput<"GetQueueUrl">>();
    expectTypeOf<sdk.ListQueuesCommandInput>().toExtend<SqsInput<"ListQueues">>();
    expectTypeOf<sdk.GetQueueAttributesCommandInput>().toExtend<SqsInput<"GetQueueAttributes">>();
    expectTypeOf<sdk.SetQueueAttributesCommandInput>().toExtend<SqsInput<"SetQueueAttributes">>();
    expectTypeOf<sdk.TagQueueCommandInput>().toExtend<SqsInput<"TagQueue">>();
    expectTypeOf<sdk.UntagQueueCommandInput>().toExtend<SqsInput<"UntagQueue">>();
    expectTypeOf<sdk.ListQueueTagsCommandInput>().toExtend<SqsInput<"ListQueueTags">>();
    expectTypeOf<sdk.ListDeadLetterSourceQueuesCommandInput>().toExtend<SqsInput<"ListDeadLetterSourceQueues">>();
    expectTypeOf<sdk.StartMessageMoveTaskCommandInput>().toExtend<SqsInput<"StartMessageMoveTask">>();
    expectTypeOf<sdk.ListMessageMoveTasksCommandInput>().toExtend<SqsInput<"ListMessageMoveTasks">>();
  });

  it("gives the SDK's outputs", () => {
    expectTypeOf<SqsOutput<"ReceiveMessage">>().toExtend<Answer<sdk.ReceiveMessageCommandOutput>>();
    expectTypeOf<SqsOutput<"SendMessage">>().toExtend<Answer<sdk.SendMessageCommandOutput>>();
    expectTypeOf<SqsOutput<"GetQueueUrl">>().toExtend<Answer<sdk.GetQueueUrlCommandOutput>>();
    expectTypeOf<SqsOutput<"ListQueues">>().toExtend<Answer<sdk.ListQueuesCommandOutput>>();
    expectTypeOf<SqsOutput<"GetQueueAttributes">>().toExtend<Answer<sdk.GetQueueAttributesCommandOutput>>();
    expectTypeOf<SqsOutput<"ListQueueTags">>().toExtend<Answer<sdk.ListQueueTagsCommandOutput>>();
    expectTypeOf<SqsOutput<"ListMessageMoveTasks">>().toExtend<Answer<sdk.ListMessageMoveTasksCommandOutput>>();
  });

  it("takes an abort signal as the SDK does", () => {
    type Options = Parameters<SimulatedSqs["receiveMessage"]>[1];
    expectTypeOf<{ abortSignal: AbortSignal }>().toExtend<Options>();
  });
});
