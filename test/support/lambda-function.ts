// A function on the managed runtime, on a virtual clock.
import { type Handler, type Message, type MillraceError } from "millrace";
import { type LambdaHandler, lambdaHandler, type LambdaHandlerOptions } from "millrace/lambda";
import { createSqsEvent, type SqsEventMessage, VirtualClock } from "millrace/testing";

export const FIFO_ARN = "arn:aws:sqs:us-east-1:000000000000:orders.fifo";

export interface InvokeOptions {
  readonly remainingMs?: number;
  readonly queueArn?: string;
}

export interface LambdaFunctionOptions extends Omit<LambdaHandlerOptions, "clock"> {
  readonly clock?: VirtualClock;
}

/** A function that a test calls, and what it has reported. */
export class LambdaFunction {
  readonly clock: VirtualClock;
  readonly errors: MillraceError[] = [];
  readonly call: LambdaHandler;

  constructor(handler: Handler<Message>, options: LambdaFunctionOptions = {}) {
    this.clock = options.clock ?? new VirtualClock();
    this.call = lambdaHandler(handler, { ...options, clock: this.clock });
    this.call.consumer.on("error", (error) => void this.errors.push(error));
  }

  /** Calls it with these messages and gives the ids of those that are not done, when time has come to that. */
  async invoke(messages: ReadonlyArray<string | SqsEventMessage>, options: InvokeOptions = {}): Promise<string[]> {
    return this.clock.runUntil(this.begin(messages, options));
  }

  /** The same, for a test that moves the time itself. */
  async begin(messages: ReadonlyArray<string | SqsEventMessage>, options: InvokeOptions = {}): Promise<string[]> {
    const { remainingMs = 30_000, queueArn } = options;
    const event = createSqsEvent(messages, queueArn === undefined ? {} : { queueArn });
    const { batchItemFailures } = await this.call(event, this.contextFor(remainingMs));
    return batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
  }

  contextFor(remainingMs: number): { getRemainingTimeInMillis(): number } {
    const deadline = this.clock.now() + remainingMs;
    return { getRemainingTimeInMillis: () => deadline - this.clock.now() };
  }

  pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.clock.setTimer(resolve, delayMs);
    });
  }
}

/** Ids as `createSqsEvent` makes them: "message-1" and so on. */
export function idsOf(...places: number[]): string[] {
  return places.map((place) => `message-${place}`);
}
