// Starts the simulated SQS alone: `npm run sqs -- --port 4100 --queue orders`.
import { parseArgs } from "node:util";
import { SqsServer } from "../src/testing/index.js";

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "4100" },
    queue: { type: "string", multiple: true, default: [] },
    help: { type: "boolean", short: "h", default: false },
  },
});

const USAGE = `Usage: npm run sqs -- [--port 4100] [--queue NAME]…

Serves a simulated Amazon SQS on this machine until Ctrl-C. All messages are lost then.
`;

function describe({ endpoint }: SqsServer, queueUrls: readonly string[]): string {
  return `A simulated SQS listens on ${endpoint}

${queueUrls.map((url) => `  queue  ${url}\n`).join("")}
Point an SDK at it:

  export AWS_ENDPOINT_URL_SQS=${endpoint}
  export AWS_REGION=us-east-1 AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test

or, in code:

  new SQSClient({ endpoint: "${endpoint}", region: "us-east-1", credentials: { accessKeyId: "test", secretAccessKey: "test" } })

Ctrl-C ends it.
`;
}

async function main(): Promise<void> {
  if (values.help) {
    process.stdout.write(USAGE);
    return;
  }
  const server = new SqsServer({ port: Number(values.port) });
  await server.start();
  const queueUrls: string[] = [];
  for (const QueueName of values.queue) queueUrls.push((await server.sqs.createQueue({ QueueName })).QueueUrl);
  process.stdout.write(describe(server, queueUrls));
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void server.stop());
}

await main();
