// Lambda's Runtime API on a port of this machine, for tests of custom runtimes. Built to "Using the Lambda runtime API for
// custom runtimes" of the Lambda developer guide.
import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createDeferred, type Deferred } from "../../internal/deferred.js";

/** How a call of the function is made. */
export interface LambdaInvokeOptions {
  /** How long the function may take, in milliseconds. Default 3,000, as Lambda's own. */
  readonly timeoutMs?: number;
  /** For the header `Lambda-Runtime-Trace-Id`. Default: one that is made up. */
  readonly traceId?: string;
}

/** What has become of a call. After a time-out Lambda would have ended the process. */
export type LambdaResult =
  | { readonly status: "response"; readonly payload: unknown }
  | { readonly status: "error"; readonly errorType: string | undefined; readonly error: LambdaError }
  | { readonly status: "timedOut" };

/** What a runtime says of an error. */
export interface LambdaError {
  readonly errorMessage?: string;
  readonly errorType?: string;
  readonly stackTrace?: readonly string[];
}

/** What goes wrong, until it is taken out again. */
export interface LambdaFaults {
  /** The status that answers `GET /runtime/invocation/next`, but none that waits already. */
  next?: number | undefined;
  /** The status that answers `POST /runtime/invocation/ID/response`. */
  response?: number | undefined;
  /** The status that answers `POST /runtime/invocation/ID/error`. */
  error?: number | undefined;
  /** No request is answered, nor is any that waits. */
  isSilent?: boolean | undefined;
}

interface Call {
  readonly id: string;
  readonly payload: string;
  readonly timeoutMs: number;
  readonly traceId: string;
  readonly result: Deferred<LambdaResult>;
}

const HOST = "127.0.0.1";
const PREFIX = "/2018-06-01/runtime";
const FUNCTION_ARN = "arn:aws:lambda:us-east-1:000000000000:function:function";
/** The largest answer of a function (Lambda quotas). */
const LARGEST_RESPONSE_BYTES = 6 * 1_024 * 1_024;
/** Longer than a test lasts, so that it is never we who close a connection as a request sets out. */
const KEEP_ALIVE_MS = 600_000;

/**
 * Lambda's side of a custom runtime, over HTTP on loopback. Give its `address` to a `LambdaRunner`, or as
 * `AWS_LAMBDA_RUNTIME_API` to the process of a container image.
 *
 * @example
 * ```ts
 * await using lambda = new LambdaRuntimeApi();
 * await lambda.start();
 * const result = await lambda.invoke(createSqsEvent(["hello"]), { timeoutMs: 30_000 });
 * ```
 */
export class LambdaRuntimeApi {
  /** What goes wrong. */
  readonly faults: LambdaFaults = {};
  /** What the runtime said when it could not be made ready. */
  readonly initErrors: LambdaError[] = [];
  /** Every request that came, such as `GET /runtime/invocation/next`. */
  readonly requests: string[] = [];

  readonly #calls: Call[] = [];
  readonly #inHand = new Map<string, Call>();
  readonly #waiting: ServerResponse[] = [];
  #connections = 0;
  #server: Server | undefined;
  #onPolled: Deferred<void> | undefined;

  /**
   * Where it listens, as `host:port`.
   *
   * @throws Error when it is not running.
   */
  get address(): string {
    if (this.#server === undefined) throw new Error("The Runtime API is not running: call start() first");
    return `${HOST}:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Starts to listen; does nothing when it does already. */
  async start(): Promise<void> {
    if (this.#server !== undefined) return;
    const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS, noDelay: true }, (request, response) => {
      void this.#serve(request, response);
    });
    server.on("connection", () => (this.#connections += 1));
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(0, HOST, resolve);
    });
    this.#server = server;
  }

  /** Ends all connections; does nothing when it is not running. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  }

  /** Stops it, so that `await using` does. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** Calls the function, as soon as a runtime asks for an event, and tells what became of it. */
  async invoke(event: unknown, options: LambdaInvokeOptions = {}): Promise<LambdaResult> {
    const { timeoutMs = 3_000, traceId = `Root=1-00000000-${randomUUID().slice(0, 8)};Sampled=1` } = options;
    const payload = typeof event === "string" ? event : JSON.stringify(event);
    const call: Call = { id: randomUUID(), payload, timeoutMs, traceId, result: createDeferred() };
    this.#calls.push(call);
    this.#handOut();
    return call.result.promise;
  }

  /** How many connections were made to it. */
  get connections(): number {
    return this.#connections;
  }

  /** How many requests for an event wait. */
  get polls(): number {
    return this.#waiting.length;
  }

  /** Says that the runtime's process has ended: calls that it has not answered fail, as they do in Lambda. */
  runtimeEnded(): void {
    this.#waiting.length = 0;
    const error = { errorType: "Runtime.ExitError", errorMessage: "The runtime has ended before it answered." };
    const result: LambdaResult = { status: "error", errorType: error.errorType, error };
    for (const call of [...this.#inHand.values(), ...this.#calls.splice(0)]) this.#end(call, result);
  }

  /** Resolves when a runtime waits for an event. */
  async polled(): Promise<void> {
    if (this.#waiting.length === 0) await (this.#onPolled ??= createDeferred()).promise;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request);
    const path = (request.url ?? "").replace(PREFIX, "/runtime");
    this.requests.push(`${request.method} ${path}`);
    if (this.faults.isSilent === true) return;
    const [, id = "", what] = /^\/runtime\/invocation\/([^/]+)\/(response|error)$/u.exec(path) ?? [];
    if (request.method === "GET" && path === "/runtime/invocation/next") this.#wait(response);
    else if (request.method === "POST" && path === "/runtime/init/error") this.#noteInitError(body, response);
    else if (request.method === "POST" && what === "response") this.#takeResponse({ id, body, response });
    else if (request.method === "POST" && what === "error") this.#takeError({ id, body, response }, request);
    else write(response, 404, { errorMessage: "there is no such resource", errorType: "NotFound" });
  }

  #wait(response: ServerResponse): void {
    if (this.faults.next !== undefined) {
      write(response, this.faults.next, { errorMessage: "a fault of the test", errorType: "Fault" });
      return;
    }
    this.#waiting.push(response);
    response.on("close", () => {
      const index = this.#waiting.indexOf(response);
      if (index !== -1) this.#waiting.splice(index, 1);
    });
    this.#onPolled?.resolve();
    this.#onPolled = undefined;
    this.#handOut();
  }

  #handOut(): void {
    while (this.#calls.length > 0 && this.#waiting.length > 0 && this.faults.isSilent !== true) {
      const call = this.#calls.shift() as Call;
      this.#begin(call, this.#waiting.shift() as ServerResponse);
    }
  }

  #begin(call: Call, response: ServerResponse): void {
    this.#inHand.set(call.id, call);
    const timer = setTimeout(() => this.#end(call, { status: "timedOut" }), call.timeoutMs);
    void call.result.promise.then(() => clearTimeout(timer));
    response.writeHead(200, {
      "content-type": "application/json",
      "lambda-runtime-aws-request-id": call.id,
      "lambda-runtime-deadline-ms": String(Date.now() + call.timeoutMs),
      "lambda-runtime-invoked-function-arn": FUNCTION_ARN,
      "lambda-runtime-trace-id": call.traceId,
    });
    response.end(call.payload);
  }

  #takeResponse({ id, body, response }: Telling): void {
    const call = this.#answered(id, response, this.faults.response);
    if (call === undefined) return;
    if (Buffer.byteLength(body) > LARGEST_RESPONSE_BYTES) {
      write(response, 413, {
        errorMessage: "Exceeded maximum allowed payload size",
        errorType: "RequestEntityTooLarge",
      });
      const error = { errorMessage: "Response payload size exceeded", errorType: "Function.ResponseSizeTooLarge" };
      this.#end(call, { status: "error", errorType: error.errorType, error });
      return;
    }
    write(response, 202, { status: "OK" });
    this.#end(call, { status: "response", payload: JSON.parse(body) });
  }

  #takeError({ id, body, response }: Telling, request: IncomingMessage): void {
    const call = this.#answered(id, response, this.faults.error);
    if (call === undefined) return;
    write(response, 202, { status: "OK" });
    const errorType = request.headers["lambda-runtime-function-error-type"]?.toString();
    this.#end(call, { status: "error", errorType, error: JSON.parse(body) as LambdaError });
  }

  /** The call that is answered; undefined when there is none, or when it is to fail. */
  #answered(id: string, response: ServerResponse, fault: number | undefined): Call | undefined {
    const call = this.#inHand.get(id);
    if (fault !== undefined) write(response, fault, { errorMessage: "a fault of the test", errorType: "Fault" });
    else if (call === undefined)
      write(response, 400, { errorMessage: "Invalid request ID", errorType: "InvalidRequestID" });
    else return call;
    return undefined;
  }

  #end(call: Call, result: LambdaResult): void {
    this.#inHand.delete(call.id);
    call.result.resolve(result);
  }

  #noteInitError(body: string, response: ServerResponse): void {
    this.initErrors.push(JSON.parse(body) as LambdaError);
    write(response, 202, { status: "OK" });
  }
}

/** What a runtime says of a call. */
interface Telling {
  readonly id: string;
  readonly body: string;
  readonly response: ServerResponse;
}

async function readBody(request: IncomingMessage): Promise<string> {
  let body = "";
  for await (const chunk of request.setEncoding("utf8")) body += chunk;
  return body;
}

function write(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}
