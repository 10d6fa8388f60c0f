// How fast a FIFO queue is consumed, on the simulated service in virtual time: exact, and the same on every machine.
import { Consumer, type SqsPort } from "millrace";
import { SimulatedSqs, VirtualClock } from "millrace/testing";

/** What is measured. Every call of the service takes `roundTripMs`, every handler `workMs`. */
export interface PaceOptions {
  readonly workMs: number;
  readonly roundTripMs: number;
}

const SLOTS = 100;
const GROUPS = 1_000;
const MESSAGES_A_GROUP = 20;
const MESSAGES_OF_ONE_GROUP = 100;

interface Queue {
  readonly clock: VirtualClock;
  readonly sqs: SimulatedSqs;
  readonly queueUrl: string;
}

/** What many groups are consumed with, beside a standard queue. */
export interface Pace {
  readonly perSecond: number;
  readonly receives: number;
  readonly deletes: number;
}

/**
 * Messages a second of 1,000 groups, or of a standard queue, on 100 slots, while the queue is deep: from the first tenth
 * of 20,000 messages on until there are two tenths left.
 */
export async function measureManyGroups({ isFifo, ...options }: PaceOptions & { isFifo: boolean }): Promise<Pace> {
  const queue = await createQueue({ isFifo, groups: GROUPS, messagesAGroup: MESSAGES_A_GROUP });
  const messages = GROUPS * MESSAGES_A_GROUP;
  const endedAt = await consume({ ...queue, ...options, messages, concurrency: SLOTS, port: queue.sqs });
  const [first, last] = [Math.floor(messages * 0.1), Math.floor(messages * 0.8)];
  const durationMs = (endedAt[last] ?? Number.NaN) - (endedAt[first] ?? Number.NaN);
  const { ReceiveMessage = 0, DeleteMessageBatch = 0 } = queue.sqs.statistics.requestsByOperation;
  return { perSecond: ((last - first) / durationMs) * 1_000, receives: ReceiveMessage, deletes: DeleteMessageBatch };
}

/** Milliseconds a message of one group alone, if a receive brings at most so many. */
export async function measureOneGroup(options: PaceOptions & { mostAReceive: number }): Promise<number> {
  const queue = await createQueue({ isFifo: true, groups: 1, messagesAGroup: MESSAGES_OF_ONE_GROUP });
  const { sqs } = queue;
  const port: SqsPort = {
    receiveMessage: (input, callOptions) => {
      const MaxNumberOfMessages = Math.min(input.MaxNumberOfMessages, options.mostAReceive);
      return sqs.receiveMessage({ ...input, MaxNumberOfMessages }, callOptions);
    },
    deleteMessageBatch: (input) => sqs.deleteMessageBatch(input),
    changeMessageVisibilityBatch: (input) => sqs.changeMessageVisibilityBatch(input),
    sendMessageBatch: (input) => sqs.sendMessageBatch(input),
  };
  const messages = MESSAGES_OF_ONE_GROUP;
  const endedAt = await consume({ ...queue, ...options, messages, concurrency: 10, port });
  return (endedAt.at(-1) ?? Number.NaN) / messages;
}

async function createQueue(parts: { isFifo: boolean; groups: number; messagesAGroup: number }): Promise<Queue> {
  const { isFifo, groups, messagesAGroup } = parts;
  const clock = new VirtualClock();
  const sqs = new SimulatedSqs({ clock, seed: 1 });
  const { QueueUrl: queueUrl } = await sqs.createQueue(
    isFifo ? { QueueName: "ledger.fifo", Attributes: { FifoQueue: "true" } } : { QueueName: "ledger" },
  );
  for (let number = 0; number < messagesAGroup; number += 1) {
    for (let group = 0; group < groups; group += 1) {
      const ids = { MessageGroupId: `g${group}`, MessageDeduplicationId: `${group}-${number}` };
      await sqs.sendMessage({ QueueUrl: queueUrl, MessageBody: String(number), ...(isFifo && ids) });
    }
  }
  return { clock, sqs, queueUrl };
}

interface Run extends Queue, PaceOptions {
  readonly port: SqsPort;
  readonly messages: number;
  readonly concurrency: number;
}

/** Consumes everything, and answers when each handler ended, counted from the start. */
async function consume({ clock, sqs, queueUrl, port, ...run }: Run): Promise<readonly number[]> {
  const endedAt: number[] = [];
  const handler = async (): Promise<void> => {
    await new Promise<void>((resolve) => clock.setTimer(resolve, run.workMs));
    endedAt.push(clock.now());
  };
  sqs.faults.latencyMs = run.roundTripMs;
  const consumer = new Consumer(handler, { queueUrl, client: port, clock, concurrency: run.concurrency });
  await clock.runUntil(consumer.start());
  await clock.runUntil(() => endedAt.length === run.messages);
  await clock.runUntil(consumer.stop());
  return endedAt;
}
