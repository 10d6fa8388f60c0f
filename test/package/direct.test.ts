// The direct client from the packed package: where undici is, where it is missing, and where nobody asked for it.
import { spawnSync } from "node:child_process";
import { expect, inject, it } from "vitest";

/** A queue of the package's own, with so many messages. */
const QUEUE = `
import { SqsServer } from "millrace/testing";

const server = new SqsServer();
await server.start();
const { QueueUrl: queueUrl } = await server.sqs.createQueue({ QueueName: "jobs" });
await server.sqs.sendMessage({ QueueUrl: queueUrl, MessageBody: "a" });
`;

const PROGRAM = `
import { Consumer } from "millrace";
import { directClient } from "millrace/direct";
${QUEUE}
const client = directClient();
const consumer = new Consumer(({ Body }) => console.log("handled", Body), { queueUrl, client, pollGraceMs: 0 });
consumer.on("settled", () => void consumer.stop().then(() => server.stop()));
await consumer.start().catch(({ code, errorClass, message }) => {
  console.log(code, errorClass, message);
  return server.stop();
});
`;

const ENVIRONMENT = {
  AWS_ACCESS_KEY_ID: "test",
  AWS_SECRET_ACCESS_KEY: "test",
  AWS_REGION: "us-east-1",
  AWS_CONFIG_FILE: "/nonexistent",
  AWS_SHARED_CREDENTIALS_FILE: "/nonexistent",
  NODE_NO_WARNINGS: "1",
};

/** What a program of a user's, run where millrace is installed, exits with and prints. */
function run(installation: string, program: string): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "--eval", program], {
    cwd: installation,
    encoding: "utf8",
    timeout: 20_000,
    env: ENVIRONMENT,
  });
  return { status, stdout, stderr };
}

it("a consumer handles and acknowledges its message, and the process ends by itself", () => {
  expect(run(inject("withDirect"), PROGRAM)).toEqual({ status: 0, stdout: "handled a\n", stderr: "" });
});

it("start() says what to install where undici is missing", () => {
  const told = "The package undici could not be loaded. Install it beside millrace: npm install undici";
  const stdout = `PEER_MISSING fatal ${told}\n`;
  expect(run(inject("withSdk"), PROGRAM)).toEqual({ status: 0, stdout, stderr: "" });
});

it("start() says what to install where the SDK is missing", () => {
  const told =
    "The package @aws-sdk/client-sqs could not be loaded. Install it beside millrace: npm install @aws-sdk/client-sqs";
  expect(run(inject("alone"), PROGRAM)).toEqual({ status: 0, stdout: `SDK_MISSING fatal ${told}\n`, stderr: "" });
});

it("undici is loaded by the first call of a direct client, and by nothing else", () => {
  const program = `
    import { createRequire } from "node:module";
    import { Consumer } from "millrace";
    ${QUEUE}
    const { cache } = createRequire(import.meta.url);
    const isLoaded = () => Object.keys(cache).some((name) => /[\\\\/]undici[\\\\/]/.test(name));
    const consumer = new Consumer(() => undefined, { queueUrl, pollGraceMs: 0 });
    await consumer.start();
    await consumer.stop();
    const { directClient } = await import("millrace/direct");
    const client = directClient();
    console.log(isLoaded());
    await client.getQueueAttributes({ QueueUrl: queueUrl, AttributeNames: ["RedrivePolicy"] });
    console.log(isLoaded());
    await server.stop();
  `;
  expect(run(inject("withDirect"), program)).toEqual({ status: 0, stdout: "false\ntrue\n", stderr: "" });
});
