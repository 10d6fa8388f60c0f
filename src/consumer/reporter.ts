// Where errors end up that no promise carries: in the `error` event, the log, and a count.
import { MillraceError } from "../errors.js";
import type { Counters } from "./counters.js";
import type { Logger } from "./events.js";

/** Reports errors and writes the log. It never throws, whatever listeners and loggers do. */
export class Reporter {
  readonly #logger: Logger | undefined;
  readonly #counters: Counters;
  readonly #emit: (error: MillraceError) => void;

  constructor(options: { logger: Logger | undefined; counters: Counters; emit: (error: MillraceError) => void }) {
    this.#logger = options.logger;
    this.#counters = options.counters;
    this.#emit = options.emit;
  }

  /** Reports whatever was thrown, as an error of millrace. */
  readonly report = (thrown: unknown): void => {
    const error =
      thrown instanceof MillraceError
        ? thrown
        : new MillraceError("INTERNAL", `Something failed that should not: ${String(thrown)}`, { cause: thrown });
    this.#counters.errors += 1;
    this.log("error", error.message, error);
    this.#emit(error);
  };

  /** Reports a listener that failed; one of `error` itself is only logged, or it would be told of its own failure. */
  listenerFailed(event: string, cause: unknown): void {
    const error = new MillraceError("LISTENER_FAILED", `A listener of the event ${event} has failed.`, { cause });
    if (event !== "error") {
      this.report(error);
      return;
    }
    this.#counters.errors += 1;
    this.log("error", error.message, error);
  }

  log(level: keyof Logger, message: string, facts?: unknown): void {
    try {
      this.#logger?.[level](`millrace: ${message}`, facts);
    } catch {
      // A logger that throws has nowhere to be reported to.
    }
  }
}
