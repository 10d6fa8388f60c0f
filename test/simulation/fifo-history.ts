// A random history of a FIFO queue, drawn from one seed: groups, failures, time-outs, duplicates, lost answers, stops, and
// one or two consumers. Whoever plays it learns where the order within a group was broken, or a group was left behind.
import { deadLetter, type Message, release, retry, SemaphoreWorker, type SqsConsumerOptions } from "millrace";
import { SimulatedQueue, type TestConsumer } from "../support/simulated-queue.js";
import { Draw } from "./draw.js";

/** The longest that a queue may take to be emptied when nothing goes wrong any more but handlers. */
const LONGEST_END_MS = 4 * 3_600_000;

/** What came of a history. */
export interface FifoAccount {
  readonly violations: readonly string[];
  /** The most groups of which a handler ran at once. */
  readonly mostGroups: number;
}

/** A handler's call that has not ended. */
interface Run {
  readonly body: string;
  /** Of which consumer, from which of its starts on. */
  readonly life: string;
  readonly signal: AbortSignal;
}

interface Turn {
  readonly message: Message;
  readonly signal: AbortSignal;
  readonly consumer: number;
}

/** Plays the history of the seed to its end: when the queue is empty. */
export async function playFifoHistory(seed: number): Promise<FifoAccount> {
  const draw = new Draw(seed);
  const hasDeadLetters = draw.happens(0.5);
  const queue = await SimulatedQueue.create({ isFifo: true, seed, ...(hasDeadLetters && { maxReceiveCount: 1_000 }) });
  return new FifoHistory(queue, draw).play();
}

class FifoHistory {
  readonly #queue: SimulatedQueue;
  readonly #draw: Draw;
  readonly #counts: readonly number[];
  readonly #consumers: readonly TestConsumer[];
  /** What is still to be sent, in the order of each group. */
  readonly #unsent: string[];
  /** The highest number of each group that a handler was done with. */
  readonly #done = new Map<string, number>();
  /** The highest number of each group that has started. */
  readonly #started = new Map<string, number>();
  readonly #running = new Map<string, Set<Run>>();
  readonly #violations: string[] = [];
  #mostGroups = 0;
  #stops = 0;

  constructor(queue: SimulatedQueue, draw: Draw) {
    this.#queue = queue;
    this.#draw = draw;
    this.#counts = Array.from({ length: draw.integer(1, 12) }, () => draw.integer(1, 25));
    this.#unsent = interleave(this.#counts, draw);
    const consumers = draw.happens(0.3) ? 2 : 1;
    this.#consumers = Array.from({ length: consumers }, (_, index) => this.#createConsumer(index));
  }

  async play(): Promise<FifoAccount> {
    const { clock, sqs } = this.#queue;
    for (let period = 0; period < 4; period += 1) await this.#disturb();
    sqs.clearFaults();
    await this.#send(this.#unsent.length);
    await clock.runUntil(Promise.all(this.#consumers.map((consumer) => consumer.start())));
    try {
      await clock.runUntil(() => this.#queue.size === 0, { timeoutMs: LONGEST_END_MS });
    } catch {
      this.#violations.push(`${this.#queue.size} messages were left behind`);
    }
    await clock.runUntil(Promise.all(this.#consumers.map((consumer) => consumer.stop())));
    for (const [index, count] of this.#counts.entries()) {
      const done = this.#done.get(`g${index}-`) ?? 0;
      if (done !== count) this.#violations.push(`g${index}- has ended at ${done} of ${count}`);
    }
    return { violations: this.#violations, mostGroups: this.#mostGroups };
  }

  #createConsumer(index: number): TestConsumer {
    const draw = this.#draw;
    const options: Partial<SqsConsumerOptions> = {
      ...(draw.happens(0.3) ? { worker: new SemaphoreWorker({ permits: 4 }) } : { concurrency: draw.integer(1, 20) }),
      messageSystemAttributeNames: ["MessageDeduplicationId"],
      visibilityTimeoutSeconds: draw.integer(5, 30),
      maxReceives: draw.integer(1, 5),
      ...(draw.happens(0.5) && { handlerTimeoutMs: 2_000, abortGraceMs: draw.integer(0, 1_000) }),
      ...(draw.happens(0.2) && { settleMaxAgeMs: draw.integer(1, 300) }),
      ...(draw.happens(0.2) && { maxSettleRequests: 1 }),
      ...(draw.happens(0.2) && { maxUnconfirmed: 10 }),
      ...(draw.happens(0.3) && { waitTimeSeconds: 1, pollGraceMs: 0 }),
    };
    const client = draw.happens(0.3) ? this.#createRepeatingPort() : this.#queue.sqs;
    return this.#queue.consume((message, { signal }) => this.#handle({ message, signal, consumer: index }), {
      ...options,
      client,
    });
  }

  /** Answers of receives hold a message twice at times. */
  #createRepeatingPort(): SqsConsumerOptions["client"] {
    return this.#queue.portWith({
      receiveMessage: async (input, options) => {
        const answer = await this.#queue.sqs.receiveMessage(input, options);
        const { Messages = [] } = answer;
        const again = Messages[this.#draw.integer(0, 9)];
        return again === undefined ? answer : { Messages: [...Messages, again] };
      },
    });
  }

  async #handle({ message, signal, consumer }: Turn): Promise<unknown> {
    const draw = this.#draw;
    const { Body: body = "" } = message;
    const [, group = "", number = ""] = /^(.*-)(\d+)$/u.exec(body) ?? [];
    this.#checkTurn(message, group, Number(number));
    const run = { body, life: `${consumer} after ${this.#stops}`, signal };
    this.#begin(group, run);
    await this.#queue.work(draw.happens(0.02) ? draw.integer(2_000, 20_000) : draw.integer(0, 300));
    this.#running.get(group)?.delete(run);
    if (draw.happens(0.04)) throw new Error("no");
    if (draw.happens(0.02)) return retry({ afterSeconds: draw.integer(0, 10) });
    if (draw.happens(0.02)) return release();
    // Some heed the signal, and others end as if there was none.
    if (draw.happens(0.5)) signal.throwIfAborted();
    this.#done.set(group, Math.max(this.#done.get(group) ?? 0, Number(number)));
    return draw.happens(0.02) ? deadLetter("drawn") : undefined;
  }

  /** What is sent a second time stands behind in its group; everything else starts before all that comes after it. */
  #checkTurn({ Body, Attributes }: Message, group: string, number: number): void {
    const done = this.#done.get(group) ?? 0;
    const started = this.#started.get(group) ?? 0;
    const isRepetition = Attributes?.["MessageDeduplicationId"] !== Body;
    if (number > done + 1) this.#violations.push(`${Body} has started after ${done}`);
    if (number < started && !isRepetition) this.#violations.push(`${Body} has started again behind ${started}`);
    this.#started.set(group, Math.max(started, number));
  }

  /**
   * Beside another of its group a handler may run only when that one belongs to another consumer, or to a life that a stop
   * has ended, and was told that its message is not its own any more.
   */
  #begin(group: string, run: Run): void {
    const runs = this.#running.get(group) ?? new Set();
    this.#running.set(group, runs);
    for (const other of runs) {
      if (other.life !== run.life && other.signal.aborted) continue;
      this.#violations.push(`${run.body} has started beside ${other.body}`);
    }
    runs.add(run);
    const groups = [...this.#running.values()].filter(({ size }) => size > 0);
    this.#mostGroups = Math.max(this.#mostGroups, groups.length);
  }

  /** Some time with faults, with more messages, and perhaps with a stop in it. */
  async #disturb(): Promise<void> {
    const draw = this.#draw;
    const { clock, sqs } = this.#queue;
    await this.#send(draw.integer(0, this.#unsent.length));
    for (const consumer of this.#consumers) consumer.start().catch(() => undefined);
    Object.assign(sqs.faults, {
      lostAnswers: draw.happens(0.5) ? draw.between(0, 0.15) : 0,
      connectionResets: draw.happens(0.5) ? draw.between(0, 0.1) : 0,
      throttling: draw.happens(0.3) ? draw.between(0, 0.1) : 0,
      hangs: draw.happens(0.1) ? draw.between(0, 0.05) : 0,
      failedEntries: draw.happens(0.5) ? draw.between(0, 0.15) : 0,
      failedEntriesSenderFault: draw.happens(0.3) ? draw.between(0, 1) : 0,
      shortReceives: draw.happens(0.3) ? draw.between(0, 0.5) : 0,
      reordering: draw.happens(0.3) ? draw.between(0, 0.5) : 0,
      latencyMs: [draw.integer(0, 20), draw.integer(20, 200)],
      abortedPollsSwallowMessages: draw.happens(0.5),
    });
    await clock.advance(draw.integer(500, 8_000));
    if (draw.happens(0.4)) await this.#pause();
    if (!draw.happens(0.4)) return;
    const timeoutMs = draw.oneOf([0, 500, 60_000]);
    const stopped = this.#consumers.filter(() => draw.happens(0.7)).map((consumer) => consumer.stop({ timeoutMs }));
    await clock.runUntil(Promise.all(stopped));
    this.#stops += 1;
  }

  /** A pause, or a rate, in the middle of it all. */
  async #pause(): Promise<void> {
    const draw = this.#draw;
    const { clock } = this.#queue;
    const consumers = this.#consumers.filter(() => draw.happens(0.7));
    for (const consumer of consumers) consumer.pause();
    await clock.advance(draw.oneOf([0, 1, 50, 500, 25_000]));
    for (const consumer of consumers) {
      if (draw.happens(0.5)) consumer.setRate({ perSecond: draw.oneOf([1, 20, 500]) });
      consumer.resume();
    }
    await clock.advance(draw.integer(0, 8_000));
    for (const consumer of consumers) consumer.setRate(undefined);
  }

  /** Sends the next messages, some of them a second time: a producer's repetition after the five minutes of deduplication. */
  async #send(count: number): Promise<void> {
    const bodies = this.#unsent.splice(0, count);
    await this.#queue.sendTo(...bodies);
    const again = bodies.filter(() => this.#draw.happens(0.03));
    await this.#queue.sendTo(...again.map((body) => ({ body, deduplicationId: `${body} again` })));
  }
}

/** Bodies such as "g3-7": the seventh of group 3. Each group in order, the groups mixed. */
export function interleave(counts: readonly number[], draw: Draw): string[] {
  const left = counts.map((count, group) => Array.from({ length: count }, (_, index) => `g${group}-${index + 1}`));
  const bodies: string[] = [];
  while (left.some(({ length }) => length > 0)) {
    const group = left[draw.integer(0, left.length - 1)];
    bodies.push(...(group?.splice(0, draw.integer(1, 5)) ?? []));
  }
  return bodies;
}
