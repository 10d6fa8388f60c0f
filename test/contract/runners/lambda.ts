// The custom runtime as a subject of the runner contract, over HTTP: a simulated queue, a mapping as Lambda's that calls the
// function with one message at a time, and the Runtime API.
//
// Lambda is asked for one event after the other, so there is one message at a time, and a loss shows when it is answered:
// events of several messages, and a Runtime API that fails, have tests of their own in test/integration.
import type { Message, Runner, SqsPort } from "millrace";
import { LambdaRunner, type SqsBatchResponse } from "millrace/lambda";
import { inRealTime, LambdaRuntimeApi, type RunnerSubject, SimulatedSqs, type SqsTestEvent } from "millrace/testing";
import { EventSourceMapping } from "../../support/event-source-mapping.js";

const RUN_TIME_MS = 60_000;
const ARN = "arn:aws:sqs:us-east-1:000000000000:jobs-dead";

/** Calls the function for as long as there are messages and a runtime. */
class Trigger {
  readonly lambda: LambdaRuntimeApi = new LambdaRuntimeApi();
  readonly sqs: SimulatedSqs = new SimulatedSqs();
  /** Receipt handles of messages that the runner has given a time. */
  readonly #timed = new Set<string>();
  #hasEnded = false;
  #hasRuntime = false;

  /** A process of the function starts, or ends. */
  setRuntime(isThere: boolean): void {
    this.#hasRuntime = isThere;
    if (!isThere) this.lambda.runtimeEnded();
  }

  async create(): Promise<{ queueUrl: string; deadLetterUrl: string }> {
    await this.lambda.start();
    const dead = await this.sqs.createQueue({ QueueName: "jobs-dead" });
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: ARN, maxReceiveCount: 100 });
    const { QueueUrl: queueUrl } = await this.sqs.createQueue({ QueueName: "jobs", Attributes: { RedrivePolicy } });
    void this.#work(queueUrl);
    return { queueUrl, deadLetterUrl: dead.QueueUrl };
  }

  /** What the runner is given as its client. */
  get port(): SqsPort {
    const { sqs } = this;
    return {
      receiveMessage: (input) => sqs.receiveMessage(input),
      deleteMessageBatch: (input) => sqs.deleteMessageBatch(input),
      changeMessageVisibilityBatch: (input) => {
        for (const { ReceiptHandle } of input.Entries) this.#timed.add(ReceiptHandle);
        return sqs.changeMessageVisibilityBatch(input);
      },
      sendMessageBatch: (input) => sqs.sendMessageBatch(input),
      getQueueAttributes: (input) => sqs.getQueueAttributes(input),
      getQueueUrl: (input) => sqs.getQueueUrl(input),
    };
  }

  async end(): Promise<void> {
    this.#hasEnded = true;
    this.lambda.runtimeEnded();
    await this.lambda.stop();
    this.sqs.close();
  }

  async #work(queueUrl: string): Promise<void> {
    const mapping = new EventSourceMapping({ sqs: this.sqs, queueUrl, batchSize: 1 });
    while (!this.#hasEnded) {
      await new Promise((resolve) => {
        setTimeout(resolve, 2);
      });
      if (this.lambda.polls > 0) await mapping.poll((event) => this.#invoke(queueUrl, event));
    }
  }

  async #invoke(queueUrl: string, event: SqsTestEvent): Promise<SqsBatchResponse> {
    const invoked = this.lambda.invoke(event, { timeoutMs: RUN_TIME_MS });
    if (!this.#hasRuntime) this.lambda.runtimeEnded(); // It has ended since it asked.
    const result = await invoked;
    const allFailed = event.Records.map(({ messageId }) => ({ itemIdentifier: messageId }));
    const response =
      result.status === "response" ? (result.payload as SqsBatchResponse) : { batchItemFailures: allFailed };
    for (const { itemIdentifier } of response.batchItemFailures) {
      const { receiptHandle = "" } = event.Records.find(({ messageId }) => messageId === itemIdentifier) ?? {};
      await this.#endVisibility(queueUrl, receiptHandle);
    }
    return response;
  }

  /** What the runner has not given a time of its own comes again when the queue's is over: here, at once. */
  async #endVisibility(QueueUrl: string, ReceiptHandle: string): Promise<void> {
    if (this.#timed.has(ReceiptHandle)) return;
    await this.sqs.changeMessageVisibility({ QueueUrl, ReceiptHandle, VisibilityTimeout: 0 });
  }
}

export const lambdaSubject: RunnerSubject<Message> = {
  traits: {
    hasDelays: true,
    hasDeadLetters: true,
    countsAttempts: true,
    canHang: true,
    countsRequests: true,
    hasStats: true,
    showsLeftovers: true,
    mostAtOnce: 1,
  },
  async createHarness() {
    const trigger = new Trigger();
    const { lambda, sqs } = trigger;
    const { queueUrl, deadLetterUrl } = await trigger.create();
    return {
      until: inRealTime(),
      createRunner: () =>
        asProcess(new LambdaRunner({ runtimeApi: lambda.address, client: trigger.port, queueUrl }), trigger),
      async send(bodies) {
        for (const MessageBody of bodies) await sqs.sendMessage({ QueueUrl: queueUrl, MessageBody });
      },
      bodyOf: ({ Body = "" }) => Body,
      look() {
        const { visible, inFlight, delayed } = sqs.counts(queueUrl);
        return { ready: visible, held: inFlight + delayed, dead: sqs.counts(deadLetterUrl).visible };
      },
      asked: () => lambda.requests.filter((request) => request === "GET /runtime/invocation/next").length,
      hang: () => void (lambda.faults.isSilent = true),
      heal: () => void (lambda.faults.isSilent = false),
      leftovers: () => (lambda.polls === 0 ? [] : ["a request for an event"]),
      end: () => trigger.end(),
    };
  },
};

/** In Lambda a runtime that stops is a process that ends, and Lambda notices. */
function asProcess(runner: LambdaRunner, trigger: Trigger): Runner<Message> {
  return {
    async open() {
      trigger.setRuntime(true);
      await runner.open();
    },
    run: (intake) => runner.run(intake),
    async close(signal) {
      await runner.close(signal);
      trigger.setRuntime(false);
    },
    stats: () => runner.stats(),
  };
}
