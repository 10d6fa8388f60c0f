// The handlers of a history: each run does what its turn says, and is written down.
import { ack, deadLetter, drop, type Handler, type HandlerContext, type Message, release, retry } from "millrace";
import type { VirtualClock } from "millrace/testing";
import type { History, Turn } from "./history.js";

/** What a run has said: that the message is done, that it is dead, or that it is to come back. */
export type Said = "done" | "dead" | "back";

export interface Run {
  readonly consumer: number;
  readonly messageId: string;
  readonly body: string;
  readonly attempt: number;
  readonly weight: number;
  readonly startedAtMs: number;
  readonly turn: Turn;
  endedAtMs: number | undefined;
  said: Said | undefined;
  /** The code of the reason for which its signal aborted. */
  abortedWith: string | undefined;
}

const PLAIN_TURN: Turn = {
  ending: "return",
  durationMs: 0,
  isSynchronous: false,
  isHeedful: true,
  retrySeconds: 0,
  extendSeconds: undefined,
  stopTimeoutMs: undefined,
};

/** What the handlers tell of themselves. */
export interface HandlerSideOptions {
  readonly history: History;
  readonly clock: VirtualClock;
  readonly began: (run: Run) => void;
  readonly ended: (run: Run) => void;
  /** A handler wants its consumer stopped. */
  readonly stop: (consumer: number, timeoutMs: number) => void;
}

export class HandlerSide {
  readonly runs: Run[] = [];
  /** Whether handlers are past their plans: each returns at once. */
  isPlain = false;
  readonly #options: HandlerSideOptions;
  readonly #turnsTaken = new Map<string, number>();

  constructor(options: HandlerSideOptions) {
    this.#options = options;
  }

  createHandler(consumer: number): Handler<Message> {
    return (message, context) => {
      const run = this.#begin(consumer, message, context);
      const { turn } = run;
      if (turn.isSynchronous) return this.#end(run);
      return this.#perform(run, context);
    };
  }

  weightOf(body: string | undefined): number {
    return this.#options.history.messages[Number(body)]?.weight ?? 1;
  }

  #begin(consumer: number, message: Message, { attempt, signal }: HandlerContext): Run {
    const { history, clock, began } = this.#options;
    const body = message.Body as string;
    const taken = this.#turnsTaken.get(body) ?? 0;
    this.#turnsTaken.set(body, taken + 1);
    const run: Run = {
      consumer,
      messageId: message.MessageId as string,
      body,
      attempt,
      weight: this.weightOf(body),
      startedAtMs: clock.now(),
      turn: (this.isPlain ? undefined : history.messages[Number(body)]?.turns[taken]) ?? PLAIN_TURN,
      endedAtMs: undefined,
      said: undefined,
      abortedWith: undefined,
    };
    this.runs.push(run);
    const note = (): void => {
      if (run.endedAtMs === undefined) run.abortedWith = (signal.reason as { code?: string }).code;
    };
    signal.addEventListener("abort", note, { once: true });
    began(run);
    return run;
  }

  async #perform(run: Run, context: HandlerContext): Promise<unknown> {
    const { turn } = run;
    const { stop } = this.#options;
    if (turn.extendSeconds !== undefined) context.extend(turn.extendSeconds).catch(() => undefined);
    try {
      if (turn.stopTimeoutMs !== undefined) {
        await this.#sleep(turn.durationMs / 2, run, context);
        stop(run.consumer, turn.stopTimeoutMs);
        await this.#sleep(turn.durationMs / 2, run, context);
      } else if (turn.durationMs > 0) await this.#sleep(turn.durationMs, run, context);
    } catch (reason) {
      this.#close(run, "back");
      throw reason;
    }
    return this.#end(run);
  }

  #sleep(ms: number, run: Run, { signal }: HandlerContext): Promise<void> {
    const { clock } = this.#options;
    return new Promise((resolve, reject) => {
      const timer = clock.setTimer(resolve, ms);
      if (!run.turn.isHeedful) return;
      const end = (): void => {
        timer.cancel();
        reject(signal.reason as Error);
      };
      if (signal.aborted) end();
      else signal.addEventListener("abort", end, { once: true });
    });
  }

  #close(run: Run, said: Said): void {
    run.endedAtMs = this.#options.clock.now();
    run.said = said;
    this.#options.ended(run);
  }

  #end(run: Run): unknown {
    const { turn } = run;
    switch (turn.ending) {
      case "return":
        this.#close(run, "done");
        return undefined;
      case "returnText":
        this.#close(run, "done");
        return "retry";
      case "ack":
        this.#close(run, "done");
        return ack(7);
      case "drop":
        this.#close(run, "done");
        return drop("not wanted");
      case "deadLetter":
        this.#close(run, "dead");
        return deadLetter("cannot be done");
      default:
        this.#close(run, "back");
        return endBadly(turn);
    }
  }
}

function endBadly({ ending, retrySeconds }: Turn): unknown {
  switch (ending) {
    case "retry":
      return retry({ afterSeconds: retrySeconds });
    case "release":
      return release();
    case "throwRetry":
      // eslint-disable-next-line typescript/only-throw-error -- a handler may throw an outcome.
      throw retry({ afterSeconds: retrySeconds });
    case "throwUndefined":
      // eslint-disable-next-line typescript/only-throw-error -- handlers throw anything.
      throw undefined;
    case "throwText":
      // eslint-disable-next-line typescript/only-throw-error -- handlers throw anything.
      throw "a text";
    default:
      throw new Error("a handler has failed");
  }
}
