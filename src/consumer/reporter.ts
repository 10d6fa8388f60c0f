// Where errors end up that no promise carries: in the `error` event, the log, and a count.
import { describeThrown, isInstance, MillraceError } from "../errors.js";
import { silence } from "../internal/silence.js";
import type { Counters } from "./counters.js";
import type { RunnerEvents } from "../runner/runner.js";
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
    const error = isInstance(thrown, MillraceError)
      ? thrown
      : new MillraceError("INTERNAL", `Something failed that should not: ${describeThrown(thrown)}`, {
          cause: thrown,
        });
    this.#counters.errors += 1;
    this.#logError(error);
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
    this.#logError(error);
  }

  #logError({ code, message, cause }: MillraceError): void {
    this.log("error", message, cause === undefined ? { code } : { code, cause });
  }

  /** Writes what the runner tells that is worth a line. Messages stay out of the log. */
  logFact<Name extends keyof RunnerEvents>(name: Name, facts: RunnerEvents[Name]): void {
    if (name === "backedOff") {
      const { delayMs, failures } = facts as RunnerEvents["backedOff"];
      this.log("warn", `the source is left alone for ${Math.round(delayMs)} ms`, { failures });
    } else if (name === "redelivered") {
      const { attempt } = facts as RunnerEvents["redelivered"];
      this.log("debug", "a message came again while it was here", { attempt });
    }
  }

  log(level: keyof Logger, message: string, facts?: unknown): void {
    try {
      const line = `millrace: ${message}`;
      silence(facts === undefined ? this.#logger?.[level](line) : this.#logger?.[level](line, facts));
    } catch {
      // A logger that throws has nowhere to be reported to.
    }
  }
}
