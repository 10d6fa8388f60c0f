// The options of directClient, read and checked.
import { OptionError } from "../errors.js";
import { OptionReader } from "../internal/options.js";
import type { SqsSdkClient } from "../sqs/port.js";
import type { SdkConfig } from "./configuration.js";
import type { Dispatcher } from "./undici.js";

/** A dispatcher of undici 7 or later: an `Agent`, a `ProxyAgent`, an `EnvHttpProxyAgent` and so on. */
export interface UndiciDispatcher {
  /** Sends a request. */
  dispatch(options: never, handler: never): boolean;
}

/** An SDK client of which the configuration is read: an `SQSClient` or `SQS` of `@aws-sdk/client-sqs`. */
export interface ConfiguredSdkClient extends SqsSdkClient {
  /** What the SDK has resolved: region, credentials, endpoint. */
  readonly config: object;
}

/** What `directClient` is called with. */
export interface DirectClientOptions {
  /**
   * An SDK client whose region, credentials and endpoint are used; requests do not go through it, nor through its middleware.
   * It stays yours. Default: one that is made when it is needed, with the SDK's defaults.
   */
  client?: ConfiguredSdkClient | undefined;
  /** The region to sign for. Default: the client's; without a client the one that the queue URL names, or else the SDK's. */
  region?: string | undefined;
  /**
   * Where all requests go, such as `http://localhost:9324`. Not beside `client`, which has its own. Default: the host of the
   * queue's URL.
   */
  endpoint?: string | undefined;
  /**
   * How often a call that settles messages is made when it fails for a passing reason. A receive is made once: the consumer
   * backs off by itself. 1 to 10; default 2.
   */
  maxAttempts?: number | undefined;
  /**
   * How long the service may take to answer, in milliseconds; a receive gets its wait on top. 100 to 60,000; default 10,000.
   */
  requestTimeoutMs?: number | undefined;
  /** How long a connection may take to come about, in milliseconds. 100 to 60,000; default 5,000. */
  connectTimeoutMs?: number | undefined;
  /**
   * What sends the requests, for proxies, certificates and the like. It stays yours; leave its `connections` unset, as long
   * polls hold sockets. Default: two agents, one for receives and one for all else, that open as many sockets as it takes.
   */
  dispatcher?: UndiciDispatcher | undefined;
  /**
   * Whether to check that a body is the one that was sent, by the MD5 sum that comes with it. TCP and TLS have sums of their
   * own. Default false.
   */
  shouldVerifyChecksums?: boolean | undefined;
}

/** The options with nothing left open, but for what has no value of its own. */
export interface ResolvedDirectOptions {
  readonly client: { readonly config: SdkConfig } | undefined;
  readonly region: string | undefined;
  readonly endpoint: string | undefined;
  readonly maxAttempts: number;
  readonly requestTimeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly dispatcher: Dispatcher | undefined;
  readonly shouldVerifyChecksums: boolean;
}

/** @throws OptionError when an option cannot be used. */
export function resolveDirectOptions(options: DirectClientOptions): ResolvedDirectOptions {
  const reader = new OptionReader("directClient", options);
  const client = readClient(reader.raw("client"));
  const resolved = {
    client,
    region: reader.has("region") ? reader.string("region") : undefined,
    endpoint: readEndpoint(reader, client !== undefined),
    maxAttempts: reader.integer("maxAttempts", { min: 1, max: 10, fallback: 2 }),
    requestTimeoutMs: reader.number("requestTimeoutMs", { min: 100, max: 60_000, fallback: 10_000 }),
    connectTimeoutMs: reader.number("connectTimeoutMs", { min: 100, max: 60_000, fallback: 5_000 }),
    dispatcher: reader.object<Dispatcher>("dispatcher", "a dispatcher of undici", ["dispatch"]),
    shouldVerifyChecksums: reader.boolean("shouldVerifyChecksums", false),
  };
  reader.finish();
  return Object.freeze(resolved);
}

function readClient(client: unknown): { readonly config: SdkConfig } | undefined {
  if (client === undefined) return undefined;
  if (hasSdkConfig(client)) return client;
  throw new OptionError("client", "an SQSClient of @aws-sdk/client-sqs", client);
}

function hasSdkConfig(client: unknown): client is { readonly config: SdkConfig } {
  try {
    const { region, credentials } = (client as { readonly config: Record<string, unknown> }).config;
    return typeof region === "function" && typeof credentials === "function";
  } catch {
    return false; // It has no config, or one that cannot be read.
  }
}

function readEndpoint(reader: OptionReader, hasClient: boolean): string | undefined {
  if (!reader.has("endpoint")) return undefined;
  const endpoint = reader.string("endpoint");
  if (hasClient) throw new OptionError("endpoint", "to be absent beside client", endpoint);
  const isUrl = URL.canParse(endpoint) && /^https?:$/u.test(new URL(endpoint).protocol);
  if (!isUrl) throw new OptionError("endpoint", "an http: or https: URL", endpoint);
  return endpoint;
}
