// The handlers of batches: a run begins when its message comes into a slot, and ends with its batch.
import {
  type BatchAnswer,
  type BatchContext,
  type BatchItem,
  type Handler,
  type HandlerContext,
  inBatches,
  type Message,
  type Outcome,
} from "millrace";
import type { VirtualClock } from "millrace/testing";
import type { Run } from "./handler-side.js";
import type { BatchPlan } from "./history.js";
import type { Process } from "./process.js";
import { endTurn, type Said, saidBy } from "./turns.js";

/** What batches need of the other handlers. */
export interface BatchSideOptions {
  readonly plan: BatchPlan;
  readonly process: Process;
  readonly clock: VirtualClock;
  readonly isFifo: boolean;
  /** Whether the retry policy buries what has failed: that is done, too, for those behind it. */
  readonly isBurying: boolean;
  readonly begin: (message: Message, context: HandlerContext) => Run;
  readonly close: (run: Run, said: Said) => void;
  readonly handedOver: (runs: readonly Run[], key: string) => void;
}

export class BatchSide {
  readonly #options: BatchSideOptions;
  readonly #runs = new Map<Message, Run>();
  readonly #gathering: Handler<Message>;

  constructor(options: BatchSideOptions) {
    this.#options = options;
    const { size, waitMs, key } = options.plan;
    this.#gathering = inBatches((items, batch) => this.#handle(items, batch), {
      size,
      waitMs,
      key: key === "none" ? undefined : (message, { groupId = "" }) => this.#keyOf(message, groupId),
    });
  }

  readonly handler: Handler<Message> = async (message, context) => {
    const run = this.#options.begin(message, context);
    this.#runs.set(message, run);
    try {
      return await this.#gathering(message, context);
    } finally {
      // It left before its batch was handed over, or with an abort.
      if (run.endedAtMs === undefined) this.#options.close(run, "back");
      this.#runs.delete(message);
    }
  };

  #keyOf({ Body = "" }: Message, groupId: string): string {
    return this.#options.plan.key === "group" ? groupId : String(Number(Body) % 3);
  }

  async #handle(items: ReadonlyArray<BatchItem<Message>>, batch: BatchContext): Promise<BatchAnswer> {
    const { close, handedOver } = this.#options;
    const runs = items.map(({ message }) => this.#runs.get(message) as Run);
    handedOver(runs, batch.key);
    const [first] = runs;
    try {
      await this.#sleep(first?.turn.durationMs ?? 0, first?.turn.isHeedful === true ? batch.signal : undefined);
    } catch (reason) {
      for (const run of runs) if (run.endedAtMs === undefined) close(run, "back");
      throw reason;
    }
    return this.#answer(runs);
  }

  /** What is behind one that is not done, in its group, goes back whatever is said of it. */
  #answer(runs: readonly Run[]): BatchAnswer {
    const halted = new Set<number>();
    return runs.map((run) => {
      const said = this.#options.isFifo && halted.has(run.group) ? "back" : saidBy(run.turn);
      if (said === "back" && !(this.#options.isBurying && hasThrown(run))) halted.add(run.group);
      if (run.endedAtMs === undefined) this.#options.close(run, said);
      return answerOf(run);
    });
  }

  #sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
    const { clock, process } = this.#options;
    return new Promise((resolve, reject) => {
      const timer = clock.setTimer(() => process.whenAwake(resolve), ms);
      if (signal === undefined) return;
      const end = (): void => {
        timer.cancel();
        reject(signal.reason as Error);
      };
      if (signal.aborted) end();
      else signal.addEventListener("abort", end, { once: true });
    });
  }
}

function hasThrown({ turn: { ending } }: Run): boolean {
  return ending === "throwError" || ending === "throwText" || ending === "throwUndefined";
}

function answerOf({ turn }: Run): Outcome | Error | undefined {
  try {
    const said = endTurn(turn);
    return typeof said === "object" ? (said as Outcome) : undefined;
  } catch (thrown) {
    if (thrown instanceof Error) return thrown;
    return typeof thrown === "object" && thrown !== null ? (thrown as Outcome) : new Error(String(thrown));
  }
}
