// A consumer of a queue whose handler's calls the test answers, and what it has told.
import { once } from "node:events";
import { Consumer, type HandlerContext, type MillraceError, retry } from "millrace";
import { type RabbitMessage, RabbitRunner, type RabbitRunnerOptions } from "millrace/rabbitmq";

/** One call of the handler. */
export interface Call {
  readonly message: RabbitMessage;
  readonly body: string;
  readonly attempt: number;
  readonly context: HandlerContext;
  /** Has the handler return this. */
  readonly end: (outcome?: unknown) => void;
}

/** A consumer, with everything it reported. */
export class RabbitRig implements AsyncDisposable {
  readonly consumer: Consumer<RabbitMessage>;
  readonly calls: Call[] = [];
  readonly errors: MillraceError[] = [];
  readonly #changes = new EventTarget();
  #ended = 0;
  /** What handlers answer at once; without it they wait for `end`. */
  answer: ((call: Call) => unknown) | undefined;

  constructor(options: RabbitRunnerOptions, answer?: (call: Call) => unknown) {
    this.answer = answer;
    this.consumer = new Consumer<RabbitMessage>((message, context) => this.#handle(message, context), {
      runner: new RabbitRunner(options),
      concurrency: 10,
      abortGraceMs: 50,
      retry: () => retry(),
    });
    this.consumer.on("error", (error) => void this.errors.push(error));
    this.consumer.on("messageFinished", () => {
      this.#ended += 1;
      this.#changes.dispatchEvent(new Event("change"));
    });
    for (const name of ["error", "settled", "backedOff", "messageRevoked", "received"] as const) {
      this.consumer.on(name, () => this.#changes.dispatchEvent(new Event("change")));
    }
  }

  static async start(options: RabbitRunnerOptions, answer?: (call: Call) => unknown): Promise<RabbitRig> {
    const rig = new RabbitRig(options, answer);
    await rig.consumer.start();
    return rig;
  }

  get codes(): string[] {
    return this.errors.map(({ code }) => code);
  }

  /** Waits until something holds, looking each time the consumer has told of something. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await once(this.#changes, "change");
  }

  async untilCalled(times: number): Promise<Call> {
    await this.until(() => this.calls.length >= times);
    return this.calls[times - 1] as Call;
  }

  /** Waits until so many handlers have ended. */
  async untilEnded(times: number): Promise<void> {
    await this.until(() => this.#ended >= times);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.consumer.stop({ timeoutMs: 0 });
  }

  #handle(message: RabbitMessage, context: HandlerContext): unknown {
    return new Promise((resolve) => {
      const body = message.content.toString();
      const call: Call = { message, body, attempt: context.attempt, context, end: resolve };
      this.calls.push(call);
      this.#changes.dispatchEvent(new Event("change"));
      if (this.answer !== undefined) resolve(this.answer(call));
    });
  }
}
