// Stands between a client and the broker, and loses or holds up what passes.
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** - `passes`: to and fro. - `refuses`: every connection is reset. - `hangs`: nothing passes any more. */
type Mode = "passes" | "refuses" | "hangs";

/** A proxy to one port of the loopback interface. */
export class TcpProxy {
  readonly #target: URL;
  readonly #server: Server;
  readonly #clients = new Set<Socket>();
  #mode: Mode = "passes";

  private constructor(target: URL) {
    this.#target = target;
    this.#server = createServer((client) => this.#accept(client));
  }

  static async start(targetUrl: string): Promise<TcpProxy> {
    const proxy = new TcpProxy(new URL(targetUrl));
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    return proxy;
  }

  /** The target's URL with the port of the proxy. */
  get url(): string {
    const url = new URL(this.#target);
    url.port = String((this.#server.address() as AddressInfo).port);
    return url.href;
  }

  /** Connections of clients. */
  get connections(): number {
    return this.#clients.size;
  }

  /** Loses every connection, once. */
  async cut(): Promise<void> {
    for (const client of this.#clients) client.resetAndDestroy();
    while (this.#clients.size > 0) await new Promise(setImmediate);
  }

  async refuse(): Promise<void> {
    this.#mode = "refuses";
    await this.cut();
  }

  hang(): void {
    this.#mode = "hangs";
  }

  /** What was held up is lost. */
  async heal(): Promise<void> {
    const wasHanging = this.#mode === "hangs";
    this.#mode = "passes";
    if (wasHanging) await this.cut();
  }

  async stop(): Promise<void> {
    await this.cut();
    this.#server.close();
    await once(this.#server, "close");
  }

  #accept(client: Socket): void {
    client.on("error", () => undefined);
    if (this.#mode === "refuses") {
      client.resetAndDestroy();
      return;
    }
    const upstream = connect(Number(this.#target.port), "127.0.0.1");
    upstream.on("error", () => undefined);
    this.#clients.add(client);
    client.on("data", (chunk) => this.#mode === "passes" && upstream.write(chunk));
    upstream.on("data", (chunk) => this.#mode === "passes" && client.write(chunk));
    client.on("close", () => {
      this.#clients.delete(client);
      upstream.destroy();
    });
    upstream.on("close", () => client.destroy());
  }
}
