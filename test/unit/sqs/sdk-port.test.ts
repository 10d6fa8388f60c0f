// Who is told of a call's end by something that only looks like an AbortSignal, and who by a real one.
import * as sdk from "@aws-sdk/client-sqs";
import { expect, test, vi } from "vitest";
import { Cancellation } from "../../../src/internal/cancellation.js";
import { CANCELLATION, type SqsSdkClient } from "../../../src/sqs/port.js";
import { createSdkPort } from "../../../src/sqs/sdk.js";

type RequestHandler = sdk.SQSClient["config"]["requestHandler"];

const QueueUrl = "http://127.0.0.1:1/000000000000/jobs";
const config = { region: "eu-west-1", credentials: { accessKeyId: "test", secretAccessKey: "test" }, maxAttempts: 1 };
const refused = new Error("no network here");

/** Receives by a port that exists already; how that ends is of no interest. */
async function receive(port: ReturnType<typeof createSdkPort>): Promise<Cancellation> {
  const cancellation = new Cancellation();
  const options = {
    get abortSignal() {
      return cancellation.signal;
    },
    [CANCELLATION]: cancellation,
  };
  const lists = { MessageAttributeNames: [], MessageSystemAttributeNames: [] };
  const input = { QueueUrl, MaxNumberOfMessages: 1, WaitTimeSeconds: 0, VisibilityTimeout: 30, ...lists };
  await port.receiveMessage(input, options).catch(() => undefined);
  return cancellation;
}

/** Takes the place of `handle`, and keeps the signals. */
function handler(): { readonly handle: RequestHandler["handle"]; readonly signals: unknown[] } {
  const signals: unknown[] = [];
  const handle = (_: unknown, options?: { abortSignal?: unknown }): Promise<never> => {
    signals.push(options?.abortSignal);
    return Promise.reject(refused);
  };
  return { handle, signals };
}

test("the SDK's own request handler heeds the cancellation itself", async () => {
  const client = new sdk.SQSClient(config);
  const { handle, signals } = handler();
  const spy = vi.spyOn(Object.getPrototypeOf(client.config.requestHandler) as RequestHandler, "handle");
  spy.mockImplementation(handle);
  const cancellation = await receive(createSdkPort(client, sdk));
  expect(signals).toEqual([cancellation]);
});

test("a request handler that was replaced after the start has a signal", async () => {
  const client = new sdk.SQSClient(config);
  const port = createSdkPort(client, sdk);
  const { handle, signals } = handler();
  client.config.requestHandler.handle = handle;
  const { signal } = await receive(port);
  expect(signals).toEqual([signal]);
  expect(signals[0]).toBeInstanceOf(AbortSignal);
});

test("so has a proxy of one", async () => {
  const client = new sdk.SQSClient(config);
  const { handle, signals } = handler();
  client.config.requestHandler = new Proxy(client.config.requestHandler, {
    get: (target, name) => (name === "handle" ? handle : (Reflect.get(target, name) as unknown)),
  });
  await receive(createSdkPort(client, sdk));
  expect(signals[0]).toBeInstanceOf(AbortSignal);
});

test("so has a request handler without a prototype", async () => {
  const { handle, signals } = handler();
  const requestHandler = Object.assign(Object.create(null) as RequestHandler, { handle });
  await receive(createSdkPort(new sdk.SQSClient({ ...config, requestHandler }), sdk));
  expect(signals[0]).toBeInstanceOf(AbortSignal);
});

test("so has a spy on the send of every client, which a client without a configuration may be", async () => {
  const signals: unknown[] = [];
  vi.spyOn(sdk.SQSClient.prototype, "send").mockImplementation((_, options?: unknown) => {
    signals.push((options as { abortSignal?: unknown }).abortSignal);
    throw refused;
  });
  await receive(createSdkPort(Object.create(sdk.SQSClient.prototype) as SqsSdkClient, sdk));
  expect(signals[0]).toBeInstanceOf(AbortSignal);
});

test("a client without a configuration is asked all the same", async () => {
  const client = Object.create(sdk.SQSClient.prototype) as SqsSdkClient;
  await expect(createSdkPort(client, sdk).deleteMessageBatch({ QueueUrl, Entries: [] })).rejects.toThrow(TypeError);
  await expect(receive(createSdkPort(client, sdk))).resolves.toBeInstanceOf(Cancellation);
});
