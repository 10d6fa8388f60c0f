// What is used of undici, as narrow interfaces, and the way to it.
import { ServiceError } from "../errors.js";

/** A request, as `dispatch` takes it. */
interface DispatchOptions {
  readonly origin: string;
  readonly path: string;
  readonly method: "POST";
  readonly headers: string[];
  readonly body: string;
  readonly headersTimeout: number;
  readonly bodyTimeout: number;
}

/** Ends a request. */
export interface DispatchController {
  abort(reason: Error): void;
}

export type ResponseHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** What becomes of a request, as undici tells it from version 7 on. */
export interface DispatchHandler {
  onRequestStart(controller: DispatchController): void;
  onResponseStart(controller: DispatchController, statusCode: number, headers: ResponseHeaders): void;
  onResponseData(controller: DispatchController, chunk: Uint8Array): void;
  onResponseEnd(): void;
  onResponseError(controller: DispatchController, error: Error): void;
}

/** What sends requests: an `Agent`, a `ProxyAgent` and so on. */
export interface Dispatcher {
  dispatch(options: DispatchOptions, handler: DispatchHandler): boolean;
}

/** A dispatcher of our own. */
export interface OwnDispatcher extends Dispatcher {
  /** Waits for what is out. */
  close(): Promise<void>;
  /** Ends what is out. */
  destroy(): Promise<void>;
}

interface Undici {
  readonly Agent: new (options: { connect: { timeout: number }; keepAliveTimeout: number }) => OwnDispatcher;
}

/**
 * How long an idle socket is kept. Longer than a long poll: undici takes a socket again one turn after its answer, so that
 * pollers that ask again at once have two in turn.
 */
const KEEP_ALIVE_MS = 30_000;

/** Makes a dispatcher with as many sockets as there are requests out. */
export type CreateDispatcher = (connectTimeoutMs: number) => OwnDispatcher;

/** Loads undici when it is needed, so that importing millrace costs nothing of it. */
export async function loadUndici(): Promise<CreateDispatcher> {
  try {
    const { Agent } = (await import("undici")) as unknown as Undici;
    return (connectTimeoutMs) => new Agent({ connect: { timeout: connectTimeoutMs }, keepAliveTimeout: KEEP_ALIVE_MS });
  } catch (cause) {
    throw new ServiceError(
      "PEER_MISSING",
      "The package undici could not be loaded. Install it beside millrace: npm install undici",
      { errorClass: "fatal", operation: "Connect", cause },
    );
  }
}
