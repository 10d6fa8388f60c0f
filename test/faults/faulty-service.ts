// One queue of a server, behind the proxies that a fault needs: consumer ─▶ TCP ─▶ HTTP or TLS, where needed ─▶ server.
import { readFileSync } from "node:fs";
import { SqsServer } from "millrace/testing";
import type { FaultCase } from "./faults.js";
import { HttpProxy } from "./http-proxy.js";
import { TcpProxy } from "./tcp-proxy.js";

/** Of 127.0.0.1, signed by itself, until 2126. Clients trust it by NODE_EXTRA_CA_CERTS, which Node reads when it starts. */
export const CERTIFICATE: URL = new URL("certificate.pem", import.meta.url);
const KEY = new URL("key.pem", import.meta.url);

/** A queue that is reached with a fault, or without. */
export class FaultyService implements AsyncDisposable {
  readonly #fault: FaultCase;
  readonly server: SqsServer;
  readonly http: HttpProxy;
  readonly tcp: TcpProxy;
  /** The queue, as the server itself knows it. */
  readonly #directUrl: string;
  #sent = 0;

  private constructor(parts: { fault: FaultCase; server: SqsServer; http: HttpProxy; tcp: TcpProxy; url: string }) {
    this.#fault = parts.fault;
    this.server = parts.server;
    this.http = parts.http;
    this.tcp = parts.tcp;
    this.#directUrl = parts.url;
  }

  static async start(fault: FaultCase): Promise<FaultyService> {
    const server = new SqsServer({ journal: true });
    await server.start();
    const port = Number(new URL(server.endpoint).port);
    const tls = fault.isTls === true ? { cert: readFileSync(CERTIFICATE), key: readFileSync(KEY) } : undefined;
    const http = new HttpProxy(port, tls);
    await http.start();
    const tcp = new TcpProxy(fault.http === undefined && tls === undefined ? port : http.port);
    await tcp.start();
    const { QueueUrl: url } = await server.sqs.createQueue({ QueueName: "jobs" });
    return new FaultyService({ fault, server, http, tcp, url });
  }

  /** The queue, as the consumer knows it. */
  get queueUrl(): string {
    const { pathname } = new URL(this.#directUrl);
    return `${this.#fault.isTls === true ? "https" : "http"}://127.0.0.1:${this.tcp.port}${pathname}`;
  }

  /** How many messages the queue has, hidden ones included. */
  get size(): number {
    const { visible, inFlight, delayed } = this.server.sqs.counts(this.#directUrl);
    return visible + inFlight + delayed;
  }

  /** How many of them can be received now. */
  get visible(): number {
    return this.server.sqs.counts(this.#directUrl).visible;
  }

  get sent(): number {
    return this.#sent;
  }

  /** Sends messages past all faults. Their bodies are "0", "1" and so on. */
  async send(count: number): Promise<void> {
    const last = this.#sent + Math.floor(count);
    while (this.#sent < last) {
      const Entries = Array.from({ length: Math.min(10, last - this.#sent) }, (_, index) => ({
        Id: String(index),
        MessageBody: String(this.#sent + index),
      }));
      await this.server.sqs.sendMessageBatch({ QueueUrl: this.#directUrl, Entries });
      this.#sent += Entries.length;
    }
  }

  /** Switches the fault on or off. */
  async set(isOn: boolean): Promise<void> {
    await this.tcp.set(isOn ? this.#fault.tcp : undefined);
    this.http.set(isOn ? this.#fault.http : undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.tcp[Symbol.asyncDispose]();
    await this.http[Symbol.asyncDispose]();
    await this.server.stop();
  }
}
