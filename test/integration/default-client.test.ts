// The clients that are made when the user brings none, where connections are not what they should be.
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { beforeEach, describe, expect, it } from "vitest";
import { createDefaultPort, type OwnedPort } from "../../src/sqs/default-client.js";
import { eventually, isolateAwsEnvironment } from "../support/http-queue.js";

const DELETED = JSON.stringify({ Successful: [{ Id: "0" }] });

/** A service that is not as it should be, and the default client for it. */
class OddService implements AsyncDisposable {
  readonly #server: Server;
  connections = 0;
  requests = 0;

  constructor(answer: (request: number, response: Parameters<RequestListener>[1]) => void) {
    this.#server = createServer((_, response) => {
      this.requests += 1;
      answer(this.requests, response);
    });
    this.#server.on("connection", () => (this.connections += 1));
  }

  async createPort(requestTimeoutMs: number): Promise<{ owned: OwnedPort; deleteOne: () => Promise<unknown> }> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    const queueUrl = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/000000000000/jobs`;
    const limits = { maxReceives: 1, maxSettleRequests: 1, requestTimeoutMs };
    const owned = await createDefaultPort({ queueUrl, region: "us-east-1", ...limits });
    const input = { QueueUrl: queueUrl, Entries: [{ Id: "0", ReceiptHandle: "a handle" }] };
    return { owned, deleteOne: () => owned.port.deleteMessageBatch(input) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
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
});
