// The simulated service over HTTP: sockets that close, answers that get lost, a server that stops.
import { SQS } from "@aws-sdk/client-sqs";
import { type AccessKey, SqsServer } from "millrace/testing";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, test, vi } from "vitest";

const cleanups: Array<() => Promise<void> | void> = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function serve(options: ConstructorParameters<typeof SqsServer>[0] = {}): Promise<SqsServer> {
  const server = new SqsServer(options);
  await server.start();
  cleanups.push(() => server.stop());
  return server;
}

function connect(server: SqsServer, accessKeyId = "test"): SQS {
  const credentials = { accessKeyId, secretAccessKey: "test" };
  const client = new SQS({ endpoint: server.endpoint, region: "us-east-1", maxAttempts: 1, credentials });
  cleanups.push(() => client.destroy());
  return client;
}

test("a socket that closes ends its long poll", async () => {
  const server = await serve();
  const client = connect(server);
  const { QueueUrl = "" } = await client.createQueue({ QueueName: "orders" });
  const abort = new AbortController();
  const poll = client.receiveMessage({ QueueUrl, WaitTimeSeconds: 20 }, { abortSignal: abort.signal });
  const outcome = poll.catch((error: unknown) => error);
  await vi.waitFor(() => expect(server.sqs.waitingPolls(QueueUrl)).toBe(1));
  abort.abort();
  expect(await outcome).toMatchObject({ name: "AbortError" });
  await vi.waitFor(() => expect(server.sqs.waitingPolls(QueueUrl)).toBe(0));
});

test("an aborted poll over HTTP can swallow a message, where that is switched on", async () => {
  const server = await serve({ faults: { abortedPollsSwallowMessages: true } });
  const client = connect(server);
  const { QueueUrl = "" } = await client.createQueue({ QueueName: "orders" });
  const abort = new AbortController();
  const poll = client.receiveMessage({ QueueUrl, WaitTimeSeconds: 20 }, { abortSignal: abort.signal });
  const outcome = poll.catch((error: unknown) => error);
  await vi.waitFor(() => expect(server.sqs.waitingPolls(QueueUrl)).toBe(1));
  abort.abort();
  await outcome;
  await client.sendMessage({ QueueUrl, MessageBody: "a" });
  expect(server.sqs.counts(QueueUrl)).toEqual({ visible: 0, inFlight: 1, delayed: 0 });
});

describe("faults", () => {
  test("a lost answer resets the connection after the work", async () => {
    const server = await serve();
    const client = connect(server);
    const { QueueUrl = "" } = await client.createQueue({ QueueName: "orders" });
    server.sqs.faults.lostAnswers = 1;
    await expect(client.sendMessage({ QueueUrl, MessageBody: "a" })).rejects.toMatchObject({ code: "ECONNRESET" });
    expect(server.sqs.counts(QueueUrl).visible).toBe(1);
  });

  test("a request that hangs gets no answer until the client gives up", async () => {
    const server = await serve({ faults: { hangs: 1 } });
    const client = connect(server);
    const outcome = client.listQueues({}, { abortSignal: AbortSignal.timeout(200) }).catch((error: unknown) => error);
    expect(await outcome).toMatchObject({ name: "AbortError" });
  });

  test("throttling and server errors look to the SDK as they should", async () => {
    const server = await serve({ faults: { throttling: 1 } });
    const client = connect(server);
    await expect(client.listQueues({})).rejects.toMatchObject({
      name: "RequestThrottled",
      $metadata: { httpStatusCode: 403 },
    });
    server.sqs.clearFaults();
    server.sqs.faults.script = () => ({ kind: "serverError", httpStatusCode: 503 });
    await expect(client.listQueues({})).rejects.toMatchObject({
      name: "ServiceUnavailable",
      $fault: "server",
      $metadata: { httpStatusCode: 503 },
    });
  });
});

describe("requests that are no SQS requests", () => {
  const post = (server: SqsServer, target: string | undefined, body: string): Promise<Response> =>
    fetch(server.endpoint, { method: "POST", body, ...(target && { headers: { "x-amz-target": target } }) });

  test.each([
    ["without an operation", undefined, "{}", 400],
    ["of another operation", "AmazonSQS.AddPermission", "{}", 400],
    ["without JSON", "AmazonSQS.ListQueues", "Action=ListQueues", 400],
    ["with values of the wrong type", "AmazonSQS.DeleteMessageBatch", '{"QueueUrl":5}', 500],
    ["of more than 8 MiB", "AmazonSQS.SendMessage", "x".repeat(9_000_000), 413],
  ])("a request %s is answered with an error", async (_what, target, body, status) => {
    const server = await serve();
    const response = await post(server, target, body);
    expect(response.status).toBe(status);
    expect(response.headers.get("x-amzn-query-error")).toMatch(/^[\w.]+;(Sender|Receiver)$/);
    expect(await response.json()).toMatchObject({ __type: expect.stringMatching(/^com\.amazonaws\.sqs#/) as string });
  });
});

test("an unknown access key is refused, when one is configured", async () => {
  const server = await serve({ accessKeyId: "KNOWN" });
  await connect(server, "KNOWN").listQueues({});
  await expect(connect(server, "OTHER").listQueues({})).rejects.toMatchObject({
    name: "InvalidClientTokenId",
    $metadata: { httpStatusCode: 403 },
  });
});

test("access keys can be added, expire and be taken away while it runs", async () => {
  const accessKeys = new Map<string, AccessKey>([["FIRST", { expiresAt: new Date(Date.now() + 60_000) }]]);
  const server = await serve({ accessKeys });
  const client = connect(server, "FIRST");
  await client.listQueues({});
  accessKeys.set("FIRST", { expiresAt: new Date(Date.now() - 1) });
  const refusal = { $metadata: { httpStatusCode: 403 } };
  await expect(client.listQueues({})).rejects.toMatchObject({ name: "ExpiredToken", ...refusal });
  accessKeys.set("SECOND", {});
  await connect(server, "SECOND").listQueues({});
  accessKeys.delete("FIRST");
  await expect(client.listQueues({})).rejects.toMatchObject({ name: "InvalidClientTokenId", ...refusal });
});

test("the journal and fault scripts are told whose access key a request was signed with", async () => {
  const server = await serve({ journal: true });
  const { QueueUrl } = await server.sqs.createQueue({ QueueName: "orders" });
  await server.sqs.sendMessageBatch({
    QueueUrl,
    Entries: ["a", "b"].map((MessageBody) => ({ Id: MessageBody, MessageBody })),
  });
  server.sqs.faults.script = ({ accessKeyId }) => (accessKeyId === "SLOW" ? { kind: "throttle" } : undefined);
  await expect(connect(server, "SLOW").receiveMessage({ QueueUrl })).rejects.toMatchObject({
    name: "RequestThrottled",
  });
  await connect(server, "FIRST").receiveMessage({ QueueUrl });
  await connect(server, "SECOND").receiveMessage({ QueueUrl });
  const received = server.sqs.journal?.entries.filter(({ kind }) => kind === "received");
  expect(received).toMatchObject([{ accessKeyId: "FIRST" }, { accessKeyId: "SECOND" }]);
});

describe("start and stop", () => {
  test("a server can be stopped before it was started, stopped twice and started twice", async () => {
    const server = new SqsServer();
    await server.stop();
    expect(() => server.endpoint).toThrow("not running");
    await server.start();
    const { endpoint } = server;
    await server.start();
    expect(server.endpoint).toBe(endpoint);
    await Promise.all([server.stop(), server.stop()]);
    await server.stop();
    await server.start();
    await server.stop();
  });

  test("queues and messages outlive a restart", async () => {
    const server = await serve();
    const { QueueUrl } = await server.sqs.createQueue({ QueueName: "orders" });
    await server.sqs.sendMessage({ QueueUrl, MessageBody: "a" });
    await server.stop();
    await server.start();
    const client = connect(server);
    const moved = await client.getQueueUrl({ QueueName: "orders" });
    const { Messages } = await client.receiveMessage({ QueueUrl: moved.QueueUrl });
    expect(Messages).toHaveLength(1);
  });

  test("a restart is at the same port", async () => {
    const server = await serve();
    const { endpoint } = server;
    const client = connect(server);
    await server.stop();
    await expect(client.listQueues({})).rejects.toMatchObject({ code: "ECONNREFUSED" });
    await server.start();
    expect(server.endpoint).toBe(endpoint);
    await client.listQueues({});
  });

  test("connections are closed, the idle ones or all, and new ones taken", async () => {
    const server = await serve();
    const client = connect(server);
    const { QueueUrl = "" } = await client.createQueue({ QueueName: "orders" });
    const poll = client.receiveMessage({ QueueUrl, WaitTimeSeconds: 20 }).catch((error: unknown) => error);
    await vi.waitFor(() => expect(server.sqs.waitingPolls(QueueUrl)).toBe(1));
    server.closeConnections("idle");
    await connect(server).listQueues({});
    expect(server.sqs.waitingPolls(QueueUrl)).toBe(1);
    server.closeConnections("all");
    expect(await poll).toMatchObject({ code: "ECONNRESET" });
    await vi.waitFor(() => expect(server.sqs.waitingPolls(QueueUrl)).toBe(0));
    await connect(server).listQueues({});
  });

  test("a stop ends long polls at once and leaves no timer or socket", async () => {
    const server = await serve();
    const client = connect(server);
    const { QueueUrl = "" } = await client.createQueue({ QueueName: "orders" });
    const poll = client.receiveMessage({ QueueUrl, WaitTimeSeconds: 20 }).catch((error: unknown) => error);
    await vi.waitFor(() => expect(server.sqs.waitingPolls(QueueUrl)).toBe(1));
    const startedAt = performance.now();
    await server.stop();
    expect(await poll).toBeInstanceOf(Error);
    expect(performance.now() - startedAt).toBeLessThan(1_000);
    client.destroy();
    await sleep(20);
    const left = process.getActiveResourcesInfo().filter((name) => /TCP|Timeout/.test(name));
    expect(left.filter((name) => name.startsWith("TCP"))).toEqual([]);
  });

  test("a port that is taken is told", async () => {
    const { endpoint } = await serve();
    const second = new SqsServer({ port: Number(new URL(endpoint).port) });
    await expect(second.start()).rejects.toMatchObject({ code: "EADDRINUSE" });
    await second.stop();
  });
});
