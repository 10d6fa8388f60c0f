// Starts the simulated SQS alone: `npm run sqs -- --port 4100 --queue orders`.
import { SqsServer } from "../src/testing/index.js";
import { readOptions, readWholeNumber } from "./command-line.js";

const USAGE = `Usage: npm run sqs -- [--port 4100] [--queue NAME]…

Serves a simulated Amazon SQS on this machine until Ctrl-C, with a queue of each name
(orders, if none is given). All messages are lost then. Port 0 takes any that is free.
`;

interface Settings {
  readonly port: number;
  readonly queues: readonly string[];
}

function readSettings(): Settings {
  const values = readOptions(USAGE, {
    port: { type: "string", default: "4100" },
    queue: { type: "string", multiple: true, default: ["orders"] },
  });
  return { port: readWholeNumber(USAGE, "port", values.port, [0, 65_535]), queues: values.queue };
}

function describe({ endpoint }: SqsServer, queueUrls: readonly string[]): string {
  return `A simulated SQS listens on ${endpoint}

${queueUrls.map((url) => `  queue  ${url}\n`).join("")}
Point an SDK, the AWS CLI, or a consumer at it:

  export AWS_ENDPOINT_URL_SQS=${endpoint}
  export AWS_REGION=us-east-1 AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test

Ctrl-C ends it.
`;
}

function summarize({ sqs }: SqsServer): string {
  const { requests, emptyReceives, messagesSent, messagesReceived, messagesDeleted } = sqs.statistics;
  return `
${requests} requests, ${emptyReceives} of them empty receives.
Messages: ${messagesSent} sent, ${messagesReceived} received, ${messagesDeleted} deleted.
`;
}

async function main({ port, queues }: Settings): Promise<void> {
  const server = new SqsServer({ port });
  await server.start();
  const queueUrls: string[] = [];
  for (const QueueName of queues) queueUrls.push((await server.sqs.createQueue({ QueueName })).QueueUrl);
  process.stdout.write(describe(server, queueUrls));
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
