// A queue in this process, so that each example runs by itself. A program of yours needs nothing of this: it has a queue
// URL and the credentials of its surroundings.
import { setTimeout as sleep } from "node:timers/promises";
import { type SimulatedSqs, SqsServer } from "millrace/testing";

/** A queue with some messages in it, served over HTTP on this machine. */
export interface LocalQueue extends AsyncDisposable {
  readonly queueUrl: string;
  readonly deadLetterQueueUrl: string;
  /** The service behind it, which counts what happens. */
  readonly sqs: SimulatedSqs;
  /** Resolves when every message has left the queue. */
  emptied(): Promise<void>;
  /** How many messages are in the queue, or in its dead-letter queue, wherever they stand. */
  count(queueUrl: string): number;
}

/** Starts an SQS on this machine, and has the SDK's clients of this process talk to it. */
export async function startServer(): Promise<SqsServer> {
  const server = new SqsServer();
  await server.start();
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_SQS: server.endpoint,
    AWS_REGION: "us-east-1",
    AWS_ACCESS_KEY_ID: "example",
    AWS_SECRET_ACCESS_KEY: "example",
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true", // It would stand in the middle of the output.
  });
  return server;
}

/**
 * Starts a queue and fills it. With `groupOf` it is a FIFO queue, and each message belongs to the group that it says.
 */
export async function startLocalQueue<Body>(
  bodies: readonly Body[],
  groupOf?: (body: Body) => string,
): Promise<LocalQueue> {
  const server = await startServer();
  const { sqs } = server;

  const suffix = groupOf === undefined ? "" : ".fifo";
  const fifo = groupOf === undefined ? {} : { FifoQueue: "true" };
  const { QueueUrl: deadLetterQueueUrl } = await sqs.createQueue({
    QueueName: `dead-letters${suffix}`,
    Attributes: fifo,
  });
  const { Attributes = {} } = await sqs.getQueueAttributes({
    QueueUrl: deadLetterQueueUrl,
    AttributeNames: ["QueueArn"],
  });
  const { QueueUrl: queueUrl } = await sqs.createQueue({
    QueueName: `orders${suffix}`,
    Attributes: {
      ...fifo,
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: Attributes["QueueArn"], maxReceiveCount: 5 }),
    },
  });
  for (const [index, body] of bodies.entries()) {
    const MessageBody = typeof body === "string" ? body : JSON.stringify(body);
    const ids = groupOf && { MessageGroupId: groupOf(body), MessageDeduplicationId: String(index) };
    await sqs.sendMessage({ QueueUrl: queueUrl, MessageBody, ...ids });
  }

  const count = (url: string): number => {
    const { visible, inFlight, delayed } = sqs.counts(url);
    return visible + inFlight + delayed;
  };
  return {
    queueUrl,
    deadLetterQueueUrl,
    sqs,
    count,
    async emptied() {
      while (count(queueUrl) > 0) await sleep(20, undefined, { ref: false });
    },
    [Symbol.asyncDispose]: () => server.stop(),
  };
}
