// How a runner reaches the service: by a connection of its own, or by one that it shares with the runners of other queues.
import PQueue from "p-queue";
import { createDefaultPort, type OwnedPort } from "./default-client.js";
import type { ResolvedSqsOptions } from "./options.js";
import type { SqsPort } from "./port.js";
import { ReceiveBudget } from "./receive-budget.js";
import { toPort } from "./sdk.js";

/** The calls, and how many may be out. */
export interface Connection {
  readonly port: SqsPort;
  /** Requests that tell the service what becomes of messages. */
  readonly settling: PQueue;
  /** Receives beyond the first. */
  readonly receiving: ReceiveBudget;
  /** Lets go of it. To be called once. */
  close(): void;
}

/** Makes a connection. */
export type Connect = (options: ResolvedSqsOptions) => Promise<Connection>;

/** A connection for one runner alone. */
export const connectAlone: Connect = async (options) => {
  const owned = await createPort(options);
  return {
    port: owned.port,
    settling: new PQueue({ concurrency: options.maxSettleRequests }),
    receiving: new ReceiveBudget(Infinity),
    close: () => owned.destroy(),
  };
};

/** The bounds of connections that are shared. */
export interface SharedLimits {
  /** How many receives may be out beyond the first of each queue. */
  readonly sharedReceives: number;
  /** How many requests may be out that tell the service what becomes of messages. */
  readonly maxSettleRequests: number;
}

interface Shared extends Omit<Connection, "port" | "close"> {
  readonly opening: Promise<OwnedPort>;
  users: number;
}

/**
 * Connections for many runners: one for each client, or without one for each place that queues are in. It is made with the
 * first runner that needs it, and let go of with the last.
 */
export class SharedConnections {
  readonly #limits: SharedLimits;
  readonly #open = new Map<unknown, Shared>();

  constructor(limits: SharedLimits) {
    this.#limits = limits;
  }

  readonly connect: Connect = async (options) => {
    const key = keyOf(options);
    const shared = this.#open.get(key) ?? this.#create(options);
    this.#open.set(key, shared);
    shared.users += 1;
    const close = (): void => this.#leave(key, shared);
    try {
      const { port } = await shared.opening;
      return { port, settling: shared.settling, receiving: shared.receiving, close };
    } catch (error) {
      close();
      throw error;
    }
  };

  #create(options: ResolvedSqsOptions): Shared {
    const { maxSettleRequests, sharedReceives } = this.#limits;
    return {
      // Receives have their bound before they need a socket: a long poll that waited for one would hold up its queue.
      opening: createPort({ ...options, maxReceives: Infinity, maxSettleRequests }),
      settling: new PQueue({ concurrency: maxSettleRequests }),
      receiving: new ReceiveBudget(sharedReceives),
      users: 0,
    };
  }

  #leave(key: unknown, shared: Shared): void {
    shared.users -= 1;
    if (shared.users > 0) return;
    if (this.#open.get(key) === shared) this.#open.delete(key);
    shared.opening.then(
      (owned) => owned.destroy(),
      () => undefined, // Those who wait for it are told.
    );
  }
}

/** What a default client is made from, besides the limits. */
function keyOf({ client, queueUrl, region, requestTimeoutMs, shouldVerifyChecksums }: ResolvedSqsOptions): unknown {
  return client ?? `${new URL(queueUrl).origin} ${region} ${requestTimeoutMs} ${shouldVerifyChecksums}`;
}

async function createPort(options: ResolvedSqsOptions): Promise<OwnedPort> {
  const { client } = options;
  if (client === undefined) return createDefaultPort(options);
  return { port: await toPort(client), destroy: () => undefined };
}
