// One connection to the broker, from the handshake until it is gone.
import { createDeferred } from "../internal/deferred.js";
import type { ResolvedRabbitOptions } from "./options.js";
import type { AmqpConnection, Connect } from "./port.js";

/** What a link is opened with. */
export interface LinkSettings {
  readonly connect: Connect;
  readonly url: string;
  readonly options: Pick<ResolvedRabbitOptions, "connectionName" | "connectTimeoutMs" | "socketOptions">;
  /** Gives up the attempt when it aborts. A link that is open does not heed it. */
  readonly signal: AbortSignal;
}

/** One connection. It is never opened a second time. */
export class Link {
  readonly connection: AmqpConnection;
  readonly #controller: AbortController;
  readonly #closed = createDeferred();
  #error: Error | undefined;
  #goodBye: Promise<void> | undefined;

  private constructor(connection: AmqpConnection, controller: AbortController) {
    this.connection = connection;
    this.#controller = controller;
    connection.on("error", (error) => (this.#error ??= error));
    connection.on("close", (error) => {
      this.#error ??= error;
      this.#closed.resolve();
    });
  }

  static async open({ connect, url, options, signal }: LinkSettings): Promise<Link> {
    signal.throwIfAborted();
    const controller = new AbortController();
    const giveUp = (): void => controller.abort(signal.reason);
    signal.addEventListener("abort", giveUp, { once: true });
    try {
      const connection = await connect(url, { ...options, signal: controller.signal });
      return new Link(connection, controller);
    } finally {
      signal.removeEventListener("abort", giveUp);
    }
  }

  /** Why it was closed, if the broker or the network did it. */
  get error(): Error | undefined {
    return this.#error;
  }

  /** Resolves when the connection is gone, whoever ended it. */
  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  /** Says good-bye to the broker, once, and waits for its answer until the signal aborts. */
  async close(signal: AbortSignal): Promise<void> {
    this.#goodBye ??= this.connection.close().catch(() => undefined); // Closed already.
    await untilAborted(Promise.race([this.#goodBye, this.closed]), signal);
    this.destroy();
  }

  /** Ends the socket, whatever it is about. */
  destroy(): void {
    this.#controller.abort();
  }
}

/** Waits for a promise that never rejects, until the signal aborts. */
export function untilAborted(promise: Promise<unknown>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      signal.removeEventListener("abort", end);
      resolve();
    };
    signal.addEventListener("abort", end);
    if (signal.aborted) end();
    else void promise.then(end, end);
  });
}
