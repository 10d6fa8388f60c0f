// The simulated SQS on a port of this machine, for any SDK in any language.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { isInstance, OptionError } from "../../errors.js";
import { OptionReader } from "../../internal/options.js";
import type { SqsCallOptions, SqsOperation } from "../sqs/api.js";
import { ConnectionResetError, SqsServiceError } from "../sqs/errors.js";
import type { SimulatedSqsOptions } from "../sqs/simulated-service.js";
import { SIMULATED_SQS_OPTION_NAMES } from "../sqs/options.js";
import { SimulatedSqs } from "../sqs/simulated-sqs.js";
import { decodeInput, encodeError, encodeOutput, readBody, readOperation, type WireAnswer } from "./json-protocol.js";

/** What an `SqsServer` takes: where to listen, and how the service behind it is made. */
export interface SqsServerOptions extends Omit<SimulatedSqsOptions, "endpoint"> {
  /**
   * The port; 0 takes any that is free, and the same one again when it is started once more.
   *
   * @defaultValue 0
   */
  readonly port?: number;
  /** A service to serve instead of one of its own; the other options are then not looked at. */
  readonly sqs?: SimulatedSqs;
  /**
   * The one access key that is known; requests signed with another are refused (403 `InvalidClientTokenId`).
   * Signatures are not checked. Without it nothing is.
   */
  readonly accessKeyId?: string;
  /**
   * The access keys that are known, in place of one. The map is looked at with each request, so keys can be added and taken
   * away at any time. Those that are not in it are refused as above, those that have expired with 403 `ExpiredToken`.
   */
  readonly accessKeys?: ReadonlyMap<string, AccessKey>;
}

/** An access key that an `SqsServer` knows. */
export interface AccessKey {
  /** Until when it is good. Default: for ever. */
  readonly expiresAt?: Date | undefined;
}

const CONTENT_TYPE = "application/x-amz-json-1.0";
const HOST = "127.0.0.1";
/** Longer than any client keeps an idle socket, so that it is never we who close one as a request sets out. */
const KEEP_ALIVE_MS = 65_000;

/**
 * A `SimulatedSqs` served over HTTP, on loopback only.
 *
 * It speaks AWS JSON 1.0, the protocol of current SDKs. A client that closes its socket ends its long poll; a fault
 * that resets the connection does so. Faults, counts and statistics are reached through `sqs`.
 *
 * @example
 * ```ts
 * await using server = new SqsServer();
 * await server.start();
 * const client = new SQSClient({ endpoint: server.endpoint, region: "us-east-1", credentials });
 * ```
 */
export class SqsServer {
  /** The service behind it. */
  readonly sqs: SimulatedSqs;

  readonly #accessKeys: ReadonlyMap<string, AccessKey> | undefined;
  #port: number;
  #server: Server | undefined;
  #endpoint: string | undefined;

  constructor(options: SqsServerOptions = {}) {
    const reader = new OptionReader("SqsServer", options);
    this.#port = reader.integer("port", { min: 0, max: 65_535, fallback: 0 });
    this.#accessKeys = readAccessKeys(reader);
    const sqs = reader.raw("sqs");
    const serviceOptions = reader.pick(SERVICE_OPTION_NAMES);
    reader.finish();
    if (sqs !== undefined && !isInstance(sqs, SimulatedSqs)) throw new OptionError("sqs", "a SimulatedSqs", sqs);
    this.sqs = sqs ?? new SimulatedSqs(serviceOptions);
  }

  /**
   * Where it listens: `http://127.0.0.1:PORT`. Queue URLs begin with it.
   *
   * @throws Error when it is not running.
   */
  get endpoint(): string {
    if (this.#endpoint === undefined) throw new Error("The server is not running: call start() first");
    return this.#endpoint;
  }

  /** Starts to listen; does nothing when it does already. */
  async start(): Promise<void> {
    if (this.#server !== undefined) return;
    const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS, noDelay: true }, (request, response) => {
      void this.#serve(request, response);
    });
    this.#server = server;
    try {
      await listen(server, this.#port);
    } catch (error) {
      this.#server = undefined;
      throw error;
    }
    this.#port = (server.address() as AddressInfo).port;
    this.#endpoint = `http://${HOST}:${this.#port}`;
    this.sqs.endpoint = this.#endpoint;
  }

  /**
   * Closes connections and goes on listening: those on which no request is out, as a service may do at any time, or all of
   * them, as one does that restarts.
   */
  closeConnections(which: "idle" | "all"): void {
    if (which === "idle") this.#server?.closeIdleConnections();
    else this.#server?.closeAllConnections();
  }

  /**
   * Ends all long polls and connections; does nothing when it is not running. Queues and messages stay, and clients find
   * them again at the same place after another `start()`.
   */
  async stop(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    this.#endpoint = undefined;
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
    this.sqs.close();
  }

  /** Stops it, so that `await using` does. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const abandoned = new AbortController();
    response.on("close", () => {
      if (!response.writableFinished) abandoned.abort();
    });
    try {
      const operation = readOperation(request);
      const body = await readBody(request);
      const accessKeyId = readAccessKeyId(request);
      this.#checkAccessKey(accessKeyId);
      write(response, await this.#answer(operation, body, { abortSignal: abandoned.signal, accessKeyId }));
    } catch (error) {
      if (error instanceof ConnectionResetError) request.socket.resetAndDestroy();
      else if (!abandoned.signal.aborted) write(response, encodeError(error));
    }
  }

  async #answer(operation: SqsOperation, body: string, options: SqsCallOptions): Promise<WireAnswer> {
    const output = await this.sqs.perform(operation, decodeInput(operation, body), options);
    return encodeOutput(operation, output);
  }

  #checkAccessKey(accessKeyId: string | undefined): void {
    if (this.#accessKeys === undefined) return;
    const key = this.#accessKeys.get(accessKeyId ?? "");
    if (key === undefined) {
      throw refused("InvalidClientTokenId", "The security token included in the request is invalid.");
    }
    if (key.expiresAt !== undefined && key.expiresAt.getTime() <= Date.now()) {
      throw refused("ExpiredToken", "The security token included in the request is expired");
    }
  }
}

function refused(name: string, message: string): SqsServiceError {
  return new SqsServiceError(name, message, { httpStatusCode: 403 });
}

/** `AWS4-HMAC-SHA256 Credential=KEY/DATE/REGION/sqs/aws4_request, SignedHeaders=…, Signature=…` */
function readAccessKeyId({ headers: { authorization = "" } }: IncomingMessage): string | undefined {
  return /\bCredential=([^/,\s]+)\//u.exec(authorization)?.[1];
}

/** Where queue URLs begin is the server's own business. */
const SERVICE_OPTION_NAMES = SIMULATED_SQS_OPTION_NAMES.filter((name) => name !== "endpoint");

function readAccessKeys(reader: OptionReader): ReadonlyMap<string, AccessKey> | undefined {
  const accessKeyId = reader.has("accessKeyId") ? reader.string("accessKeyId") : undefined;
  const accessKeys = reader.object<ReadonlyMap<string, AccessKey>>("accessKeys", "a map of access keys", ["get"]);
  return accessKeys ?? (accessKeyId === undefined ? undefined : new Map([[accessKeyId, {}]]));
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, HOST, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

/** Tells one answer from another in logs of the SDK. */
let requestCount = 0;

function write(response: ServerResponse, { httpStatusCode, body, queryError }: WireAnswer): void {
  if (response.destroyed) return;
  requestCount += 1;
  const headers = {
    "content-type": CONTENT_TYPE,
    "content-length": Buffer.byteLength(body),
    "x-amzn-requestid": `millrace-${requestCount}`,
  };
  response.writeHead(
    httpStatusCode,
    queryError === undefined ? headers : { ...headers, "x-amzn-query-error": queryError },
  );
  response.end(body);
}
