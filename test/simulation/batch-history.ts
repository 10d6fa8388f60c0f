// A random history of a queue whose handler takes batches, drawn from one seed: whoever plays it learns where the order within a
// group of a FIFO queue was broken, what was deleted that was not done, and what was left behind.
import {
  type BatchAnswer,
  type BatchContext,
  type BatchItem,
  type BatchOptions,
  drop,
  inBatches,
  type Message,
  type Outcome,
  release,
  retry,
  SemaphoreWorker,
} from "millrace";
import { SimulatedQueue, type TestConsumer } from "../support/simulated-queue.js";
import { Draw } from "./draw.js";
import { interleave } from "./fifo-history.js";

/** The longest that a queue may take to be emptied when nothing goes wrong any more but handlers. */
const LONGEST_END_MS = 4 * 3_600_000;

/** What came of a history. */
export interface BatchAccount {
  readonly violations: readonly string[];
  /** The most groups of which a handler had messages at once. */
  readonly mostGroups: number;
  /** The most messages of one group in a batch. */
  readonly mostOfGroup: number;
  /** Messages behind one of their group that was not done, in the same batch. */
  readonly overruled: number;
}

interface Numbered {
  readonly group: string;
  readonly number: number;
  readonly signal: AbortSignal;
}

/** Plays the history of the seed to its end: when the queue is empty. */
export async function playBatchHistory(seed: number, { isFifo }: { readonly isFifo: boolean }): Promise<BatchAccount> {
  const draw = new Draw(seed);
  const queue = await SimulatedQueue.create({ isFifo, seed });
  return new BatchHistory(queue, draw, isFifo).play();
}

class BatchHistory {
  readonly #queue: SimulatedQueue;
  readonly #draw: Draw;
  readonly #isFifo: boolean;
  readonly #counts: readonly number[];
  readonly #unsent: string[];
  readonly #consumer: TestConsumer;
  /** Messages that a handler was done with. */
  readonly #doneWith = new Set<string>();
  /** The highest number of each group among them. */
  readonly #done = new Map<string, number>();
  /** What the handler has of each group. */
  readonly #running = new Map<string, Numbered>();
  /** The batches that the handler has of each key, where there are keys. */
  readonly #runningKeys = new Map<string, BatchContext>();
  #size = 0;
  #hasKeys = false;
  readonly #violations: string[] = [];
  #mostGroups = 0;
  #mostOfGroup = 0;
  #overruled = 0;

  constructor(queue: SimulatedQueue, draw: Draw, isFifo: boolean) {
    this.#isFifo = isFifo;
    this.#queue = queue;
    this.#draw = draw;
    this.#counts = Array.from({ length: draw.integer(1, 12) }, () => draw.integer(1, 25));
    this.#unsent = interleave(this.#counts, draw);
    this.#consumer = this.#createConsumer();
  }

  async play(): Promise<BatchAccount> {
    const { clock, sqs } = this.#queue;
    for (let period = 0; period < 4; period += 1) await this.#disturb();
    sqs.clearFaults();
    await this.#send(this.#unsent.splice(0));
    await clock.runUntil(this.#consumer.start());
    try {
      await clock.runUntil(() => this.#queue.size === 0, { timeoutMs: LONGEST_END_MS });
    } catch {
      this.#violations.push(`${this.#queue.size} messages were left behind`);
    }
    await clock.runUntil(this.#consumer.stop());
    for (const [index, count] of this.#counts.entries()) {
      const bodies = Array.from({ length: count }, (_, position) => `g${index}-${position + 1}`);
      const undone = bodies.filter((body) => !this.#doneWith.has(body));
      if (undone.length > 0) this.#violations.push(`${undone.join(", ")} left the queue and was not done`);
    }
    return {
      violations: this.#violations,
      mostGroups: this.#mostGroups,
      mostOfGroup: this.#mostOfGroup,
      overruled: this.#overruled,
    };
  }

  async #send(bodies: readonly string[]): Promise<void> {
    const { sqs, url } = this.#queue;
    if (this.#isFifo) return this.#queue.sendTo(...bodies);
    const faults = { ...sqs.faults };
    sqs.clearFaults();
    for (const MessageBody of bodies) await sqs.sendMessage({ QueueUrl: url, MessageBody });
    Object.assign(sqs.faults, faults);
  }

  #createConsumer(): TestConsumer {
    const draw = this.#draw;
    const slots = draw.integer(2, 40);
    const key = drawKey(draw);
    this.#size = draw.integer(1, slots);
    this.#hasKeys = key !== undefined;
    const handler = inBatches((items, batch) => this.#handle(items, batch), {
      size: this.#size,
      waitMs: draw.integer(0, 500),
      key,
    });
    return this.#queue.consume(handler, {
      ...(draw.happens(0.3) ? { worker: new SemaphoreWorker({ permits: slots }) } : { concurrency: slots }),
      visibilityTimeoutSeconds: draw.integer(5, 30),
      maxReceives: draw.integer(1, 5),
      ...(draw.happens(0.5) && { handlerTimeoutMs: 2_000, abortGraceMs: 1_000 }),
      ...(draw.happens(0.2) && { settleMaxAgeMs: draw.integer(1, 300) }),
      ...(draw.happens(0.3) && { waitTimeSeconds: 1, pollGraceMs: 0 }),
    });
  }

  /** Works on all that it is given, and says of each what has become of it, whatever became of those before. */
  async #handle(items: ReadonlyArray<BatchItem<Message>>, batch: BatchContext): Promise<BatchAnswer> {
    const draw = this.#draw;
    const numbered = items.map(({ message, context }) => {
      const [, group = "", number = ""] = /^(.*-)(\d+)$/u.exec(message.Body ?? "") ?? [];
      return { group, number: Number(number), signal: context.signal };
    });
    if (this.#isFifo) this.#begin(numbered);
    this.#beginKey(batch, items.length);
    await this.#queue.work(draw.happens(0.03) ? draw.integer(2_000, 20_000) : draw.integer(0, 300));
    for (const item of numbered)
      if (this.#running.get(item.group)?.signal === item.signal) this.#running.delete(item.group);
    if (this.#runningKeys.get(batch.key) === batch) this.#runningKeys.delete(batch.key);
    if (draw.happens(0.03)) throw new Error("no");
    if (draw.happens(0.5)) batch.signal.throwIfAborted();
    return this.#end(numbered);
  }

  /** A batch has of each group what comes next, in order, and nothing of one of which another batch has something. */
  #begin(numbered: readonly Numbered[]): void {
    const counts = new Map<string, { first: number; last: number }>();
    for (const { group, number } of numbered) {
      const before = counts.get(group);
      // One whose delete was lost may come again behind others that were done with it.
      const last = Math.max(before?.last ?? 0, this.#done.get(group) ?? 0);
      if (number > last + 1) this.#violations.push(`${group}${number} has started after ${last}`);
      const isBackwards = before !== undefined && number <= before.last;
      if (isBackwards) this.#violations.push(`${group}${number} is behind ${before.last}`);
      counts.set(group, { first: before?.first ?? number, last: number });
      const other = this.#running.get(group);
      // A stop has ended, or the lease was lost, and the handler was told.
      if (other !== undefined && !other.signal.aborted) {
        this.#violations.push(`${group}${number} has started beside ${group}${other.number}`);
      }
    }
    for (const item of numbered) this.#running.set(item.group, item);
    this.#mostGroups = Math.max(this.#mostGroups, this.#running.size);
    for (const { first, last } of counts.values()) this.#mostOfGroup = Math.max(this.#mostOfGroup, last - first + 1);
  }

  #beginKey(batch: BatchContext, count: number): void {
    if (count < 1 || count > this.#size) this.#violations.push(`a batch of ${count}, the size being ${this.#size}`);
    if (!this.#hasKeys) return;
    const other = this.#runningKeys.get(batch.key);
    if (other?.signal.aborted === false) this.#violations.push(`two batches of the key ${batch.key} at once`);
    this.#runningKeys.set(batch.key, batch);
  }

  #end(numbered: readonly Numbered[]): BatchAnswer {
    const ended = new Set<string>();
    return numbered.map(({ group, number, signal }) => {
      const result = this.#drawResult(signal);
      if (this.#isFifo && ended.has(group)) this.#overruled += 1;
      else if (result !== undefined && !isDrop(result)) ended.add(group);
      else this.#noteDone(group, number);
      return result;
    });
  }

  #noteDone(group: string, number: number): void {
    this.#doneWith.add(`${group}${number}`);
    this.#done.set(group, Math.max(this.#done.get(group) ?? 0, number));
  }

  #drawResult(signal: AbortSignal): Outcome | Error | undefined {
    const draw = this.#draw;
    if (draw.happens(0.03)) return new Error("no");
    if (draw.happens(0.02)) return retry({ afterSeconds: draw.integer(0, 10) });
    if (draw.happens(0.02)) return release();
    if (draw.happens(0.02)) return drop("drawn");
    return signal.aborted && draw.happens(0.5) ? (signal.reason as Error) : undefined;
  }

  /** Some time with faults, with more messages, and perhaps with a stop in it. */
  async #disturb(): Promise<void> {
    const draw = this.#draw;
    const { clock, sqs } = this.#queue;
    await this.#send(this.#unsent.splice(0, draw.integer(0, this.#unsent.length)));
    this.#consumer.start().catch(() => undefined);
    Object.assign(sqs.faults, {
      lostAnswers: draw.happens(0.5) ? draw.between(0, 0.15) : 0,
      connectionResets: draw.happens(0.5) ? draw.between(0, 0.1) : 0,
      throttling: draw.happens(0.3) ? draw.between(0, 0.1) : 0,
      failedEntries: draw.happens(0.5) ? draw.between(0, 0.15) : 0,
      failedEntriesSenderFault: draw.happens(0.3) ? draw.between(0, 1) : 0,
      shortReceives: draw.happens(0.3) ? draw.between(0, 0.5) : 0,
      duplicates: this.#isFifo ? 0 : draw.between(0, 0.1),
      latencyMs: [draw.integer(0, 20), draw.integer(20, 200)],
    });
    await clock.advance(draw.integer(500, 8_000));
    if (draw.happens(0.4)) await clock.runUntil(this.#consumer.stop({ timeoutMs: draw.oneOf([0, 500, 60_000]) }));
  }
}

/** No key, the group, or one that parts groups. */
function drawKey(draw: Draw): BatchOptions["key"] {
  const byGroup: BatchOptions["key"] = (_message, { groupId = "" }) => groupId;
  const byNumber: BatchOptions["key"] = ({ Body = "" }) => String(Number(/\d+$/u.exec(Body)?.[0]) % 3);
  return draw.oneOf([undefined, byGroup, byNumber]);
}

function isDrop(result: Outcome | Error): boolean {
  return !(result instanceof Error) && result.kind === "drop";
}
