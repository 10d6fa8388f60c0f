// The clients that are made when the user brings none, set up for a consumer.
import type { SQSClient, SQSClientConfig } from "@aws-sdk/client-sqs";
import { isInstance, MillraceError } from "../errors.js";
import { CallSignals } from "./call-signals.js";
import type { ResolvedSqsOptions } from "./options.js";
import { CANCELLATION, type ReceiveOptions, type SqsPort } from "./port.js";
import { createSdkPort, loadSdk, type Sdk } from "./sdk.js";
import { SdkSigner } from "./sdk-signer.js";

/** A port, and how to let go of it. */
export interface OwnedPort {
  readonly port: SqsPort;
  destroy(): void;
}

/** What the default clients are made from. */
export type DefaultPortOptions = Pick<
  ResolvedSqsOptions,
  "queueUrl" | "region" | "maxReceives" | "maxSettleRequests" | "requestTimeoutMs" | "shouldVerifyChecksums"
>;

/** How long a connection may take to come about. */
const CONNECTION_TIMEOUT_MS = 5_000;

/**
 * Two clients, for three reasons: a long poll holds a socket for 20 s, and acknowledgements must not wait for one; the SDK
 * opens 50 sockets at most unless told otherwise; and a receive is tried again by the runner's own back-off, which knows how
 * many are out. What else is set, and what it gains: docs/internals/hot-path.md.
 */
export async function createDefaultPort(options: DefaultPortOptions): Promise<OwnedPort> {
  const sdk = await loadSdk();
  const service = {
    ...(options.region !== undefined && { region: options.region }),
    // The SDK sends to the queue URL's host anyway, with a warning on the console at every request that the host differs
    // from what it would have resolved; but it looks for a dead-letter queue elsewhere. FIPS and dual stack are hosts.
    endpoint: new URL(options.queueUrl).origin,
    useFipsEndpoint: false,
    useDualstackEndpoint: false,
  };
  const common = { ...service, cacheMiddleware: true };
  const { shouldVerifyChecksums } = options;
  const receiving = createLeanClient(sdk, shouldVerifyChecksums, {
    ...common,
    maxAttempts: 1,
    requestHandler: createHandlerOptions(options.maxReceives),
  });
  const settling = createLeanClient(sdk, shouldVerifyChecksums, {
    ...common,
    // One more attempt hides the reset of a connection that the service has closed; the harvester does the rest.
    maxAttempts: 2,
    requestHandler: {
      ...createHandlerOptions(options.maxSettleRequests),
      // A request that was given up is not to keep its socket.
      requestTimeout: options.requestTimeoutMs,
      throwOnRequestTimeout: true,
      // Nor one of which the answer has begun, and does not go on.
      socketTimeout: options.requestTimeoutMs,
    },
  });
  leaveTimeouts(settling);
  return {
    port: { ...createSdkPort(settling, sdk), receiveMessage: createReceive(receiving, sdk) },
    destroy() {
      end(receiving);
      end(settling);
    },
  };
}

function createReceive(client: SQSClient, sdk: Sdk): SqsPort["receiveMessage"] {
  const port = createSdkPort(client, sdk);
  const signals = new CallSignals(client);
  return (input, options?: ReceiveOptions) => {
    const signal = options?.[CANCELLATION] ?? options?.abortSignal;
    if (signal !== undefined) signals.set(input, signal);
    return port.receiveMessage(input);
  };
}

/**
 * A request that has timed out was given up by whoever made it. The SDK would send it again, on a socket that others wait
 * for, and late: a renewal would hide a message that was given back meanwhile.
 */
function leaveTimeouts({ config: { requestHandler } }: SQSClient): void {
  const handle = requestHandler.handle.bind(requestHandler);
  requestHandler.handle = (request, options) =>
    handle(request, options).catch((error: unknown) => {
      if (!isInstance(error, Error) || error.name !== "TimeoutError") throw error;
      throw Object.assign(new Error(error.message), { name: "NetworkingError" });
    });
}

/** A request that fails because its client ends would be tried again, and connect anew: none is sent any more. */
function end(client: SQSClient): void {
  client.config.requestHandler.handle = () => Promise.reject(new MillraceError("STOPPED", "The consumer has stopped."));
  client.destroy();
}

/**
 * SDKs before 3.521 take a request handler only as an object, and hold its options for one. Their own has 50 sockets, which
 * is enough for the defaults.
 */
function createClient(sdk: Sdk, config: SQSClientConfig): SQSClient {
  const client = new sdk.SQSClient(config);
  if (typeof client.config.requestHandler.handle === "function") return client;
  const { requestHandler: _, ...rest } = config;
  return new sdk.SQSClient(rest);
}

/** A client that signs by a signer of ours, and does not check what TCP and TLS have checked. */
function createLeanClient(sdk: Sdk, shouldVerifyChecksums: boolean, config: SQSClientConfig): SQSClient {
  const signer = new SdkSigner({
    credentials: () => client.config.credentials(),
    region: () => client.config.region(),
  });
  const client = createClient(sdk, { ...config, signer });
  // SDKs before 3.547 would take `false` for a class; those with this setting are younger.
  if (!shouldVerifyChecksums && "userAgentAppId" in client.config) client.config.md5 = false;
  return client;
}

function createHandlerOptions(maxSockets: number): {
  connectionTimeout: number;
  httpAgent: { maxSockets: number; keepAlive: boolean };
  httpsAgent: { maxSockets: number; keepAlive: boolean };
} {
  const agent = { maxSockets, keepAlive: true };
  return { connectionTimeout: CONNECTION_TIMEOUT_MS, httpAgent: agent, httpsAgent: agent };
}

/** A client that asks which queues there are. */
export async function createListingPort(region: string | undefined): Promise<OwnedPort> {
  const sdk = await loadSdk();
  const client = createClient(sdk, {
    ...(region !== undefined && { region }),
    requestHandler: createHandlerOptions(1),
  });
  return { port: createSdkPort(client, sdk), destroy: () => end(client) };
}
