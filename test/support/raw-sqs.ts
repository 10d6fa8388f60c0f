// A server on loopback that answers in the place of SQS whatever a test says, over HTTP or HTTPS.
import { createServer, type IncomingHttpHeaders, type RequestListener, type Server } from "node:http";
import { createServer as createSecureServer, type ServerOptions } from "node:https";
import type { AddressInfo } from "node:net";

/** A request that came. */
export interface RawRequest {
  /** Such as `ReceiveMessage`. */
  readonly operation: string;
  /** How many of that operation there were, this one included. */
  readonly count: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What it is answered with: `hang` never is, and `reset` has its connection reset. */
export type RawAnswer =
  "hang" | "reset" | { readonly status?: number; readonly body: string | Buffer; readonly headers?: object };

/** The server. Requests that hang do so until it is stopped. */
export class RawSqs implements AsyncDisposable {
  readonly requests: RawRequest[] = [];
  readonly #server: Server;
  readonly #answer: (request: RawRequest) => RawAnswer;
  readonly #isSecure: boolean;

  private constructor(answer: (request: RawRequest) => RawAnswer, tls: ServerOptions | undefined) {
    this.#answer = answer;
    this.#isSecure = tls !== undefined;
    const serve: RequestListener = (request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const answer = this.#take(request.headers, Buffer.concat(chunks).toString());
        if (answer === "hang") return;
        if (answer === "reset") {
          request.socket.destroy();
          return;
        }
        response.writeHead(answer.status ?? 200, { "content-type": "application/x-amz-json-1.0", ...answer.headers });
        response.end(answer.body);
      });
    };
    this.#server = tls === undefined ? createServer(serve) : createSecureServer(tls, serve);
  }

  static async start(answer: (request: RawRequest) => RawAnswer, tls?: ServerOptions): Promise<RawSqs> {
    const raw = new RawSqs(answer, tls);
    await new Promise<void>((resolve) => raw.#server.listen(0, "127.0.0.1", resolve));
    return raw;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get queueUrl(): string {
    return `${this.#isSecure ? "https" : "http"}://127.0.0.1:${this.port}/000000000000/jobs`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise((resolve) => {
      this.#server.close(resolve);
      this.#server.closeAllConnections();
    });
  }

  #take(headers: IncomingHttpHeaders, body: string): RawAnswer {
    const operation = String(headers["x-amz-target"]).replace("AmazonSQS.", "");
    const count = this.requests.filter((request) => request.operation === operation).length + 1;
    const request = { operation, count, headers, body };
    this.requests.push(request);
    return this.#answer(request);
  }
}
