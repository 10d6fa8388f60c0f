// The clients that are made when the user brings none, where connections are not what they should be.
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { DeleteMessageBatchCommand, ReceiveMessageCommand } from "@aws-sdk/client-sqs";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { createDefaultPort, type OwnedPort } from "../../src/sqs/default-client.js";
import type { ReceiveMessageInput } from "../../src/sqs/port.js";
import { eventually, isolateAwsEnvironment } from "../support/http-queue.js";

const DELETED = JSON.stringify({ Successful: [{ Id: "0" }] });

/** A service that is not as it should be, and the default client for it. */
class OddService implements AsyncDisposable {
  readonly #server: Server;
  connections = 0;
  connectionsEnded = 0;
  requests = 0;

  constructor(answer: (request: number, response: Parameters<RequestListener>[1]) => void) {
    this.#server = createServer((_, response) => {
      this.requests += 1;
      answer(this.requests, response);
    });
    this.#server.on("connection", (socket) => {
      this.connections += 1;
      socket.on("close", () => (this.connectionsEnded += 1));
    });
  }

  async createPort(
    requestTimeoutMs: number,
    { shouldVerifyChecksums = false } = {},
  ): Promise<{
    owned: OwnedPort;
    deleteOne: () => Promise<unknown>;
    receive: (abortSignal: AbortSignal) => Promise<unknown>;
  }> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    const queueUrl = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/000000000000/jobs`;
    const limits = { maxReceives: 1, maxSettleRequests: 1, requestTimeoutMs, shouldVerifyChecksums };
    const owned = await createDefaultPort({ queueUrl, region: "us-east-1", ...limits });
    const input = { QueueUrl: queueUrl, Entries: [{ Id: "0", ReceiptHandle: "a handle" }] };
    const receive = (abortSignal: AbortSignal): Promise<unknown> =>
      owned.port.receiveMessage(createReceiveInput(queueUrl), { abortSignal });
    return { owned, deleteOne: () => owned.port.deleteMessageBatch(input), receive };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

function createReceiveInput(QueueUrl: string): ReceiveMessageInput {
  return {
    QueueUrl,
    MaxNumberOfMessages: 1,
    WaitTimeSeconds: 20,
    VisibilityTimeout: 30,
    MessageAttributeNames: [],
    MessageSystemAttributeNames: [],
  };
}

describe("the default client", () => {
  beforeEach(() => isolateAwsEnvironment());

  it("connects no more when it has been ended, though a request of it was to be tried again", async () => {
    await using service = new OddService(() => undefined);
    const { owned, deleteOne } = await service.createPort(1_000);
    const deleted = deleteOne().then(
      () => "done",
      () => "failed",
    );
    await eventually(() => service.requests === 1);
    owned.destroy();
    expect(await deleted).toBe("failed");
    expect(service.connections).toBe(1);
  });

  it("gives up an answer that stops half-way, and its socket with it", async () => {
    await using service = new OddService((request, response) => {
      response.writeHead(200, { "content-length": DELETED.length });
      if (request === 1) response.write(DELETED.slice(0, 5));
      else response.end(DELETED);
    });
    const { owned, deleteOne } = await service.createPort(200);
    expect(await deleteOne()).toMatchObject({ Successful: [{ Id: "0" }] });
    owned.destroy();
    expect(service.connections).toBe(2);
  });

  it("does not send a request again that has timed out: whoever made it has given it up, and it would come late", async () => {
    await using service = new OddService((request, response) => {
      if (request > 1) response.end(DELETED);
    });
    const { owned, deleteOne } = await service.createPort(200);
    await expect(deleteOne()).rejects.toMatchObject({ name: "NetworkingError" });
    expect(service.requests).toBe(1);
    expect(await deleteOne()).toMatchObject({ Successful: [{ Id: "0" }] });
    owned.destroy();
  });

  it("ends a receive that is aborted, and its socket with it, and the others go on", async () => {
    await using service = new OddService((request, response) => {
      if (request > 1) response.end("{}");
    });
    const { owned, receive } = await service.createPort(1_000);
    const aborting = new AbortController();
    const aborted = receive(aborting.signal).catch((error: unknown) => error);
    await eventually(() => service.requests === 1);
    aborting.abort();
    expect(await aborted).toMatchObject({ name: "AbortError" });
    await eventually(() => service.connectionsEnded === 1);
    expect(await receive(new AbortController().signal)).not.toHaveProperty("Messages");
    owned.destroy();
  });

  it("builds its chains of middleware once, though each receive has a signal of its own", async () => {
    const built = [
      vi.spyOn(ReceiveMessageCommand.prototype, "resolveMiddleware"),
      vi.spyOn(DeleteMessageBatchCommand.prototype, "resolveMiddleware"),
    ];
    await using service = new OddService((_, response) => response.end(DELETED));
    const { owned, deleteOne, receive } = await service.createPort(1_000);
    for (let times = 0; times < 3; times += 1) {
      await receive(new AbortController().signal);
      await deleteOne();
    }
    expect(built.map(({ mock }) => mock.calls.length)).toEqual([1, 1]);
    owned.destroy();
  });

  const changed = { MessageId: "1", ReceiptHandle: "r", Body: "changed", MD5OfBody: "0".repeat(32) };

  it("leaves the sums of bodies alone", async () => {
    await using service = new OddService((_, response) => response.end(JSON.stringify({ Messages: [changed] })));
    const { owned, receive } = await service.createPort(1_000);
    expect(await receive(new AbortController().signal)).toMatchObject({ Messages: [{ Body: "changed" }] });
    owned.destroy();
  });

  it("refuses a body that does not have its sum, if it is told to check", async () => {
    await using service = new OddService((_, response) => response.end(JSON.stringify({ Messages: [changed] })));
    const { owned, receive } = await service.createPort(1_000, { shouldVerifyChecksums: true });
    await expect(receive(new AbortController().signal)).rejects.toThrow("Invalid MD5");
    owned.destroy();
  });
});
