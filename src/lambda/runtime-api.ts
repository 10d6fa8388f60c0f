// Lambda's Runtime API, as a custom runtime uses it. See "Using the Lambda runtime API for custom runtimes" in the developer
// guide.
import { Agent, type IncomingHttpHeaders, type IncomingMessage, request } from "node:http";
import { describeThrown, MillraceError } from "../errors.js";
import { abortable } from "../internal/abortable.js";
import { createDeferred } from "../internal/deferred.js";
import type { Invocation, Invocations } from "./invocation.js";

const VERSION = "2018-06-01";

interface ApiRequest {
  readonly method: "GET" | "POST";
  /** Below the version. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal: AbortSignal;
}

/** What is told to the Runtime API. */
interface Telling {
  readonly body: object;
  /** What kind of error it is, if it is one. */
  readonly errorType: string | undefined;
  readonly signal: AbortSignal;
}

interface ApiAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A call that the Runtime API has given. */
interface Call {
  readonly requestId: string;
  /** When Lambda ends it, in Unix time. */
  readonly deadlineMs: number;
  readonly payload: string;
}

/** The Runtime API, over connections that are kept: the next event may be an hour away. */
export class RuntimeApi implements Invocations {
  readonly #address: string;
  #agent = new Agent({ keepAlive: true });
  #closing = new AbortController();
  #isAsking = false;
  /** Ends when the call in hand was answered: Lambda gives no other before. Rejects when the Runtime API has failed. */
  #inHand: Promise<void> = Promise.resolve();

  /** @param address - `host:port`. */
  constructor(address: string) {
    this.#address = address;
  }

  /** Whether an event is being waited for. */
  get isAsking(): boolean {
    return this.#isAsking;
  }

  open(): void {
    this.#agent = new Agent({ keepAlive: true });
    this.#closing = new AbortController();
    this.#inHand = Promise.resolve();
  }

  async next(signal: AbortSignal): Promise<Invocation | undefined> {
    try {
      await abortable(this.#inHand, signal);
      this.#isAsking = true;
      // Without a time limit: the process may be frozen in between (developer guide, "Next invocation").
      const answer = await this.#ask({ method: "GET", path: "/runtime/invocation/next", signal });
      return this.#begin(readCall(answer));
    } catch (error) {
      if (signal.aborted) return undefined;
      throw error;
    } finally {
      this.#isAsking = false;
    }
  }

  async reportInitError(error: unknown): Promise<void> {
    // A start that has failed has ended this life, and its signal has aborted.
    const { signal } = new AbortController();
    await this.#tell("/runtime/init/error", { body: describeError(error), errorType: "Runtime.InitError", signal });
  }

  close(): void {
    this.#closing.abort(new MillraceError("STOPPED", "The consumer has stopped before the Runtime API answered."));
    this.#agent.destroy();
  }

  #begin({ requestId, deadlineMs, payload }: Call): Invocation {
    const inHand = createDeferred();
    this.#inHand = inHand.promise;
    this.#inHand.catch(() => undefined); // A stop may come before anybody asks for the next call.
    const tell = async (what: string, body: object, errorType?: string): Promise<void> => {
      const { signal } = this.#closing;
      try {
        await this.#tell(`/runtime/invocation/${encodeURIComponent(requestId)}/${what}`, { body, errorType, signal });
        inHand.resolve();
      } catch (error) {
        if (isFatal(error)) inHand.reject(error);
        else inHand.resolve();
        throw error;
      }
    };
    return {
      event: () => parse(payload),
      remainingMs: () => deadlineMs - Date.now(),
      respond: (response) => tell("response", response),
      fail: (error) => tell("error", describeError(error), `Function.${describeError(error).errorType}`),
    };
  }

  async #tell(path: string, { body, errorType, signal }: Telling): Promise<void> {
    const headers: Record<string, string> = { "Content-Type": "application/json" };
    if (errorType !== undefined) headers["Lambda-Runtime-Function-Error-Type"] = errorType;
    const answer = await this.#ask({ method: "POST", path, headers, body: JSON.stringify(body), signal });
    if (answer.status !== 202) throw createRefusal(path, answer);
  }

  async #ask(apiRequest: ApiRequest): Promise<ApiAnswer> {
    try {
      // Once more where a connection that was kept turns out to be closed: Node's advice for keep-alive agents.
      return await this.#send(apiRequest).catch((error: unknown) => {
        if (error instanceof StaleConnectionError) return this.#send(apiRequest);
        throw error;
      });
    } catch (cause) {
      if (apiRequest.signal.aborted) throw apiRequest.signal.reason as Error;
      const text = `The Runtime API was not reached: ${apiRequest.method} ${apiRequest.path} (${describeThrown(cause)}).`;
      throw new RuntimeApiError(text, { status: undefined, cause });
    }
  }

  #send({ method, path, headers, body = "", signal }: ApiRequest): Promise<ApiAnswer> {
    const url = `http://${this.#address}/${VERSION}${path}`;
    return new Promise((resolve, reject) => {
      const sending = request(url, { method, headers, agent: this.#agent, signal });
      sending.on("error", (error: NodeJS.ErrnoException) => {
        const isStale = sending.reusedSocket && error.code === "ECONNRESET";
        reject(isStale ? new StaleConnectionError("the connection was closed", { cause: error }) : error);
      });
      sending.on("response", (response) => {
        readText(response).then((text) => {
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text });
        }, reject);
      });
      sending.end(body);
    });
  }
}

/** A connection that was kept has been closed by the other side: the request was not looked at. */
class StaleConnectionError extends Error {}

/** The Runtime API was not reached, or has answered something else than was expected. */
class RuntimeApiError extends MillraceError {
  /** Undefined when there was no answer. */
  readonly status: number | undefined;

  constructor(text: string, details: { status: number | undefined; cause?: unknown }) {
    super("RUNTIME_API_FAILED", text, details);
    this.status = details.status;
  }
}

/** With 500 Lambda says that nothing can be done any more, and that the runtime is to end. */
function isFatal(error: unknown): boolean {
  return !(error instanceof RuntimeApiError) || error.status === undefined || error.status >= 500;
}

function createRefusal(what: string, { status, body }: ApiAnswer): RuntimeApiError {
  return new RuntimeApiError(`The Runtime API has answered ${what} with ${status}: ${body.slice(0, 500)}`, { status });
}

function readCall(answer: ApiAnswer): Call {
  const { status, headers, body } = answer;
  if (status !== 200) throw createRefusal("/runtime/invocation/next", answer);
  const requestId = headers["lambda-runtime-aws-request-id"];
  const deadlineMs = Number(headers["lambda-runtime-deadline-ms"]);
  if (typeof requestId !== "string" || !Number.isFinite(deadlineMs)) {
    const text = "The Runtime API gave an event without its request id or its deadline.";
    throw new RuntimeApiError(text, { status });
  }
  // Where the X-Ray SDK, and OpenTelemetry, look for it.
  const traceId = headers["lambda-runtime-trace-id"];
  if (typeof traceId === "string") process.env["_X_AMZN_TRACE_ID"] = traceId;
  else delete process.env["_X_AMZN_TRACE_ID"];
  return { requestId, deadlineMs, payload: body };
}

function parse(payload: string): unknown {
  try {
    return JSON.parse(payload);
  } catch (cause) {
    throw new MillraceError("EVENT_INVALID", "This is not an event of an SQS queue: it is not JSON.", { cause });
  }
}

/** An error in the form that Lambda shows. */
function describeError(error: unknown): { errorMessage: string; errorType: string; stackTrace: string[] } {
  if (!(error instanceof Error)) return { errorMessage: describeThrown(error), errorType: "Unknown", stackTrace: [] };
  const errorType = error instanceof MillraceError ? error.code : error.name;
  const [, ...stackTrace] = String(error.stack ?? "")
    .split("\n")
    .map((line) => line.trim());
  return { errorMessage: error.message, errorType, stackTrace };
}

async function readText(response: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of response.setEncoding("utf8")) text += chunk;
  return text;
}
