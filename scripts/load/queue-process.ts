// The queue's process of a load: a simulated SQS over HTTP, filled at once.
import { type QueueCounts, SqsServer } from "../../src/testing/index.js";
import { answerCalls } from "../soak/part.js";

/** What the queue's process can be asked. */
export interface QueueCalls {
  begin(): Promise<void>;
  /** Makes a queue with so many messages of so many bytes in it, and resolves with its URL. */
  fill(count: number, bytes: number): Promise<string>;
  look(queueUrl: string): QueueLook;
}

/** What there is to see of a queue. */
export interface QueueLook extends QueueCounts {
  /** Since the process began: deliveries, and requests for consuming. */
  readonly received: number;
  readonly receives: number;
  readonly deletes: number;
  readonly visibilityChanges: number;
}

const server = new SqsServer();
let queues = 0;

const calls: QueueCalls = {
  begin: () => server.start(),
  async fill(count, bytes) {
    queues += 1;
    const { QueueUrl } = await server.sqs.createQueue({ QueueName: `load-${queues}` });
    const MessageBody = "x".repeat(bytes); // All messages have the same string: they take no memory of their own.
    for (let sent = 0; sent < count; sent += 1) await server.sqs.sendMessage({ QueueUrl, MessageBody });
    return QueueUrl;
  },
  look(queueUrl) {
    const { messagesReceived, requestsByOperation: made } = server.sqs.statistics;
    return {
      ...server.sqs.counts(queueUrl),
      received: messagesReceived,
      receives: made.ReceiveMessage ?? 0,
      deletes: made.DeleteMessageBatch ?? 0,
      visibilityChanges: made.ChangeMessageVisibilityBatch ?? 0,
    };
  },
};

answerCalls(calls);
