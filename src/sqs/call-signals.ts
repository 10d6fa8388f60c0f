// What ends the calls of an SDK client, without a per-call option: with one, the client builds its chain of middleware
// anew for each call, and drops the chains that it has kept for the others (`cacheMiddleware`).
import type { SQSClient } from "@aws-sdk/client-sqs";
import type { Cancellation } from "../internal/cancellation.js";

/** What a request handler heeds. */
type CallSignal = AbortSignal | Cancellation;

/** The signals of calls that are out, by what they send. */
export class CallSignals {
  readonly #byInput = new WeakMap<object, CallSignal>();

  constructor(client: SQSClient) {
    const byRequest = new WeakMap<object, CallSignal>();
    client.middlewareStack.add(
      (next) => (call) => {
        const signal = this.#byInput.get(call.input);
        if (signal !== undefined) byRequest.set(call.request as object, signal);
        return next(call);
      },
      { step: "deserialize", priority: "low", name: "millraceCallSignals" },
    );
    const handler = client.config.requestHandler;
    const handle = handler.handle.bind(handler);
    handler.handle = (request, options) => {
      const abortSignal = byRequest.get(request as object);
      return handle(request, abortSignal === undefined ? options : { ...options, abortSignal });
    };
  }

  /** To be called before the client sends a command of that input. */
  set(input: object, signal: CallSignal): void {
    this.#byInput.set(input, signal);
  }
}
