// A simulated service on a virtual clock with one queue: what the tests of this folder begin with.
import { SimulatedSqs, VirtualClock, type SimulatedSqsOptions, type SqsMessage } from "millrace/testing";

export interface SimulatedBench {
  readonly clock: VirtualClock;
  readonly sqs: SimulatedSqs;
  readonly QueueUrl: string;
  /** Sends messages, and gives their ids. */
  readonly send: (...bodies: readonly string[]) => Promise<string[]>;
  /** Receives up to ten messages, without waiting. */
  readonly receive: (max?: number) => Promise<SqsMessage[]>;
  readonly receiveOne: () => Promise<SqsMessage>;
}

export async function simulate(
  options: SimulatedSqsOptions = {},
  attributes: Record<string, string> = {},
): Promise<SimulatedBench> {
  const clock = new VirtualClock();
  const sqs = new SimulatedSqs({ clock, ...options });
  const { QueueUrl } = await sqs.createQueue({ QueueName: "orders", Attributes: attributes });
  const send = async (...bodies: readonly string[]): Promise<string[]> => {
    const ids: string[] = [];
    for (const MessageBody of bodies) ids.push((await sqs.sendMessage({ QueueUrl, MessageBody })).MessageId);
    return ids;
  };
  const receive = async (max = 10): Promise<SqsMessage[]> => {
    const { Messages = [] } = await sqs.receiveMessage({
      QueueUrl,
      MaxNumberOfMessages: max,
      MessageSystemAttributeNames: ["All"],
    });
    return Messages;
  };
  const receiveOne = async (): Promise<SqsMessage> => {
    const [message] = await receive(1);
    if (message === undefined) throw new Error("Expected a message");
    return message;
  };
  return { clock, sqs, QueueUrl, send, receive, receiveOne };
}

export const bodies = (count: number): string[] => Array.from({ length: count }, (_, index) => `${index}`);
