// The clients that consumers are tested with, where a client can matter.
import type { SqsClient } from "millrace";
import { directClient } from "millrace/direct";

/** A client, and how to let go of it. */
interface TestClient {
  /** What to pass as the option `client`. */
  readonly client: SqsClient | undefined;
  /** To be called after the consumer has stopped. */
  readonly close: () => void;
}

/** A kind of client. */
export interface ClientKind {
  readonly name: string;
  readonly create: () => TestClient;
}

/** The client that a consumer makes for itself, and the one over undici. */
export const CLIENTS: readonly ClientKind[] = [
  { name: "the default client", create: () => ({ client: undefined, close: () => undefined }) },
  {
    name: "the direct client",
    create: () => {
      const client = directClient();
      return { client, close: () => void client.destroy() };
    },
  },
];
