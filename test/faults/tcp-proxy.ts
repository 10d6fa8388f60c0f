// Stands between a client and a server, knows nothing of what they say, and does to their connections what networks do.
import { createServer, connect, type AddressInfo, type Server, type Socket } from "node:net";
import { Period } from "./period.js";

/** What happens to connections while it is on. The first six are those of toxiproxy, by its names where it has one. */
export type TcpFault =
  /** Every piece arrives later, either way. */
  | { readonly kind: "latency"; readonly ms: number; readonly jitterMs: number }
  /** So many bytes a second for each connection and direction. */
  | { readonly kind: "bandwidth"; readonly bytesPerSecond: number }
  /** Small pieces with a pause between them. */
  | { readonly kind: "slicer"; readonly bytes: number; readonly pauseMs: number }
  /** A connection ends (FIN) after so many bytes of answers. */
  | { readonly kind: "limit"; readonly bytes: number }
  /** A connection is reset (RST): by turns when a request sets out on it, and when an answer does. */
  | { readonly kind: "reset" }
  /** Nobody listens, and connections that were there are reset. */
  | { readonly kind: "refused" }
  /** Connections that were there carry nothing any more, for good, and neither end is told. New ones work. */
  | { readonly kind: "halfOpen" }
  /** The same for new ones, which come about and are silent. */
  | { readonly kind: "blackHole" }
  /** Requests arrive; answers do not, and the connection is dead from there on. */
  | { readonly kind: "oneWay" }
  /** Everything is held back, and arrives after all when the fault is over: a network that was cut and is whole again. */
  | { readonly kind: "stall" };

type Direction = "request" | "answer";

const HOST = "127.0.0.1";

/** A proxy for one server. The fault can be changed at any time and concerns connections that are there as well. */
export class TcpProxy implements AsyncDisposable {
  readonly #target: number;
  readonly #links = new Set<Link>();
  /** While nobody listens there is none. */
  #server: Server | undefined;
  #port = 0;
  #fault: TcpFault | undefined;
  #period = new Period();
  /** How often a fault has met something: a connection, or a piece of what goes over one. */
  strikes = 0;
  /** How many connections there were. */
  connections = 0;

  /** @param target - The port of the server. */
  constructor(target: number) {
    this.#target = target;
  }

  /** The port that it listens on. */
  get port(): number {
    return this.#port;
  }

  /** Connections that the client has not closed. */
  get openConnections(): number {
    return [...this.#links].filter(({ client }) => !client.destroyed).length;
  }

  get fault(): TcpFault | undefined {
    return this.#fault;
  }

  async start(): Promise<void> {
    const server = createServer({ noDelay: true }, (client) => this.#take(client));
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(this.#port, HOST, resolve);
    });
    this.#port = (server.address() as AddressInfo).port;
  }

  /** Switches a fault on, or with undefined off. */
  async set(fault: TcpFault | undefined): Promise<void> {
    const wasRefusing = this.#fault?.kind === "refused";
    this.#fault = fault;
    this.#period.end();
    this.#period = new Period();
    if (fault?.kind === "halfOpen") for (const link of this.#links) link.die();
    if (fault?.kind === "refused") await this.#close();
    else if (wasRefusing) await this.start();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.set(undefined);
    await this.#close();
  }

  async #close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = new Promise((resolve) => server.close(resolve));
    for (const link of this.#links) link.reset();
    await closed;
  }

  #take(client: Socket): void {
    this.connections += 1;
    const server = connect({ port: this.#target, host: HOST, noDelay: true });
    const link: Link = new Link(client, server, (piece, direction) => this.#pass(link, piece, direction));
    this.#links.add(link);
    void link.ended.then(() => this.#links.delete(link));
  }

  /** Lets a piece through, or does to it what the fault says. */
  async *#pass(link: Link, piece: Buffer, direction: Direction): AsyncGenerator<Buffer> {
    const fault = this.#fault;
    if (fault === undefined || fault.kind === "refused" || fault.kind === "halfOpen") {
      yield piece;
      return;
    }
    const period = this.#period;
    this.strikes += 1;
    switch (fault.kind) {
      case "latency":
        await period.pause(fault.ms + (Math.random() * 2 - 1) * fault.jitterMs);
        yield piece;
        break;
      case "bandwidth":
        yield* slices(piece, { bytes: Math.ceil(fault.bytesPerSecond / 20), pauseMs: 50, period });
        break;
      case "slicer":
        yield* slices(piece, { ...fault, period });
        break;
      case "limit":
        yield* link.upTo(fault.bytes, piece, direction);
        break;
      case "reset":
        if (direction === link.resetsAt) link.reset();
        else yield piece;
        break;
      case "blackHole":
        link.die();
        break;
      case "oneWay":
        if (direction === "answer") link.die();
        else yield piece;
        break;
      case "stall":
        await period.pause(Infinity);
        yield piece;
        break;
    }
  }
}

type Pass = (piece: Buffer, direction: Direction) => AsyncGenerator<Buffer>;

let linkCount = 0;

/** One connection of the client's and the one behind it. */
class Link {
  readonly client: Socket;
  readonly #server: Socket;
  readonly #pass: Pass;
  #isDead = false;
  #answerBytes = 0;
  /** Resolves when both connections have ended. */
  readonly ended: Promise<unknown>;
  /** By turns, so that half of the requests are worked on. */
  readonly resetsAt: Direction;

  constructor(client: Socket, server: Socket, pass: Pass) {
    linkCount += 1;
    this.resetsAt = linkCount % 2 === 0 ? "request" : "answer";
    this.client = client;
    this.#server = server;
    this.#pass = pass;
    this.ended = Promise.allSettled([this.#carry(client, server, "request"), this.#carry(server, client, "answer")]);
  }

  reset(): void {
    this.client.resetAndDestroy();
    this.#server.resetAndDestroy();
  }

  /** From now on nothing arrives, the end of the connection included. */
  die(): void {
    this.#isDead = true;
  }

  /** What is left of so many bytes of answers; then the connection ends. */
  *upTo(bytes: number, piece: Buffer, direction: Direction): Generator<Buffer> {
    if (direction === "request") {
      yield piece;
      return;
    }
    const left = Math.max(0, bytes - this.#answerBytes);
    this.#answerBytes += piece.length;
    yield piece.subarray(0, left);
    if (piece.length >= left) this.client.end(() => this.client.destroy());
  }

  async #carry(from: Socket, to: Socket, direction: Direction): Promise<void> {
    from.on("error", () => undefined); // The loop is told as well; this is for what comes after it.
    try {
      for await (const piece of from as AsyncIterable<Buffer>) {
        // What comes on a dead connection is read, so that its end is noticed, and kept to ourselves.
        if (!this.#isDead) await this.#write(to, this.#pass(piece, direction));
      }
      if (!this.#isDead) to.end();
    } catch {
      if (!this.#isDead) to.destroy();
    }
  }

  async #write(to: Socket, pieces: AsyncIterable<Buffer>): Promise<void> {
    for await (const piece of pieces) {
      if (to.destroyed || this.#isDead || to.write(piece)) continue;
      await new Promise<void>((resolve) => {
        to.once("drain", resolve).once("close", resolve);
      });
    }
  }
}

interface Slicing {
  readonly bytes: number;
  readonly pauseMs: number;
  readonly period: Period;
}

async function* slices(piece: Buffer, { bytes, pauseMs, period }: Slicing): AsyncGenerator<Buffer> {
  for (let from = 0; from < piece.length; from += bytes) {
    yield piece.subarray(from, from + bytes);
    await period.pause(pauseMs);
  }
}
