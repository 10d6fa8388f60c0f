// A simulated SQS over HTTP in a process of its own. Each message of the parent's orders a queue with messages in it.
import { SqsServer } from "millrace/testing";

/** What the parent asks for: a new queue with so many messages. */
export interface QueueOrder {
  readonly name: string;
  readonly body: string;
  readonly count: number;
  /** With it, it is a FIFO queue, and the messages belong to so many groups. */
  readonly groups?: number | undefined;
  /** How long each call of the service takes from now on. */
  readonly latencyMs?: number | undefined;
}

/** Where it is. */
export interface QueueAnswer {
  readonly endpoint: string;
  readonly queueUrl: string;
}

const server = new SqsServer();
await server.start();

async function fill({ name, body, count, groups, latencyMs = 0 }: QueueOrder): Promise<QueueAnswer> {
  const { sqs, endpoint } = server;
  sqs.faults.latencyMs = 0;
  const { QueueUrl: queueUrl } = await sqs.createQueue(
    groups === undefined ? { QueueName: name } : { QueueName: `${name}.fifo`, Attributes: { FifoQueue: "true" } },
  );
  for (let sent = 0; sent < count; sent += 1) {
    const ids = groups && { MessageGroupId: `g${sent % groups}`, MessageDeduplicationId: String(sent) };
    await sqs.sendMessage({ QueueUrl: queueUrl, MessageBody: body, ...ids });
  }
  sqs.faults.latencyMs = latencyMs;
  return { endpoint, queueUrl };
}

process.on("message", (order: QueueOrder) => {
  void fill(order).then((answer) => process.send?.(answer));
});
process.on("disconnect", () => process.exit());
