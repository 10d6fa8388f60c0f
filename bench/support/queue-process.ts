// A simulated SQS over HTTP in a process of its own. Each message of the parent's orders a queue with messages in it.
import { SqsServer } from "millrace/testing";

/** What the parent asks for: a new queue with so many messages. */
export interface QueueOrder {
  readonly name: string;
  readonly body: string;
  readonly count: number;
}

/** Where it is. */
export interface QueueAnswer {
  readonly endpoint: string;
  readonly queueUrl: string;
}

const server = new SqsServer();
await server.start();

async function fill({ name, body, count }: QueueOrder): Promise<QueueAnswer> {
  const { sqs, endpoint } = server;
  const { QueueUrl: queueUrl } = await sqs.createQueue({ QueueName: name });
  for (let sent = 0; sent < count; sent += 1) await sqs.sendMessage({ QueueUrl: queueUrl, MessageBody: body });
  return { endpoint, queueUrl };
}

process.on("message", (order: QueueOrder) => {
  void fill(order).then((answer) => process.send?.(answer));
});
process.on("disconnect", () => process.exit());
