// A simulated service on a virtual clock with one FIFO queue. Bodies begin with the group: "a1" is of group "a".
import { SimulatedSqs, VirtualClock, type SimulatedSqsOptions, type SqsMessage } from "millrace/testing";

export interface FifoBench {
  readonly clock: VirtualClock;
  readonly sqs: SimulatedSqs;
  readonly QueueUrl: string;
  /** Sends messages one by one, each with its body as deduplication id, and gives their ids. */
  readonly send: (...bodies: readonly string[]) => Promise<string[]>;
  readonly receive: (options?: FifoReceive) => Promise<SqsMessage[]>;
  /** The bodies of a receive, with spaces between them. */
  readonly receiveBodies: (options?: FifoReceive) => Promise<string>;
  readonly hide: (message: SqsMessage | undefined, seconds: number) => Promise<unknown>;
  readonly remove: (...messages: readonly (SqsMessage | undefined)[]) => Promise<void>;
}

interface FifoReceive {
  readonly max?: number;
  readonly waitSeconds?: number;
  readonly visibilitySeconds?: number;
  readonly attempt?: string | undefined;
}

export async function simulateFifo(
  options: SimulatedSqsOptions = {},
  attributes: Record<string, string> = {},
): Promise<FifoBench> {
  const clock = new VirtualClock();
  const sqs = new SimulatedSqs({ clock, ...options });
  const Attributes = { FifoQueue: "true", ...attributes };
  const { QueueUrl } = await sqs.createQueue({ QueueName: "orders.fifo", Attributes });
  const receive = async ({ max = 10, waitSeconds, visibilitySeconds, attempt }: FifoReceive = {}): Promise<
    SqsMessage[]
  > => {
    const { Messages = [] } = await sqs.receiveMessage({
      QueueUrl,
      MaxNumberOfMessages: max,
      WaitTimeSeconds: waitSeconds,
      VisibilityTimeout: visibilitySeconds,
      ReceiveRequestAttemptId: attempt,
      MessageSystemAttributeNames: ["All"],
    });
    return Messages;
  };
  return {
    clock,
    sqs,
    QueueUrl,
    receive,
    async send(...bodies) {
      const ids: string[] = [];
      for (const body of bodies) ids.push((await sqs.sendMessage({ QueueUrl, ...fifoMessage(body) })).MessageId);
      return ids;
    },
    receiveBodies: async (receiveOptions) => toBodies(await receive(receiveOptions)),
    hide: (message, VisibilityTimeout) =>
      sqs.changeMessageVisibility({ QueueUrl, ReceiptHandle: message?.ReceiptHandle, VisibilityTimeout }),
    async remove(...messages) {
      for (const message of messages) await sqs.deleteMessage({ QueueUrl, ReceiptHandle: message?.ReceiptHandle });
    },
  };
}

export const toBodies = (messages: readonly SqsMessage[]): string => messages.map(({ Body }) => Body).join(" ");

/** What is to be sent as "a1": that body, in group "a". */
export const fifoMessage = (
  body: string,
): { MessageBody: string; MessageGroupId: string; MessageDeduplicationId: string } => ({
  MessageBody: body,
  MessageGroupId: body.slice(0, 1),
  MessageDeduplicationId: body,
});
