// The demo's SQS: a server on this machine, a queue with its dead-letter queue, and the messages in it.
import { SendMessageBatchCommand, SQSClient } from "@aws-sdk/client-sqs";
import PQueue from "p-queue";
import { type SimulatedSqs, SqsServer } from "../../src/testing/index.js";
import { type Job, MAX_ATTEMPTS } from "./workload.js";

const REGION = "us-east-1";
const QUEUE_NAME = "jobs";
/** How long a request takes beyond the work, in milliseconds: about what it does inside a region of AWS. */
const LATENCY_MS = [10, 30] as const;
const SENDS_AT_ONCE = 20;
const BATCH_SIZE = 10;

/** The server and its two queues. */
export interface Queues extends AsyncDisposable {
  readonly sqs: SimulatedSqs;
  readonly endpoint: string;
  readonly name: string;
  readonly queueUrl: string;
  readonly deadLetterQueueUrl: string;
}

/** Starts the server on a free port, and has the SDK's clients of this process talk to it. */
export async function startQueues(): Promise<Queues> {
  const server = new SqsServer({ region: REGION, journal: true, faults: { latencyMs: LATENCY_MS } });
  await server.start();
  const { sqs, endpoint } = server;
  process.env["AWS_ENDPOINT_URL_SQS"] = endpoint;
  process.env["AWS_REGION"] = REGION;
  // The SDK would warn in the middle of the picture that it will want a newer Node one day.
  process.env["AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED"] = "true";
  process.env["AWS_ACCESS_KEY_ID"] = process.env["AWS_SECRET_ACCESS_KEY"] = "demo";
  const { QueueUrl: deadLetterQueueUrl } = await sqs.createQueue({ QueueName: `${QUEUE_NAME}-dead-letters` });
  const { Attributes } = await sqs.getQueueAttributes({ QueueUrl: deadLetterQueueUrl, AttributeNames: ["QueueArn"] });
  const policy = { deadLetterTargetArn: Attributes?.["QueueArn"], maxReceiveCount: MAX_ATTEMPTS };
  const { QueueUrl: queueUrl } = await sqs.createQueue({
    QueueName: QUEUE_NAME,
    Attributes: { RedrivePolicy: JSON.stringify(policy) },
  });
  const dispose = (): Promise<void> => server.stop();
  return { sqs, endpoint, name: QUEUE_NAME, queueUrl, deadLetterQueueUrl, [Symbol.asyncDispose]: dispose };
}

/** Sends every job over HTTP, as any producer would, until the signal aborts. Throws when a message was refused. */
export async function sendJobs(queueUrl: string, jobs: readonly Job[], signal: AbortSignal): Promise<void> {
  const client = new SQSClient({});
  const sends = new PQueue({ concurrency: SENDS_AT_ONCE });
  const sendBatch = async (first: number): Promise<void> => {
    if (signal.aborted) return;
    const batch = jobs.slice(first, first + BATCH_SIZE);
    const Entries = batch.map((job, index) => ({ Id: String(index), MessageBody: JSON.stringify(job) }));
    const { Failed = [] } = await client.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
    if (Failed.length > 0) throw new Error(`${Failed.length} messages were refused: ${Failed[0]?.Message}`);
  };
  const firsts = Array.from({ length: Math.ceil(jobs.length / BATCH_SIZE) }, (_, batch) => batch * BATCH_SIZE);
  try {
    await sends.addAll(firsts.map((first) => () => sendBatch(first)));
  } finally {
    client.destroy();
  }
}

/** How many messages are in a queue, wherever they stand. */
export function countMessages(sqs: SimulatedSqs, queueUrl: string): number {
  const { visible, inFlight, delayed } = sqs.counts(queueUrl);
  return visible + inFlight + delayed;
}

/** How many requests were made for consuming: receives, deletes, visibility changes, dead letters. */
export function countConsumerRequests({ statistics }: SimulatedSqs, sendsBefore: number): number {
  const { requestsByOperation: made } = statistics;
  const { ReceiveMessage = 0, DeleteMessageBatch = 0, ChangeMessageVisibilityBatch = 0, SendMessageBatch = 0 } = made;
  return ReceiveMessage + DeleteMessageBatch + ChangeMessageVisibilityBatch + SendMessageBatch - sendsBefore;
}
