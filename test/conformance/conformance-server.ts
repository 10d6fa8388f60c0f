// The server under test: the one named by SQS_TEST_ENDPOINT, or else one of ours, started for each file; and the clients
// that it is asked with.
import { SQS } from "@aws-sdk/client-sqs";
import { type DirectClient, directClient } from "millrace/direct";
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
/** What each behaviour is tested with. */
export const clientNames = ["the SDK", "the direct client"] as const;
export type ClientName = (typeof clientNames)[number];

const clients = new Map<ClientName, SQS>();
let direct: DirectClient | undefined;

beforeAll(async () => {
  await ownServer?.start();
  const sdk = connect();
  direct = directClient({ client: sdk, maxAttempts: 1 });
  clients.set("the SDK", sdk);
  clients.set("the direct client", withDirectCalls(sdk, direct));
  // Some behaviours are told by their times, in which nothing is to be loaded.
  await Promise.all([...clients.values()].map((client) => client.listQueues({ QueueNamePrefix: "-", MaxResults: 1 })));
});

afterAll(async () => {
  await direct?.destroy();
  clients.get("the SDK")?.destroy();
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

/** The calls that a consumer makes go through the direct client, all others through the SDK. */
function withDirectCalls(sdk: SQS, calls: DirectClient): SQS {
  const names: ReadonlyArray<keyof DirectClient & keyof SQS> = [
    "receiveMessage",
    "deleteMessageBatch",
    "changeMessageVisibilityBatch",
    "sendMessageBatch",
    "getQueueAttributes",
    "getQueueUrl",
    "listQueues",
  ];
  const overridden = names.map((name) => [name, { value: (calls[name] as () => unknown).bind(calls) }]);
  return Object.create(sdk, Object.fromEntries(overridden) as PropertyDescriptorMap) as SQS;
}

/** A client that the behaviours of a file share. */
export function sharedClient(name: ClientName): SQS {
  const client = clients.get(name);
  if (client === undefined) throw new Error("Behaviours run only after beforeAll");
  return client;
}
