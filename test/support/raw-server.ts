// A server of HTTP/1.1 on loopback that answers each request as a test says, down to the bytes.
import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type TlsOptions } from "node:tls";

/** A request that has arrived whole. */
export interface RawRequest {
  readonly head: string;
  readonly body: string;
  /** Which connection it came by, and as which of its requests; from 0. */
  readonly connection: number;
  readonly index: number;
}

/** Does something with the socket of a request. */
export type RespondRaw = (socket: Socket, request: RawRequest) => void;

export class RawServer implements AsyncDisposable {
  readonly requests: RawRequest[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #scheme: string;
  #connections = 0;

  private constructor(respond: RespondRaw, tls: TlsOptions | undefined) {
    const serve = (socket: Socket): void => this.#serve(socket, respond);
    this.#scheme = tls === undefined ? "http" : "https";
    this.#server = tls === undefined ? createServer(serve) : createTlsServer(tls, serve);
    this.#server.on("tlsClientError", () => undefined);
  }

  static async start(respond: RespondRaw, tls?: TlsOptions): Promise<RawServer> {
    const server = new RawServer(respond, tls);
    server.#server.listen(0, "127.0.0.1");
    await once(server.#server, "listening");
    return server;
  }

  /** How many connections there were. */
  get connections(): number {
    return this.#connections;
  }

  /** How many there are. */
  get openConnections(): number {
    return this.#sockets.size;
  }

  get queueUrl(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `${this.#scheme}://127.0.0.1:${port}/123456789012/jobs`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }

  #serve(socket: Socket, respond: RespondRaw): void {
    const connection = this.#connections;
    this.#connections += 1;
    this.#sockets.add(socket);
    socket.on("close", () => this.#sockets.delete(socket));
    socket.on("error", () => undefined);
    let received = "";
    let index = 0;
    socket.setEncoding("latin1");
    socket.on("data", (text: string) => {
      received += text;
      const end = received.indexOf("\r\n\r\n");
      const length = Number(/content-length: (\d+)/iu.exec(received)?.[1] ?? 0);
      if (end < 0 || received.length < end + 4 + length) return;
      const request = { head: received.slice(0, end), body: received.slice(end + 4), connection, index };
      received = "";
      index += 1;
      this.requests.push(request);
      respond(socket, request);
    });
  }
}

/** An answer of 200, or of another status. */
export function answerWith(body: string, statusCode = 200, headers: readonly string[] = []): string {
  const lines = [
    `HTTP/1.1 ${statusCode} Whatever`,
    "content-type: application/x-amz-json-1.0",
    `content-length: ${Buffer.byteLength(body)}`,
    ...headers,
  ];
  return `${lines.join("\r\n")}\r\n\r\n${body}`;
}
