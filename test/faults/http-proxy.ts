// Stands between a client and an HTTP server, and spoils answers: before the server has worked on a request, or after.
import { Agent, createServer, request, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer, type ServerOptions } from "node:https";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { Period } from "./period.js";

/** An answer as it would be without the fault. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** How answers are spoilt while it is on. */
export interface HttpFault {
  /** Writes something else than the answer. */
  readonly spoil: (response: ServerResponse, answer: Answer, period: Period) => void | Promise<void>;
  /**
   * Whether the server has worked on the requests whose answers are spoilt: on all of them, or by turns. What could be taken
   * for the server's own word needs "all".
   */
  readonly worked: "all" | "byTurns";
}

const HOST = "127.0.0.1";
const JSON_TYPE = "application/x-amz-json-1.0";
/** For a request that the server never saw. It confirms nothing, however it is spoilt. */
const NO_ANSWER: Answer = {
  status: 200,
  headers: { "content-type": JSON_TYPE },
  body: JSON.stringify({ Successful: [], Failed: [], Note: "The service has not seen this request." }),
};

/** A proxy for one HTTP server, itself with TLS or without. */
export class HttpProxy implements AsyncDisposable {
  readonly #target: number;
  readonly #server: Server;
  readonly #agent = new Agent({ keepAlive: true });
  #fault: HttpFault | undefined;
  #period = new Period();
  #requests = 0;
  /** How many answers were spoilt. */
  strikes = 0;
  /** The receipt handles in answers that were spoilt: the client may have got them, or not. */
  readonly spoiltHandles: Set<string> = new Set();

  /**
   * @param target - The port of the server.
   * @param tls - With a key and a certificate it is reached by HTTPS.
   */
  constructor(target: number, tls?: ServerOptions) {
    this.#target = target;
    const serve = (incoming: IncomingMessage, response: ServerResponse): void => {
      // Whoever asked has gone, or the server has ended: there is nobody to tell.
      this.#serve(incoming, response).catch(() => response.destroy());
    };
    const options = { keepAliveTimeout: 65_000 };
    this.#server = tls === undefined ? createServer(options, serve) : createTlsServer({ ...options, ...tls }, serve);
  }

  /** The port that it listens on. */
  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, HOST, resolve));
  }

  /** Switches a fault on, or with undefined off. */
  set(fault: HttpFault | undefined): void {
    this.#fault = fault;
    this.#period.end();
    this.#period = new Period();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.set(undefined);
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
    this.#agent.destroy();
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(incoming);
    this.#requests += 1;
    const isUnworked = this.#fault?.worked === "byTurns" && this.#requests % 2 === 0;
    const answer = isUnworked ? NO_ANSWER : await this.#forward(incoming, body, response);
    if (this.#fault !== undefined) {
      this.strikes += 1;
      for (const [, handle = ""] of answer.body.matchAll(/"ReceiptHandle":"([^"]+)"/gu)) this.spoiltHandles.add(handle);
      await this.#fault.spoil(response, answer, this.#period);
    } else if (isUnworked) {
      response.destroy(); // The fault has ended meanwhile.
    } else {
      response.writeHead(answer.status, answer.headers).end(answer.body);
    }
  }

  async #forward(incoming: IncomingMessage, body: string, response: ServerResponse): Promise<Answer> {
    const { method, url, headers } = incoming;
    const options = { port: this.#target, host: HOST, agent: this.#agent, method, path: url, headers };
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const forwarded = request(options, resolve).on("error", reject);
      response.on("close", () => {
        if (!response.writableFinished) forwarded.destroy(); // A long poll ends with its client's connection.
      });
      forwarded.end(body);
    });
    const { statusCode: status = 0 } = answer;
    const kept = Object.entries(answer.headers).filter(([name]) => name.startsWith("x-") || name === "content-type");
    return { status, headers: Object.fromEntries(kept) as Record<string, string>, body: await text(answer) };
  }
}
