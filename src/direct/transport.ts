// The way to the service: whatever is loaded late, looked up once, and shared by all calls of a client.
import { Configuration } from "./configuration.js";
import { Credentials } from "./credentials.js";
import type { Exchange } from "./exchange.js";
import type { ResolvedDirectOptions } from "./options.js";
import { type Identity, Signer } from "./signature.js";
import { type Dispatcher, loadUndici, type OwnDispatcher } from "./undici.js";

/** How one request gets there. */
export interface Route {
  readonly signer: Signer;
  readonly identity: Identity;
}

/** A request that is signed. */
export interface SignedRequest {
  readonly route: Route;
  readonly headers: string[];
  readonly body: string;
  readonly timeoutMs: number;
  /** Long polls have sockets of their own, so that nothing else waits for one. */
  readonly isReceive: boolean;
}

/** What takes loading. */
interface Loaded {
  readonly configuration: Configuration;
  readonly credentials: Credentials;
  readonly receiving: Dispatcher;
  readonly settling: Dispatcher;
  /** The ones that are to be closed. */
  readonly own: readonly OwnDispatcher[];
}

/** Sends requests. */
export class Transport {
  readonly #options: ResolvedDirectOptions;
  readonly #signers = new Map<string | undefined, Signer>();
  #loading: Promise<Loaded> | undefined;
  #loaded: Loaded | undefined;
  #isClosed = false;
  /** How far the clock of the service is ahead of ours. */
  clockOffsetMs = 0;

  constructor(options: ResolvedDirectOptions) {
    this.#options = options;
  }

  /** The way to a queue, if all is known. */
  findRoute(queueUrl: string | undefined): Route | undefined {
    const signer = this.#signers.get(queueUrl);
    const identity = this.#loaded?.credentials.current;
    return signer === undefined || identity === undefined ? undefined : { signer, identity };
  }

  /** Finds out what is not known. */
  async prepareRoute(queueUrl: string | undefined): Promise<Route> {
    this.#assertOpen();
    const { configuration, credentials } = await this.#load();
    const signer = this.#signers.get(queueUrl) ?? new Signer(await configuration.resolveDestination(queueUrl));
    this.#signers.set(queueUrl, signer);
    return { signer, identity: credentials.current ?? (await credentials.resolve()) };
  }

  /** Sends a request, of which the exchange is told. The way to it must have been found. */
  dispatch({ route, headers, body, timeoutMs, isReceive }: SignedRequest, exchange: Exchange): void {
    this.#assertOpen(); // It may have been closed while the way was looked for.
    const { origin, path } = route.signer.destination;
    const loaded = this.#loaded as Loaded;
    const dispatcher = isReceive ? loaded.receiving : loaded.settling;
    dispatcher.dispatch(
      { origin, path, method: "POST", headers, body, headersTimeout: timeoutMs, bodyTimeout: timeoutMs },
      exchange,
    );
  }

  /** The service has refused an identity as expired. */
  refuse(identity: Identity): void {
    this.#loaded?.credentials.refuse(identity);
  }

  /** Waits for requests that are out, then closes their sockets. */
  close(): Promise<void> {
    return this.#end((dispatcher) => dispatcher.close().catch(() => undefined)); // It was destroyed.
  }

  /** Ends requests that are out, and closes their sockets. */
  destroy(): Promise<void> {
    return this.#end((dispatcher) => dispatcher.destroy());
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new Error("The direct client has been closed.");
  }

  async #end(end: (dispatcher: OwnDispatcher) => Promise<void>): Promise<void> {
    this.#isClosed = true;
    const loaded = await this.#loading?.catch(() => undefined); // Whoever has called knows.
    if (loaded === undefined) return;
    await Promise.all(loaded.own.map(end));
    loaded.configuration.destroy();
  }

  async #load(): Promise<Loaded> {
    this.#loading ??= this.#loadAll();
    try {
      return await this.#loading;
    } catch (error) {
      this.#loading = undefined; // A package can be installed while others are tried again.
      throw error;
    }
  }

  async #loadAll(): Promise<Loaded> {
    const { dispatcher, connectTimeoutMs } = this.#options;
    const configuration = await Configuration.load(this.#options);
    const credentials = new Credentials((isRefused) => configuration.resolveIdentity(isRefused));
    this.clockOffsetMs = configuration.clockOffsetMs;
    const own = dispatcher === undefined ? await createDispatchers(connectTimeoutMs) : [];
    const [receiving, settling] =
      dispatcher === undefined ? (own as [OwnDispatcher, OwnDispatcher]) : [dispatcher, dispatcher];
    this.#loaded = { configuration, credentials, receiving, settling, own };
    return this.#loaded;
  }
}

/** One for receives, and one for all else. */
async function createDispatchers(connectTimeoutMs: number): Promise<[OwnDispatcher, OwnDispatcher]> {
  const create = await loadUndici();
  return [create(connectTimeoutMs), create(connectTimeoutMs)];
}
