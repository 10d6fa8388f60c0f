// How a behaviour of SQS is stated: its name, where AWS says so, and a test of it that any SQS server can be put to.
import type { Message, SQS } from "@aws-sdk/client-sqs";
import { test } from "vitest";
import { clientNames, serverName, sharedClient } from "./conformance-server.js";
import { knownDifferences } from "./known-differences.js";

const API_REFERENCE = "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/";
const DEVELOPER_GUIDE = "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/";

/** A page of the SQS API reference. */
export const api = (operation: string): string => `${API_REFERENCE}API_${operation}.html`;
/** A page of the SQS developer guide. */
export const guide = (page: string): string => `${DEVELOPER_GUIDE}${page}.html`;
/** A test of LocalStack, in tests/aws/services/sqs/test_sqs.py, that was validated against AWS. */
export const localstack = (name: string): string => `localstack/localstack tests/aws/services/sqs/test_sqs.py::${name}`;

/** What a behaviour is tested with. */
export interface Bench {
  readonly sqs: SQS;
  /** Creates a queue of its own for this test, and gives its URL. With FifoQueue its name ends in ".fifo". */
  readonly createQueue: (attributes?: Record<string, string>) => Promise<string>;
  readonly send: (queueUrl: string, ...bodies: readonly string[]) => Promise<void>;
  /** Receives up to ten messages, once. */
  readonly receive: (queueUrl: string, options?: ReceiveOptions) => Promise<Message[]>;
}

interface ReceiveOptions {
  readonly waitSeconds?: number;
  readonly max?: number;
  readonly visibilitySeconds?: number;
}

/**
 * States a behaviour. Where the server under test is known to differ, the test must fail, and its name says so: one
 * that passes there all the same is reported, so that the table of differences stays true.
 */
export function behaviour(name: string, source: string, body: (bench: Bench) => Promise<void>): void {
  const difference = knownDifferences[serverName]?.[name];
  const statement = `${name} (${source})`;
  const title = difference === undefined ? statement : `${serverName} DIFFERS: ${difference} -- ${statement}`;
  for (const client of clientNames) {
    // oxlint-disable-next-line vitest/expect-expect -- it comes from whoever states the behaviour
    test(`${client}: ${title}`, { concurrent: true, fails: difference !== undefined }, () =>
      body(newBench(sharedClient(client))),
    );
  }
}

let queueCount = 0;

function newBench(sqs: SQS): Bench {
  return {
    sqs,
    async createQueue(attributes = {}) {
      queueCount += 1;
      const suffix = attributes["FifoQueue"] === undefined ? "" : ".fifo";
      const name = `conformance-${process.pid}-${Date.now().toString(36)}-${queueCount}${suffix}`;
      const { QueueUrl = "" } = await sqs.createQueue({ QueueName: name, Attributes: attributes });
      return QueueUrl;
    },
    async send(queueUrl, ...bodies) {
      for (let start = 0; start < bodies.length; start += 10) {
        const Entries = bodies.slice(start, start + 10).map((MessageBody, index) => ({ Id: `${index}`, MessageBody }));
        await sqs.sendMessageBatch({ QueueUrl: queueUrl, Entries });
      }
    },
    async receive(queueUrl, { waitSeconds = 0, max = 10, visibilitySeconds } = {}) {
      const { Messages = [] } = await sqs.receiveMessage({
        QueueUrl: queueUrl,
        WaitTimeSeconds: waitSeconds,
        MaxNumberOfMessages: max,
        VisibilityTimeout: visibilitySeconds,
        MessageSystemAttributeNames: ["All"],
      });
      return Messages;
    },
  };
}

/** The only message of a receive. */
export function only(messages: readonly Message[]): Message {
  const [message] = messages;
  if (message === undefined || messages.length > 1) throw new Error(`Expected one message, got ${messages.length}`);
  return message;
}

/** What the service answered instead of a result: its code in either protocol, and its message. */
export interface Refusal {
  readonly code: string;
  readonly legacyCode: string;
  readonly message: string;
  readonly httpStatusCode: number | undefined;
}

/** Waits for a request to be refused, and gives the error. */
export async function refusal(request: Promise<unknown>): Promise<Refusal> {
  const error = await request.then(
    () => undefined,
    (reason: unknown) => reason as Error & { Code?: string; $metadata?: { httpStatusCode?: number } },
  );
  if (error === undefined) throw new Error("Expected a refusal, but the request succeeded");
  return {
    code: error.name,
    legacyCode: error.Code ?? error.name,
    message: error.message,
    httpStatusCode: error.$metadata?.httpStatusCode,
  };
}

export const sleep = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });

/** How long something takes, in milliseconds, with what it gives. */
export async function timed<Value>(action: () => Promise<Value>): Promise<{ value: Value; ms: number }> {
  const startedAt = performance.now();
  const value = await action();
  return { value, ms: performance.now() - startedAt };
}

/** Tries again until `isGood`: some counts of SQS are eventually consistent. */
export async function eventually<Value>(read: () => Promise<Value>, isGood: (value: Value) => boolean): Promise<Value> {
  const deadline = performance.now() + 5_000;
  for (;;) {
    const value = await read();
    if (isGood(value) || performance.now() > deadline) return value;
    await sleep(100);
  }
}
