// What a handler in a thread is told besides the message: the context of the main thread, as far as it reaches.
import type { MessagePort } from "node:worker_threads";
import type { HandlerContext } from "../consumer/context.js";
import { MillraceError } from "../errors.js";
import { createDeferred, type Deferred } from "../internal/deferred.js";
import { fromPortable } from "./portable-error.js";
import type { FromThread, ThreadCallFacts, ToThread } from "./protocol.js";

/** A handler's context in a thread. */
export class ThreadContext implements HandlerContext<undefined> {
  readonly attempt: number;
  readonly groupId: string | undefined;
  readonly receivedAt: Date;
  readonly resource: undefined = undefined;
  /** A function of its own, so that it works after the context was taken apart. */
  readonly extend: (seconds: number) => Promise<void>;
  readonly #port: MessagePort;
  readonly #controller = new AbortController();
  readonly #extensions = new Map<number, Deferred<void>>();
  #lastId = 0;
  #isOver = false;

  constructor({ attempt, groupId, receivedAt }: ThreadCallFacts, port: MessagePort) {
    this.attempt = attempt;
    this.groupId = groupId;
    this.receivedAt = receivedAt;
    this.extend = (seconds) => this.#extend(seconds);
    this.#port = port;
    port.on("message", (message: ToThread) => this.#receive(message));
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The handler has ended: nothing more is heard. */
  end(): void {
    this.#isOver = true;
    for (const extension of this.#extensions.values()) extension.reject(createOverError());
    this.#extensions.clear();
  }

  async #extend(seconds: number): Promise<void> {
    if (this.#isOver) throw createOverError();
    this.#lastId += 1;
    const extension = createDeferred();
    this.#extensions.set(this.#lastId, extension);
    this.#port.postMessage({ kind: "extend", id: this.#lastId, seconds } satisfies FromThread);
    await extension.promise;
  }

  #receive(message: ToThread): void {
    if (message.kind === "abort") {
      this.#controller.abort(fromPortable(message.reason));
      return;
    }
    const extension = this.#extensions.get(message.id);
    this.#extensions.delete(message.id);
    if (message.error === undefined) extension?.resolve();
    else extension?.reject(fromPortable(message.error));
  }
}

function createOverError(): MillraceError {
  return new MillraceError("LEASE_LOST", "The handler has ended: its message cannot be extended.");
}
