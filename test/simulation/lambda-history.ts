// A random history of a Lambda function: events one after the other or side by side, with failures, deadlines, stuck handlers,
// a slow client and stops. Handlers note what they have said, so that each answer can be held against it.
import {
  ack,
  deadLetter,
  drop,
  type Message,
  PoolWorker,
  release,
  retry,
  SemaphoreWorker,
  type SqsPort,
} from "millrace";
import { lambdaHandler, type LambdaHandlerOptions } from "millrace/lambda";
import { createSqsEvent, VirtualClock } from "millrace/testing";
import { Draw } from "./draw.js";

const QUEUE_ARN = "arn:aws:sqs:us-east-1:000000000000:orders";
const DEADLINE_MARGIN_MS = 1_000;
const ANSWER_MARGIN_MS = 250;

const OUTCOMES = ["ack", "ack", "ack", "ack", "drop", "throw", "retry", "release", "deadLetter"] as const;

/** What a message's handler is going to do. */
interface Plan {
  readonly says: (typeof OUTCOMES)[number];
  /** Undefined: it is synchronous. */
  readonly takesMs: number | undefined;
  readonly heedsSignal: boolean;
}

/** One message of an event, and what became of it. */
interface Entry {
  readonly id: string;
  readonly groupId: string;
  readonly plan: Plan;
  startedAt?: number;
  /** When its handler said that it was done, or the queue took its dead letter. */
  doneAt?: number;
  /** When its handler ended, however. */
  endedAt?: number;
}

/** What a history tells. */
export interface LambdaAccount {
  readonly violations: readonly string[];
  readonly reported: number;
  readonly done: number;
  /** Events that failed as a whole, as they do when the function is stopped before they were taken. */
  readonly failedEvents: number;
}

/** Plays a history to its end, on a virtual clock. */
export async function playLambdaHistory(seed: number): Promise<LambdaAccount> {
  const history = new LambdaHistory(new Draw(seed));
  await history.play();
  return history;
}

class LambdaHistory implements LambdaAccount {
  readonly violations: string[] = [];
  reported = 0;
  done = 0;
  failedEvents = 0;
  readonly #draw: Draw;
  readonly #clock = new VirtualClock();
  readonly #isFifo: boolean;
  readonly #concurrency: number;
  readonly #entries = new Map<string, Entry>();
  readonly #function: ReturnType<typeof lambdaHandler>;
  #running = 0;
  #lastId = 0;

  constructor(draw: Draw) {
    this.#draw = draw;
    this.#isFifo = draw.happens(0.5);
    this.#concurrency = draw.integer(1, 5);
    this.#function = lambdaHandler((message, { signal }) => this.#handle(message, signal), this.#createOptions());
    this.#function.consumer.on("error", () => undefined);
  }

  async play(): Promise<void> {
    const answers: Array<Promise<void>> = [];
    for (let events = this.#draw.integer(1, 4); events > 0; events -= 1) {
      const answer = this.#call();
      answers.push(answer);
      if (this.#draw.happens(0.7)) await this.#clock.runUntil(answer);
      else await this.#clock.advance(this.#draw.integer(0, 3_000));
      if (this.#draw.happens(0.2)) answers.push(this.#stop());
      if (this.#draw.happens(0.5)) await this.#clock.settle();
    }
    await this.#clock.runUntil(Promise.all(answers));
    await this.#clock.advance(100_000); // Stuck handlers end, too.
    await this.#clock.runUntil(this.#stop());
    if (this.#clock.pendingTimers > 0) this.#violate(`${this.#clock.pendingTimers} timers are left`);
    if (this.#running > 0) this.#violate(`${this.#running} handlers are left`);
  }

  #createOptions(): LambdaHandlerOptions {
    const draw = this.#draw;
    const size = this.#concurrency;
    const worker = draw.oneOf([
      () => new SemaphoreWorker({ permits: size }),
      () => new PoolWorker({ maxWorkers: size, waitingRoom: draw.integer(0, 8), idleTimeoutMs: 100 }),
    ])();
    const client = draw.maybe(0.6, () => this.#createClient());
    return {
      clock: this.#clock,
      worker,
      client,
      deadLetterQueueUrl: "https://sqs.us-east-1.amazonaws.com/000000000000/dead",
      abortGraceMs: draw.integer(0, 2_000),
      deadlineMarginMs: DEADLINE_MARGIN_MS,
      answerMarginMs: ANSWER_MARGIN_MS,
    };
  }

  /** Takes dead letters; slow at times, and refuses at times. */
  #createClient(): SqsPort {
    const answer = async (entries: ReadonlyArray<{ Id: string }>, onTaken: (index: number) => void) => {
      await this.#pause(this.#draw.oneOf([0, 5, 5, 5, 40, 8_000]));
      if (this.#draw.happens(0.1)) throw new Error("not reached");
      const taken = entries.filter(() => this.#draw.happens(0.9));
      for (const entry of taken) onTaken(entries.indexOf(entry));
      return { Successful: taken, Failed: [] };
    };
    return {
      receiveMessage: () => Promise.reject(new Error("Lambda receives")),
      deleteMessageBatch: () => Promise.reject(new Error("Lambda deletes")),
      changeMessageVisibilityBatch: ({ Entries }) => answer(Entries, () => undefined),
      sendMessageBatch: ({ Entries }) =>
        answer(Entries, (index) => {
          const entry = this.#entries.get(Entries[index]?.MessageBody ?? "");
          if (entry !== undefined) entry.doneAt ??= this.#clock.now();
        }),
    };
  }

  #plan(): Plan {
    const draw = this.#draw;
    return {
      says: draw.oneOf(OUTCOMES),
      takesMs: draw.oneOf([undefined, draw.integer(1, 400), draw.integer(1, 400), draw.integer(400, 20_000)]),
      heedsSignal: draw.happens(0.6),
    };
  }

  #handle({ Body = "" }: Message, signal: AbortSignal): unknown {
    const entry = this.#entries.get(Body) as Entry;
    if (entry.startedAt !== undefined) this.#violate(`${entry.id} was started twice`);
    entry.startedAt = this.#clock.now();
    if (entry.plan.takesMs === undefined) return this.#say(entry);
    this.#running += 1;
    if (this.#running > this.#concurrency) this.#violate(`${this.#running} ran at once`);
    return this.#work(entry, entry.plan.takesMs, signal);
  }

  async #work(entry: Entry, takesMs: number, signal: AbortSignal): Promise<unknown> {
    try {
      await this.#pause(takesMs, entry.plan.heedsSignal ? signal : undefined);
      if (entry.plan.heedsSignal) signal.throwIfAborted();
      return this.#say(entry);
    } finally {
      entry.endedAt = this.#clock.now();
      this.#running -= 1;
    }
  }

  #say(entry: Entry): unknown {
    entry.endedAt = this.#clock.now();
    switch (entry.plan.says) {
      case "ack":
      case "drop":
        entry.doneAt = this.#clock.now();
        return entry.plan.says === "ack" ? ack() : drop("not wanted");
      case "throw":
        throw new Error("no");
      case "retry":
        return retry({ afterSeconds: this.#draw.integer(0, 60) });
      case "release":
        return release();
      case "deadLetter":
        return deadLetter("nonsense");
    }
  }

  async #call(): Promise<void> {
    const draw = this.#draw;
    const entries = Array.from({ length: draw.integer(0, 14) }, (): Entry => {
      this.#lastId += 1;
      return { id: `id-${this.#lastId}`, groupId: draw.oneOf(["a", "b", "c"]), plan: this.#plan() };
    });
    for (const entry of entries) this.#entries.set(entry.id, entry);
    const messages = entries.map(({ id, groupId }) => ({ body: id, messageId: id, groupId }));
    const event = createSqsEvent(messages, { queueArn: QUEUE_ARN + (this.#isFifo ? ".fifo" : "") });
    const deadline = this.#clock.now() + draw.oneOf([0, 300, 1_500, 4_000, 30_000]);
    let share = 0; // Of the margins, as last asked for.
    const getRemainingTimeInMillis = (): number => {
      const remainingMs = deadline - this.#clock.now();
      share = Math.min(1, Math.max(0, remainingMs) / 2 / DEADLINE_MARGIN_MS);
      return remainingMs;
    };
    try {
      const { batchItemFailures } = await this.#function(event, { getRemainingTimeInMillis });
      const ids = batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
      this.#check(entries, ids, deadline - share * DEADLINE_MARGIN_MS);
    } catch {
      this.failedEvents += 1;
      if (entries.some(({ startedAt }) => startedAt !== undefined)) this.#violate("an event failed that had begun");
    }
    const answerBy = deadline - share * ANSWER_MARGIN_MS;
    if (this.#clock.now() > answerBy) this.#violate(`answered at ${this.#clock.now()}, after ${answerBy}`);
  }

  /** Holds an answer against what the handlers have said. */
  #check(entries: readonly Entry[], ids: readonly string[], abortAt: number): void {
    const now = this.#clock.now();
    const known = entries.map(({ id }) => id).filter((id) => ids.includes(id));
    if (known.join() !== ids.join()) this.#violate(`invented or out of order: ${ids.join()}`);
    this.reported += ids.length;
    this.done += entries.length - ids.length;
    const ended = new Map<string, string>();
    for (const entry of entries) {
      const { id, startedAt, doneAt, endedAt } = entry;
      const isReported = ids.includes(id);
      const name = `${id}, which ${entry.plan.says}s,`;
      if (!isReported && (doneAt === undefined || doneAt > now))
        this.#violate(`${name} was not reported and is not done`);
      // What is said in the moment of the answer may be too late for it.
      if (isReported && doneAt !== undefined && doneAt < now && entry.plan.says !== "deadLetter")
        this.#violate(`${name} was reported and is done`);
      if (startedAt !== undefined && startedAt >= abortAt) this.#violate(`${name} was started too late`);
      const wasTold = entry.plan.takesMs === undefined || !entry.plan.heedsSignal || (endedAt ?? Infinity) <= abortAt;
      if (startedAt !== undefined && !wasTold) this.#violate(`${name} was not told to end`);
      if (!this.#isFifo) continue;
      const before = ended.get(entry.groupId);
      if (before !== undefined && (!isReported || startedAt !== undefined))
        this.#violate(`${name} follows ${before}, which is not done`);
      if (isReported) ended.set(entry.groupId, id);
      const next = entries.slice(entries.indexOf(entry) + 1).find(({ groupId }) => groupId === entry.groupId);
      if ((next?.startedAt ?? Infinity) < (endedAt ?? Infinity)) this.#violate(`${next?.id} was started beside ${id}`);
    }
  }

  #violate(text: string): void {
    this.violations.push(text);
  }

  async #stop(): Promise<void> {
    await this.#function.consumer.stop({ timeoutMs: this.#draw.oneOf([0, 300, 500, 30_000]) });
  }

  /** Ends early when the signal aborts. */
  #pause(delayMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#clock.setTimer(resolve, delayMs);
      signal?.addEventListener("abort", () => {
        timer.cancel();
        resolve();
      });
    });
  }
}
