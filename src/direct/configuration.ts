// What is taken from an SDK client: where requests go, the region they are signed for, and who signs them.
//
// Of the client only its resolved `config` is read. Its middleware, request handler and retry strategy are not used.
import { ServiceError } from "../errors.js";
import { regionOfQueueUrl } from "../sqs/options.js";
import { loadSdk, type Sdk } from "../sqs/sdk.js";
import type { Destination, Identity } from "./signature.js";

/** An endpoint, as the SDK resolves it: a URL, or a URL in pieces. */
type SdkEndpoint =
  | string
  | { readonly url: URL }
  | {
      readonly protocol: string;
      readonly hostname: string;
      readonly port?: number | undefined;
      readonly path?: string;
    };

/** What is read of an SDK client's resolved configuration. */
export interface SdkConfig {
  readonly region: () => Promise<string>;
  readonly credentials: (options?: { readonly forceRefresh?: boolean }) => Promise<Identity>;
  readonly endpoint?: (() => Promise<SdkEndpoint>) | undefined;
  readonly isCustomEndpoint?: boolean | undefined;
  readonly endpointProvider?: ((parameters: never) => SdkEndpoint) | undefined;
  readonly serviceConfiguredEndpoint?: (() => Promise<SdkEndpoint | undefined>) | undefined;
  readonly ignoreConfiguredEndpointUrls?: boolean | undefined;
  readonly useFipsEndpoint?: (() => Promise<boolean>) | undefined;
  readonly useDualstackEndpoint?: (() => Promise<boolean>) | undefined;
  readonly useQueueUrlAsEndpoint?: boolean | undefined;
  readonly systemClockOffset?: number | undefined;
}

/** What a configuration is read from. */
export interface ConfigurationSource {
  /** The user's client, if there is one. */
  readonly client: { readonly config: SdkConfig } | undefined;
  readonly region: string | undefined;
  readonly endpoint: string | undefined;
}

/** Reads the configuration of an SDK client, or of one that is made here. */
export class Configuration {
  readonly #config: SdkConfig;
  readonly #region: string | undefined;
  readonly #isOwn: boolean;
  readonly #destroy: () => void;
  /** Where the first queue was, for calls that name none. */
  #home: Destination | undefined;

  private constructor(parts: { config: SdkConfig; region: string | undefined; isOwn: boolean; destroy: () => void }) {
    this.#config = parts.config;
    this.#region = parts.region;
    this.#isOwn = parts.isOwn;
    this.#destroy = parts.destroy;
  }

  /** Nothing is asked of anybody yet. */
  static async load({ client, region, endpoint }: ConfigurationSource): Promise<Configuration> {
    if (client !== undefined) {
      return new Configuration({ config: client.config, region, isOwn: false, destroy: () => undefined });
    }
    const { SQSClient } = await loadSdkOrFail();
    const own = new SQSClient({ ...(region !== undefined && { region }), ...(endpoint !== undefined && { endpoint }) });
    const config = own.config as unknown as SdkConfig;
    return new Configuration({ config, region, isOwn: true, destroy: () => own.destroy() });
  }

  get clockOffsetMs(): number {
    return this.#config.systemClockOffset ?? 0;
  }

  /**
   * Where calls about a queue go, by the rule of the SDK: to the queue URL's host, unless its client was made with an endpoint.
   * Without a queue they go to the service's endpoint; or, where no client says which, to where the first queue was.
   */
  async resolveDestination(queueUrl: string | undefined): Promise<Destination> {
    if (this.#isOwn && queueUrl === undefined && this.#home !== undefined) return this.#home;
    const usesQueueUrl = !this.#hasEndpoint && this.#config.useQueueUrlAsEndpoint !== false;
    const ofQueue = queueUrl !== undefined && usesQueueUrl ? new URL(new URL(queueUrl).origin) : undefined;
    const url = ofQueue ?? (await this.#resolveServiceUrl());
    const path = url.pathname.endsWith("/") ? url.pathname : `${url.pathname}/`;
    const region = await this.#resolveRegion(queueUrl);
    const destination = { origin: url.origin, host: url.host, path, region };
    if (ofQueue !== undefined) this.#home ??= destination;
    return destination;
  }

  /** Who signs. With `isRefused`, the last ones were: they are not to be taken from a cache. */
  resolveIdentity(isRefused: boolean): Promise<Identity> {
    return isRefused ? this.#config.credentials({ forceRefresh: true }) : this.#config.credentials();
  }

  destroy(): void {
    this.#destroy();
  }

  /** A client of the user's has a region. Without one, a queue URL of AWS's names it. */
  async #resolveRegion(queueUrl: string | undefined): Promise<string> {
    const ofQueue = queueUrl === undefined || !this.#isOwn ? undefined : regionOfQueueUrl(queueUrl);
    return this.#region ?? ofQueue ?? (await this.#config.region());
  }

  /** Whether the client was made with an endpoint. SDKs before the rules of endpoints have one in any case, and say so. */
  get #hasEndpoint(): boolean {
    return this.#config.endpoint !== undefined && this.#config.isCustomEndpoint !== false;
  }

  async #resolveServiceUrl(): Promise<URL> {
    const { endpoint, endpointProvider, useFipsEndpoint, useDualstackEndpoint } = this.#config;
    const configured = this.#hasEndpoint ? await endpoint?.() : await this.#readConfiguredEndpoint();
    const found = configured ?? (endpointProvider === undefined ? await endpoint?.() : undefined);
    if (found !== undefined) return toUrl(found);
    if (endpointProvider === undefined) throw new Error("The client's configuration names no endpoint.");
    const parameters = {
      Region: await this.#resolveRegion(undefined),
      UseFIPS: (await useFipsEndpoint?.()) ?? false,
      UseDualStack: (await useDualstackEndpoint?.()) ?? false,
    };
    return toUrl(endpointProvider(parameters as never));
  }

  /** `AWS_ENDPOINT_URL_SQS`, `AWS_ENDPOINT_URL`, or a profile's `endpoint_url`. SDKs that do not tell have read the first two. */
  async #readConfiguredEndpoint(): Promise<SdkEndpoint | undefined> {
    const { ignoreConfiguredEndpointUrls, serviceConfiguredEndpoint } = this.#config;
    if (ignoreConfiguredEndpointUrls === true) return undefined;
    if (serviceConfiguredEndpoint !== undefined) return serviceConfiguredEndpoint();
    return process.env["AWS_ENDPOINT_URL_SQS"] ?? process.env["AWS_ENDPOINT_URL"];
  }
}

function toUrl(endpoint: SdkEndpoint): URL {
  if (typeof endpoint === "string") return new URL(endpoint);
  if ("url" in endpoint) return endpoint.url;
  const { protocol, hostname, port, path = "/" } = endpoint;
  return new URL(`${protocol}//${hostname}${port === undefined ? "" : `:${port}`}${path}`);
}

async function loadSdkOrFail(): Promise<Sdk> {
  try {
    return await loadSdk();
  } catch (cause) {
    const { message } = cause as Error;
    throw new ServiceError("SDK_MISSING", message, { errorClass: "fatal", operation: "Connect", cause });
  }
}
