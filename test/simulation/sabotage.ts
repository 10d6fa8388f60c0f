// Ways to break a consumer on purpose, so that the checks can be seen to fail.
import type { Consumer, Handler, Message, RetryPolicy, SqsPort, Worker } from "millrace";
import type { ServiceSide } from "./service-side.js";

export interface Sabotage {
  port(port: SqsPort): SqsPort;
  handler(handler: Handler<Message>): Handler<Message>;
  consumer(consumer: Consumer): void;
  service(service: ServiceSide): void;
  readonly retry: RetryPolicy | undefined;
  readonly worker: (() => Worker) | undefined;
  /** Instead of the planned size of batches. */
  readonly batchSize: number | undefined;
}

export const NO_SABOTAGE: Sabotage = {
  port: (port) => port,
  handler: (handler) => handler,
  consumer: () => undefined,
  service: () => undefined,
  retry: undefined,
  worker: undefined,
  batchSize: undefined,
};
