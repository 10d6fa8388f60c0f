// Starts the simulated SQS alone: `npm run sqs -- --port 4100 --queue orders`.
import { SqsServer, type SimulatedSqs, type SqsQueueAttributes } from "../src/testing/index.js";
import { readOptions, readWholeNumber, refuse } from "./command-line.js";

const USAGE = `Usage: npm run sqs -- [--port 4100] [--queue NAME]… [--dead-letter-queue NAME [--max-receive-count 3]]

Serves a simulated Amazon SQS on this machine until Ctrl-C, with a queue of each name
(orders, if none is given). All messages are lost then. Port 0 takes any that is free.

A name that ends in .fifo makes a FIFO queue, with content-based deduplication.

--dead-letter-queue creates one more queue, where messages go that were received
--max-receive-count times and not deleted. That of a FIFO queue must be FIFO: give
the option twice if the queues are of both types.
`;

interface Settings {
  readonly port: number;
  readonly queues: readonly string[];
  readonly deadLetterQueues: readonly string[];
  readonly maxReceiveCount: number;
}

function readSettings(): Settings {
  const values = readOptions(USAGE, {
    port: { type: "string", default: "4100" },
    queue: { type: "string", multiple: true, default: ["orders"] },
    "dead-letter-queue": { type: "string", multiple: true, default: [] },
    "max-receive-count": { type: "string", default: "3" },
  });
  const settings = {
    port: readWholeNumber(USAGE, "port", values.port, [0, 65_535]),
    queues: values.queue,
    deadLetterQueues: values["dead-letter-queue"],
    maxReceiveCount: readWholeNumber(USAGE, "max-receive-count", values["max-receive-count"], [1, 1000]),
  };
  checkTypes(settings);
  return settings;
}

/** Each queue must have a dead-letter queue of its own type, or none has one. */
function checkTypes({ queues, deadLetterQueues }: Settings): void {
  if (deadLetterQueues.length === 0) return;
  for (const queue of queues) {
    if (findDeadLetterQueue(queue, deadLetterQueues) !== undefined) continue;
    const needed = isFifo(queue) ? "a FIFO one, whose name ends in .fifo" : "a standard one";
    refuse(USAGE, `The queue "${queue}" needs a --dead-letter-queue of its own type: ${needed}.`);
  }
}

function isFifo(queueName: string): boolean {
  return queueName.endsWith(".fifo");
}

function findDeadLetterQueue(queue: string, deadLetterQueues: readonly string[]): string | undefined {
  return deadLetterQueues.find((name) => isFifo(name) === isFifo(queue));
}

/** Creates all queues, and gives a line about each. */
async function createQueues(sqs: SimulatedSqs, settings: Settings): Promise<string[]> {
  const { queues, deadLetterQueues, maxReceiveCount } = settings;
  const arns = new Map<string | undefined, string>();
  const lines: string[] = [];
  const deadLetterLines: string[] = [];
  for (const name of deadLetterQueues) {
    const QueueUrl = await createQueue(sqs, name);
    const { Attributes } = await sqs.getQueueAttributes({ QueueUrl, AttributeNames: ["QueueArn"] });
    arns.set(name, Attributes?.["QueueArn"] ?? "");
    deadLetterLines.push(`dead-letter queue  ${QueueUrl}`);
  }
  for (const name of queues) {
    const deadLetterTargetArn = arns.get(findDeadLetterQueue(name, deadLetterQueues));
    const policy = JSON.stringify({ deadLetterTargetArn, maxReceiveCount });
    const QueueUrl = await createQueue(sqs, name, deadLetterTargetArn === undefined ? {} : { RedrivePolicy: policy });
    lines.push(`queue  ${QueueUrl}`);
  }
  return [...lines, ...deadLetterLines];
}

async function createQueue(sqs: SimulatedSqs, QueueName: string, attributes: SqsQueueAttributes = {}): Promise<string> {
  const fifo = isFifo(QueueName) ? { FifoQueue: "true", ContentBasedDeduplication: "true" } : {};
  return (await sqs.createQueue({ QueueName, Attributes: { ...fifo, ...attributes } })).QueueUrl;
}

function describe({ endpoint }: SqsServer, queues: readonly string[]): string {
  return `A simulated SQS listens on ${endpoint}

${queues.map((line) => `  ${line}\n`).join("")}
Point an SDK, the AWS CLI, or a consumer at it:

  export AWS_ENDPOINT_URL_SQS=${endpoint}
  export AWS_REGION=us-east-1 AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test

Ctrl-C ends it.
`;
}

function summarize({ sqs }: SqsServer): string {
  const { requests, emptyReceives, messagesSent, messagesReceived, messagesDeleted, messagesRedriven } = sqs.statistics;
  return `
${requests} requests, ${emptyReceives} of them empty receives.
Messages: ${messagesSent} sent, ${messagesReceived} received, ${messagesDeleted} deleted, ${messagesRedriven} dead letters.
`;
}

async function main(settings: Settings): Promise<void> {
  const server = new SqsServer({ port: settings.port });
  await server.start();
  process.stdout.write(describe(server, await createQueues(server.sqs, settings)));
  let isStopping = false;
  const stop = (): void => {
    // npm passes a Ctrl-C on that the terminal has sent already.
    if (!isStopping) process.stdout.write(summarize(server));
    isStopping = true;
    void server.stop();
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, stop);
}

try {
  await main(readSettings());
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1); // It may be listening already: a queue's name was refused.
}
