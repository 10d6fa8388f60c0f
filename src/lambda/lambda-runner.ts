// The runner for container images: a custom runtime, which asks Lambda's Runtime API for one event after the other.
import { OptionError } from "../errors.js";
import { OptionReader } from "../internal/options.js";
import type { Intake, Runner, RunnerStats } from "../runner/runner.js";
import type { Message } from "../sqs/message.js";
import { EventRunner } from "./event-runner.js";
import { type LambdaEventOptions, readEventOptions } from "./options.js";
import { RuntimeApi } from "./runtime-api.js";

/** What a `LambdaRunner` is made with. */
export interface LambdaRunnerOptions extends LambdaEventOptions {
  /** Where the Runtime API listens, as `host:port`. Default: what Lambda says in `AWS_LAMBDA_RUNTIME_API`. */
  runtimeApi?: string | undefined;
}

/**
 * A custom runtime for Lambda functions in container images: it asks the Runtime API for an event, spreads its records over
 * the consumer's worker, answers which messages are not done, and asks for the next. What the process has loaded stays.
 *
 * The trigger (event source mapping) must have `ReportBatchItemFailures` among its function response types. Without it
 * Lambda does not look at the answer, and deletes the messages that have failed.
 */
export class LambdaRunner implements Runner<Message> {
  readonly #api: RuntimeApi;
  readonly #runner: EventRunner;

  /** @throws OptionError when an option cannot be used, or when this process does not run in Lambda. */
  constructor(options: LambdaRunnerOptions = {}) {
    const reader = new OptionReader("LambdaRunner", options);
    this.#api = new RuntimeApi(readAddress(reader));
    this.#runner = new EventRunner(this.#api, readEventOptions(reader));
    reader.finish();
  }

  /**
   * Tells Lambda that the function could not be made ready, so that the reason stands beside the failed calls. The process
   * is to end after that.
   *
   * @throws MillraceError `RUNTIME_API_FAILED` when it cannot be told.
   */
  async reportInitError(error: unknown): Promise<void> {
    await this.#api.reportInitError(error);
  }

  async open(): Promise<void> {
    await this.#runner.open();
  }

  async run(intake: Intake<Message>): Promise<void> {
    await this.#runner.run(intake);
  }

  async close(signal: AbortSignal): Promise<void> {
    await this.#runner.close(signal);
  }

  /** Requests for events that are out, and outcomes that are unconfirmed. */
  stats(): RunnerStats {
    return { ...this.#runner.stats(), receivesInFlight: this.#api.isAsking ? 1 : 0 };
  }
}

function readAddress(reader: OptionReader): string {
  const address = reader.raw("runtimeApi") ?? process.env["AWS_LAMBDA_RUNTIME_API"];
  if (typeof address === "string" && /^[^/\s]+:\d+$/u.test(address)) return address;
  const expected = "an address such as 127.0.0.1:9001; Lambda says it in AWS_LAMBDA_RUNTIME_API";
  throw new OptionError("runtimeApi", expected, address);
}
