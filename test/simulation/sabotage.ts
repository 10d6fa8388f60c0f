// Ways to break a consumer on purpose, so that the checks can be seen to fail.
import type { Handler, Message, RetryPolicy, SqsPort, Worker } from "millrace";

export interface Sabotage {
  port(port: SqsPort): SqsPort;
  handler(handler: Handler<Message>): Handler<Message>;
  readonly retry: RetryPolicy | undefined;
  readonly worker: (() => Worker) | undefined;
}

export const NO_SABOTAGE: Sabotage = {
  port: (port) => port,
  handler: (handler) => handler,
  retry: undefined,
  worker: undefined,
};
