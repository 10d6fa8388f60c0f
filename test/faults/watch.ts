// What a consumer does, seen from between it and its client, and between it and the clock.
import type { Clock, SqsPort, Timer } from "millrace";

/** A request of the consumer. Moments are those of `performance.now()`. */
export interface WatchedRequest {
  readonly operation: "ReceiveMessage" | "DeleteMessageBatch" | "ChangeMessageVisibilityBatch" | "SendMessageBatch";
  readonly sentAtMs: number;
  /** Of a receive: how many messages were asked for. */
  readonly asked: number;
  /** Of a batch: the handles that it names, by their position. */
  readonly handles: ReadonlyArray<string | undefined>;
  endedAtMs: number | undefined;
  /** Whether it ended with an error, or its answer came when nobody waited for it any more. */
  hasFailed: boolean;
  /** Of a batch: which entries the answer has not confirmed. */
  readonly unconfirmed: Set<number>;
}

interface BatchEntry {
  readonly ReceiptHandle?: string | undefined;
}

/** Answers of any operation, as far as they are looked into. */
interface SomeAnswer {
  readonly Messages?: unknown;
  readonly Successful?: unknown;
}

interface Asking {
  readonly asked?: number;
  readonly entries?: readonly BatchEntry[];
  readonly abortSignal?: AbortSignal | undefined;
}

/** Writes down every request of a consumer, and what of the answers came through to it. */
export class RequestLog {
  readonly requests: WatchedRequest[] = [];
  /** Receipt handles that came while the consumer still waited for them. */
  readonly arrived: Set<string> = new Set();

  /** The same calls, written down. */
  watch(port: SqsPort): SqsPort {
    return {
      ...port,
      receiveMessage: (input, options) =>
        this.#note("ReceiveMessage", { asked: input.MaxNumberOfMessages, abortSignal: options?.abortSignal }, () =>
          port.receiveMessage(input, options),
        ),
      deleteMessageBatch: (input) =>
        this.#note("DeleteMessageBatch", { entries: input.Entries }, () => port.deleteMessageBatch(input)),
      changeMessageVisibilityBatch: (input) =>
        this.#note("ChangeMessageVisibilityBatch", { entries: input.Entries }, () =>
          port.changeMessageVisibilityBatch(input),
        ),
      sendMessageBatch: (input) => this.#note("SendMessageBatch", {}, () => port.sendMessageBatch(input)),
    };
  }

  async #note<Output extends object>(
    operation: WatchedRequest["operation"],
    { asked = 0, entries = [], abortSignal }: Asking,
    call: () => Promise<Output>,
  ): Promise<Output> {
    const request: WatchedRequest = {
      operation,
      sentAtMs: performance.now(),
      asked,
      handles: entries.map(({ ReceiptHandle }) => ReceiptHandle),
      endedAtMs: undefined,
      hasFailed: true,
      unconfirmed: new Set(entries.keys()),
    };
    this.requests.push(request);
    try {
      const output = await call();
      request.hasFailed = abortSignal?.aborted === true;
      if (!request.hasFailed) this.#read(request, output);
      return output;
    } finally {
      request.endedAtMs = performance.now();
    }
  }

  #read(request: WatchedRequest, output: SomeAnswer | null): void {
    for (const message of listOf(output?.Messages)) {
      const { ReceiptHandle } = (message ?? {}) as BatchEntry;
      if (ReceiptHandle !== undefined) this.arrived.add(ReceiptHandle);
    }
    for (const entry of listOf(output?.Successful)) {
      const { Id } = (entry ?? {}) as { readonly Id?: unknown };
      request.unconfirmed.delete(Number(Id));
    }
  }
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The time of a clock, and how many timers somebody has set on it. */
export class TimerCount implements Clock {
  readonly #clock: Clock;
  readonly #timers = new Set<object>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get pending(): number {
    return this.#timers.size;
  }

  now(): number {
    return this.#clock.now();
  }

  setTimer(callback: () => void, delayMs: number): Timer {
    const token = {};
    this.#timers.add(token);
    const timer = this.#clock.setTimer(() => {
      this.#timers.delete(token);
      callback();
    }, delayMs);
    return {
      cancel: () => {
        this.#timers.delete(token);
        timer.cancel();
      },
    };
  }
}
