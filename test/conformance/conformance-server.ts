// The server under test: the one named by SQS_TEST_ENDPOINT, or else one of ours, started for each file.
import { SQS } from "@aws-sdk/client-sqs";
import { SqsServer } from "millrace/testing";
import { afterAll, beforeAll } from "vitest";

const externalEndpoint = process.env["SQS_TEST_ENDPOINT"];

/** Which server it is, as known-differences.ts names it: "millrace" unless SQS_TEST_SERVER says otherwise. */
export const serverName: string =
  process.env["SQS_TEST_SERVER"] ?? (externalEndpoint === undefined ? "millrace" : "external");

/** Credentials that any test server takes; AWS itself needs real ones. */
const credentials =
  process.env["AWS_ACCESS_KEY_ID"] === undefined
    ? { credentials: { accessKeyId: "test", secretAccessKey: "test" } }
    : {};

const ownServer = externalEndpoint === undefined ? new SqsServer() : undefined;
let client: SQS | undefined;

beforeAll(async () => {
  await ownServer?.start();
  client = connect();
});

afterAll(async () => {
  client?.destroy();
  await ownServer?.stop();
});

/** A new client of the SDK, without retries, so that each answer is seen as it came. */
function connect(): SQS {
  return new SQS({
    endpoint: externalEndpoint ?? ownServer?.endpoint ?? "",
    region: process.env["AWS_REGION"] ?? "us-east-1",
    maxAttempts: 1,
    requestHandler: { httpsAgent: { maxSockets: 200 }, httpAgent: { maxSockets: 200 } },
    ...credentials,
  });
}

/** The client that the behaviours of a file share. */
export function sharedClient(): SQS {
  if (client === undefined) throw new Error("Behaviours run only after beforeAll");
  return client;
}
