// Gathers messages into batches and hands each over when it is full, old enough, or nothing more can come.
import type { Clock } from "../internal/clock.js";
import { Batch, BatchEntry, type BatchHandler, type BatchItem } from "./batch.js";
import type { HandlerHost } from "./handler-life.js";

/** What a gatherer works with. */
export interface GathererParts<Message, Resource> {
  readonly handler: BatchHandler<Message, Resource>;
  readonly size: number;
  readonly waitMs: number;
  /** Whether the batches of a key go one after the other. */
  readonly isInOrder: boolean;
  readonly clock: Clock;
  /** The consumer's life; none where the handler is called by hand. */
  readonly host: HandlerHost | undefined;
}

/** The batches of one key: those that are to be handed over, in order. The last of them may still take more. */
interface Line<Message, Resource> {
  readonly key: string;
  readonly batches: Array<Batch<Message, Resource>>;
  /** Batches that the handler has. */
  running: number;
}

/**
 * The messages of one life of a consumer that wait for their batch.
 *
 * ```
 *             ┌ key a ─ [ a a a a ] full ──▶ handler      one at a time and in order, if there are keys
 *  messages ──┤         [ a a     ] open
 *             └ key b ─ [ b       ] open ──(waitMs after its first, or at the stop)──▶ handler
 * ```
 *
 * A message of a lane joins only the batch of the one before it, or waits until that one is done.
 */
export class Gatherer<Message, Resource> {
  readonly #parts: GathererParts<Message, Resource>;
  readonly #lines = new Map<string, Line<Message, Resource>>();
  /** Messages that the handler does not have yet. */
  #waiting = 0;
  #running = 0;

  constructor(parts: GathererParts<Message, Resource>) {
    this.#parts = parts;
    parts.host?.onStopping(() => this.#handOverAll());
  }

  /** Settles with what becomes of the message. */
  gather(item: BatchItem<Message, Resource>, key: string): Promise<unknown> {
    const entry = new BatchEntry(item, key);
    this.#waiting += 1;
    entry.turn.keep();
    entry.turn.whenAborted(() => this.#abort(entry));
    if (entry.isAborted) this.#abort(entry);
    else this.#join(entry);
    return entry.outcome;
  }

  #join(entry: BatchEntry<Message, Resource>): void {
    const line = this.#lineOf(entry.key);
    const last = line.batches.at(-1);
    const open = last?.mayJoin() === true ? last : undefined;
    const before = entry.turn.before;
    if (before !== undefined && open?.has(before) !== true) {
      this.#joinWhenFirst(entry);
      this.#forgetIfIdle(line);
    } else {
      const batch = open ?? this.#open(line);
      batch.add(entry);
      entry.turn.letNextJoin(batch.mayJoin);
      this.#proceed(line);
    }
    this.#handOverIfStuck();
  }

  /** Keeps the message until those before it in its lane are done. */
  #joinWhenFirst(entry: BatchEntry<Message, Resource>): void {
    entry.turn.whenFirst(() => {
      if (!entry.isAborted) this.#join(entry);
    });
  }

  #lineOf(key: string): Line<Message, Resource> {
    const known = this.#lines.get(key);
    if (known !== undefined) return known;
    const line = { key, batches: [], running: 0 };
    this.#lines.set(key, line);
    return line;
  }

  #open(line: Line<Message, Resource>): Batch<Message, Resource> {
    const { clock, host, size, waitMs } = this.#parts;
    const batch = new Batch<Message, Resource>(line.key, size);
    line.batches.push(batch);
    // While stopping nothing more comes than what comes in this moment.
    const delayMs = host?.isStopping === true ? 0 : waitMs;
    batch.timer = clock.setTimer(() => this.#handOver(line, batch), delayMs);
    return batch;
  }

  #handOver(line: Line<Message, Resource>, batch: Batch<Message, Resource>): void {
    batch.isDue = true;
    this.#proceed(line);
  }

  #handOverAll(): void {
    for (const line of this.#lines.values()) {
      for (const batch of line.batches) batch.isDue = true;
      this.#proceed(line);
    }
  }

  /** When every slot has a message that waits here, no other can come: the batch that began first goes as it is. */
  #handOverIfStuck(): void {
    const { slots = Infinity } = this.#parts.host ?? {};
    if (this.#running > 0 || this.#waiting < slots) return;
    for (const line of this.#lines.values()) {
      const [batch] = line.batches;
      if (batch !== undefined) return this.#handOver(line, batch);
    }
  }

  /** Hands over what is ready, as far as the line lets it. */
  #proceed(line: Line<Message, Resource>): void {
    for (;;) {
      const [batch] = line.batches;
      if (batch?.isReady !== true || (this.#parts.isInOrder && line.running > 0)) break;
      line.batches.shift();
      this.#start(line, batch);
    }
    this.#forgetIfIdle(line);
  }

  #start(line: Line<Message, Resource>, batch: Batch<Message, Resource>): void {
    for (const entry of batch.takeStranded()) this.#joinWhenFirst(entry);
    batch.timer?.cancel();
    if (batch.count > 0) void this.#run(line, batch);
  }

  async #run(line: Line<Message, Resource>, batch: Batch<Message, Resource>): Promise<void> {
    line.running += 1;
    this.#running += 1;
    this.#waiting -= batch.count;
    await batch.run(this.#parts.handler);
    this.#running -= 1;
    line.running -= 1;
    this.#proceed(line);
  }

  /** The message is not wanted any more. Once the handler has it, the batch goes on as long as another is wanted. */
  #abort(entry: BatchEntry<Message, Resource>): void {
    const { batch } = entry;
    if (batch?.isRunning === true) {
      batch.review();
      return;
    }
    this.#waiting -= 1;
    entry.leave();
    if (batch === undefined) return;
    batch.remove(entry);
    if (batch.count === 0) this.#close(batch);
  }

  #close(batch: Batch<Message, Resource>): void {
    batch.timer?.cancel();
    const line = this.#lines.get(batch.key);
    if (line === undefined) return;
    line.batches.splice(line.batches.indexOf(batch), 1);
    this.#forgetIfIdle(line);
  }

  #forgetIfIdle(line: Line<Message, Resource>): void {
    if (line.batches.length === 0 && line.running === 0) this.#lines.delete(line.key);
  }
}
