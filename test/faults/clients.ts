// The clients over which faults are tried.
import type { SqsClient } from "millrace";
import { directClient } from "millrace/direct";

/** A client for one consumer. */
export interface MadeClient {
  /** Undefined for the default client, which the runner makes and ends. */
  readonly client: SqsClient | undefined;
  destroy(): Promise<void>;
}

/** A kind of client. */
export interface ClientKind {
  readonly name: string;
  readonly create: (options: { readonly requestTimeoutMs: number }) => MadeClient;
}

export const CLIENTS: readonly ClientKind[] = [
  { name: "SDK", create: () => ({ client: undefined, destroy: () => Promise.resolve() }) },
  {
    name: "direct",
    create: (options) => {
      const client = directClient(options);
      return { client, destroy: () => client.destroy() };
    },
  },
];
