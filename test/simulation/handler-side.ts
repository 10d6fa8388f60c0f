// The handlers of a history: each run does what its turn says, and is written down.
import type { Handler, HandlerContext, Message } from "millrace";
import type { VirtualClock } from "millrace/testing";
import { BatchSide } from "./batch-side.js";
import type { BatchPlan, History, Turn } from "./history.js";
import type { Process } from "./process.js";
import { endTurn, PLAIN_TURN, type Said, saidBy } from "./turns.js";

export interface Run {
  readonly consumer: number;
  readonly messageId: string;
  readonly body: string;
  readonly attempt: number;
  readonly weight: number;
  readonly group: number;
  readonly startedAtMs: number;
  readonly turn: Turn;
  endedAtMs: number | undefined;
  said: Said | undefined;
  /** When its signal has aborted, if it has one. */
  toldAtMs: number | undefined;
  /** Of the batch that it was handed over in. */
  batchKey: string | undefined;
  /** The code of the reason for which its signal aborted before it ended. */
  abortedWith: string | undefined;
}

/** Where the handlers of a consumer run. */
export interface HandlerPlace {
  readonly consumer: number;
  readonly process: Process;
  readonly batches: BatchPlan | undefined;
}

/** What the handlers tell of themselves. */
export interface HandlerSideOptions {
  readonly history: History;
  readonly clock: VirtualClock;
  readonly began: (run: Run) => void;
  readonly ended: (run: Run) => void;
  /** A batch is handed over. */
  readonly handedOver: (consumer: number, runs: readonly Run[], key: string) => void;
  /** A handler wants its consumer stopped. */
  readonly stop: (consumer: number, timeoutMs: number) => void;
}

export class HandlerSide {
  readonly runs: Run[] = [];
  readonly #options: HandlerSideOptions;
  readonly #runsByMessage = new Map<string, Run[]>();
  readonly #turnsTaken = new Map<string, number>();
  /** Whether handlers are past their plans: each returns at once. */
  isPlain = false;

  constructor(options: HandlerSideOptions) {
    this.#options = options;
  }

  /** The runs of one message, oldest first. */
  of(messageId: string): readonly Run[] {
    return this.#runsByMessage.get(messageId) ?? [];
  }

  createHandler(place: HandlerPlace): Handler<Message> {
    const { batches, process, consumer } = place;
    if (batches !== undefined) {
      const { clock, history, handedOver } = this.#options;
      const plan = history.consumers[consumer];
      const isFifo = history.queues[plan?.queue ?? 0]?.isFifo === true;
      const side = new BatchSide({
        plan: batches,
        process,
        clock,
        isFifo,
        isBurying: plan?.retry === "deadLetter",
        begin: (message, context) => this.#begin(consumer, message, context),
        close: (run, said) => this.#close(run, said),
        handedOver: (runs, key) => handedOver(consumer, runs, key),
      });
      return side.handler;
    }
    return (message, context) => {
      const run = this.#begin(consumer, message, context);
      if (run.turn.isSynchronous) return this.#end(run);
      return this.#perform(run, context, process);
    };
  }

  weightOf(body: string | undefined): number {
    return this.#options.history.messages[Number(body)]?.weight ?? 1;
  }

  #begin(consumer: number, message: Message, context: HandlerContext): Run {
    const { history, clock, began } = this.#options;
    const body = message.Body as string;
    const taken = this.#turnsTaken.get(body) ?? 0;
    this.#turnsTaken.set(body, taken + 1);
    const planned = history.messages[Number(body)];
    const turn = (this.isPlain ? undefined : planned?.turns[taken]) ?? PLAIN_TURN;
    const run: Run = {
      consumer,
      messageId: message.MessageId as string,
      body,
      attempt: context.attempt,
      weight: this.weightOf(body),
      group: planned?.group ?? 0,
      startedAtMs: clock.now(),
      turn,
      endedAtMs: undefined,
      said: undefined,
      toldAtMs: undefined,
      batchKey: undefined,
      abortedWith: undefined,
    };
    this.runs.push(run);
    const ofMessage = this.#runsByMessage.get(run.messageId);
    if (ofMessage === undefined) this.#runsByMessage.set(run.messageId, [run]);
    else ofMessage.push(run);
    if (turn.hasSignal) noteAbort(run, context.signal, clock);
    began(run);
    return run;
  }

  async #perform(run: Run, context: HandlerContext, process: Process): Promise<unknown> {
    const { turn } = run;
    const { stop } = this.#options;
    if (turn.extendSeconds !== undefined) context.extend(turn.extendSeconds).catch(() => undefined);
    try {
      if (turn.stopTimeoutMs !== undefined) {
        await this.#sleep(turn.durationMs / 2, { run, context, process });
        stop(run.consumer, turn.stopTimeoutMs);
        await this.#sleep(turn.durationMs / 2, { run, context, process });
      } else if (turn.durationMs > 0) await this.#sleep(turn.durationMs, { run, context, process });
    } catch (reason) {
      this.#close(run, "back");
      throw reason;
    }
    return this.#end(run);
  }

  #sleep(
    ms: number,
    { run, context, process }: { run: Run; context: HandlerContext; process: Process },
  ): Promise<void> {
    const { clock } = this.#options;
    return new Promise((resolve, reject) => {
      const timer = clock.setTimer(() => process.whenAwake(resolve), ms);
      if (!run.turn.isHeedful) return;
      const { signal } = context;
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
    this.#close(run, saidBy(run.turn));
    return endTurn(run.turn);
  }
}

function noteAbort(run: Run, signal: AbortSignal, clock: VirtualClock): void {
  const note = (): void => {
    run.toldAtMs = clock.now();
    if (run.endedAtMs === undefined) run.abortedWith = (signal.reason as { code?: string }).code;
  };
  if (signal.aborted) note();
  else signal.addEventListener("abort", note, { once: true });
}
