// The server of canned queues: HTTP/1.1 by hand over node:net, since node:http costs more than everything else here.
// It serves what SDKs and undici send (a length in front, connections that are kept) and nothing else.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer as createTlsServer } from "node:tls";
import { CannedQueue, type QueueSettings } from "./canned-queue.js";

const HEAD_END = "\r\n\r\n";
const SERVED = "HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.0\r\nx-amzn-requestid: 0\r\ncontent-length: ";

/** Queues by their names, on a free port of this machine. */
export class CannedServer {
  readonly #queues = new Map<string, CannedQueue>();
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #scheme = "http";
  #port = 0;
  #certificate: string | undefined;

  /** Starts it. With `isSecure`, it has a certificate of its own making. */
  async start(isSecure = false): Promise<void> {
    const onSocket = (socket: Socket): void => {
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
      new Conversation(socket, this.#queues).start();
    };
    const server = isSecure ? this.#createSecure(onSocket) : createServer({ noDelay: true }, onSocket);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    this.#server = server;
    this.#port = (server.address() as AddressInfo).port;
  }

  /** Closes every connection. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server?.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #createSecure(onSocket: (socket: Socket) => void): Server {
    const { key, cert } = createCertificate();
    this.#certificate = cert;
    this.#scheme = "https";
    return createTlsServer({ key, cert, noDelay: true }, onSocket);
  }

  get endpoint(): string {
    return `${this.#scheme}://127.0.0.1:${this.#port}`;
  }

  /** What clients must trust, in PEM. */
  get certificate(): string | undefined {
    return this.#certificate;
  }

  /** Makes a queue. Its URL is the endpoint's, with this account and name. */
  createQueue(name: string, settings: QueueSettings = {}): string {
    const md5 = (text: string): string => createHash("md5").update(text).digest("hex");
    const path = `/000000000000/${name}`;
    this.#queues.set(path, new CannedQueue(settings, md5));
    return `${this.endpoint}${path}`;
  }

  queue(url: string): CannedQueue {
    const queue = this.#queues.get(new URL(url).pathname);
    if (queue === undefined) throw new Error(`There is no queue ${url}`);
    return queue;
  }
}

/** One connection. Requests are answered one after the other. */
class Conversation {
  readonly #socket: Socket;
  readonly #queues: ReadonlyMap<string, CannedQueue>;
  #received = "";
  #forget: (() => void) | undefined;

  constructor(socket: Socket, queues: ReadonlyMap<string, CannedQueue>) {
    this.#socket = socket;
    this.#queues = queues;
  }

  start(): void {
    this.#socket.setEncoding("latin1");
    this.#socket.on("data", (text: string) => this.#read(text));
    this.#socket.on("close", () => this.#forget?.());
    this.#socket.on("error", () => undefined);
  }

  #read(text: string): void {
    this.#received = this.#received === "" ? text : this.#received + text;
    for (;;) {
      const headEnd = this.#received.indexOf(HEAD_END);
      if (headEnd < 0) return;
      const head = this.#received.slice(0, headEnd);
      const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0);
      const end = headEnd + HEAD_END.length + length;
      if (this.#received.length < end) return;
      const body = this.#received.slice(headEnd + HEAD_END.length, end);
      this.#received = this.#received.slice(end);
      this.#handle(head, body);
    }
  }

  #handle(head: string, body: string): void {
    const action = /\r\nx-amz-target: *AmazonSQS\.(\w+)/i.exec(head)?.[1] ?? "";
    const path = /"QueueUrl":"https?:\/\/[^/"]+([^"]+)"/.exec(body)?.[1] ?? "";
    const queue = this.#queues.get(path);
    if (queue === undefined) throw new Error(`There is no queue ${path}`);
    const answer = (text: string): void => {
      this.#socket.write(`${SERVED}${text.length}${HEAD_END}${text}`, "latin1");
    };
    const serve = (): void => {
      this.#forget = queue.handle(action, body, answer);
    };
    if (queue.latencyMs > 0) setTimeout(serve, queue.latencyMs);
    else serve();
  }
}

function createCertificate(): { key: string; cert: string } {
  const folder = mkdtempSync(join(tmpdir(), "millrace-bench-"));
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  try {
    const subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"];
    const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    execFileSync("openssl", ["req", "-x509", ...curve, "-keyout", key, "-out", cert, ...subject], { stdio: "pipe" });
    return { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
