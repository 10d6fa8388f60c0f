// What a handler is told besides the message, built only when it is read.
import type { Delivery } from "../runner/runner.js";
import type { Execution } from "./execution.js";
import type { HandlerHost, HandlerTurn } from "./handler-life.js";

/**
 * What a handler is told besides the message. It may be taken apart: `(message, { signal, attempt }) => …`.
 *
 * @typeParam Resource - What the pool's workers own, made by `onWorkerStart`.
 */
export interface HandlerContext<Resource = unknown> {
  /**
   * Aborts when the work is no longer wanted. `signal.reason` is a `MillraceError` whose code says why:
   * `HANDLER_TIMEOUT`, `LEASE_LOST`, `STOPPED` (the stop's deadline has passed), `JOB_HALTED`, `INVOCATION_DEADLINE`
   * (in Lambda), or `EARLIER_NOT_DONE` (in a batch). A handler that never reads it costs no AbortController.
   */
  readonly signal: AbortSignal;
  /** How many times the message has been delivered, this time included; 1 for the first. On SQS: its receive count. */
  readonly attempt: number;
  /** The message's group, where the source has groups. */
  readonly groupId: string | undefined;
  /** When the message came to this process. */
  readonly receivedAt: Date;
  /** What the worker that runs this handler owns; undefined when there is no `onWorkerStart`. */
  readonly resource: Resource;
  /**
   * Keeps the message from others for at least so many seconds from now, beyond what the heartbeat does by itself.
   * Rarely needed: say, before work that blocks the event loop. Resolves when the source has confirmed it; at once where
   * the source never takes messages back.
   */
  readonly extend: (seconds: number) => Promise<void>;
}

/** A context that reads through to the execution, so that most of it costs nothing per message. */
export class LazyContext<Message, Resource> implements HandlerContext<Resource> {
  readonly #execution: Execution<Message, Resource>;
  readonly resource: Resource;

  constructor(execution: Execution<Message, Resource>, resource: Resource) {
    this.#execution = execution;
    this.resource = resource;
  }

  get signal(): AbortSignal {
    return this.#execution.signal;
  }

  get attempt(): number {
    return this.#delivery.attempt;
  }

  get groupId(): string | undefined {
    return this.#delivery.groupId;
  }

  get receivedAt(): Date {
    return this.#delivery.receivedAt;
  }

  /** A function of its own, so that it works after the context was taken apart. */
  get extend(): (seconds: number) => Promise<void> {
    return (seconds) => this.#execution.extend(seconds);
  }

  /** For handlers that keep something over many messages: see `hostOf`. */
  get handlerHost(): HandlerHost {
    return this.#execution.handlerHost;
  }

  /** For handlers that work on several messages together: see `turnOf`. */
  get handlerTurn(): HandlerTurn {
    return this.#execution;
  }

  get #delivery(): Delivery<Message> {
    return this.#execution.delivery;
  }
}
