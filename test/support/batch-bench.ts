// A consumer whose handler takes batches, of a source that delivers what it is told to: "a2" is the second of lane a, "-x" is
// in none.
import {
  type BatchAnswer,
  type BatchContext,
  type BatchItem,
  type BatchOptions,
  Consumer,
  inBatches,
  type RunnerConsumerOptions,
} from "millrace";
import { VirtualClock } from "millrace/testing";
import { LaneRunner } from "./lane-runner.js";

/** A batch that the handler has. */
export class HeldBatch {
  readonly names: string;
  readonly context: BatchContext;
  readonly items: ReadonlyArray<BatchItem<string>>;
  readonly #end: (answer: unknown) => void;

  constructor(parts: {
    items: ReadonlyArray<BatchItem<string>>;
    context: BatchContext;
    end: (answer: unknown) => void;
  }) {
    this.items = parts.items;
    this.context = parts.context;
    this.names = parts.items.map(({ message }) => message).join(" ");
    this.#end = parts.end;
  }

  end(answer?: unknown): void {
    this.#end(answer);
  }
}

export interface BatchBenchOptions {
  readonly batches?: BatchOptions<string>;
  readonly consumer?: Omit<RunnerConsumerOptions<string>, "runner">;
}

/** A consumer of batches that end when they are told to. */
export class BatchBench {
  readonly clock: VirtualClock = new VirtualClock();
  readonly runner: LaneRunner = new LaneRunner();
  readonly consumer: Consumer<string>;
  /** Each batch that was handed over, such as "a1 a2". */
  readonly handed: string[] = [];
  readonly errors: string[] = [];
  readonly #running: HeldBatch[] = [];

  constructor({ batches = {}, consumer = {} }: BatchBenchOptions = {}) {
    const handler = (items: ReadonlyArray<BatchItem<string>>, context: BatchContext): Promise<BatchAnswer> =>
      new Promise((resolve, reject) => {
        const end = (answer: unknown): void =>
          answer instanceof Error ? reject(answer) : resolve(answer as BatchAnswer);
        const batch = new HeldBatch({ items, context, end });
        this.handed.push(batch.names);
        this.#running.push(batch);
      });
    this.consumer = new Consumer(inBatches(handler, batches), { clock: this.clock, ...consumer, runner: this.runner });
    this.consumer.on("error", ({ code }) => this.errors.push(code));
  }

  static async start(options: BatchBenchOptions = {}): Promise<BatchBench> {
    const bench = new BatchBench(options);
    await bench.clock.runUntil(bench.consumer.start());
    await bench.clock.advance(0);
    return bench;
  }

  /** Delivers in one go, and lets what follows from it happen. */
  async deliver(...names: string[]): Promise<void> {
    const places = await this.runner.deliverAtOnce(...names);
    if (places < names.length) throw new Error(`there were places for ${places} of ${names.length}`);
    await this.clock.advance(0);
  }

  /** The batches that run, in the order in which they were handed over. */
  get running(): readonly string[] {
    return this.#running.map(({ names }) => names);
  }

  /** A batch that runs. */
  batch(names: string): HeldBatch {
    const batch = this.#running.find((running) => running.names === names);
    if (batch === undefined) throw new Error(`${names} does not run; ${this.running.join(", ")} do`);
    return batch;
  }

  /** Ends a batch: with what the handler returns, or, given an error, what it throws. */
  async end(names: string, answer?: unknown): Promise<void> {
    const batch = this.batch(names);
    this.#running.splice(this.#running.indexOf(batch), 1);
    batch.end(answer);
    await this.clock.advance(0);
  }

  /** Ends a batch and has its outcomes confirmed. */
  async finish(names: string, answer?: unknown): Promise<void> {
    await this.end(names, answer);
    await this.confirm(...names.split(" "));
  }

  async confirm(...names: string[]): Promise<void> {
    for (const name of names) this.runner.confirm(name);
    await this.clock.advance(0);
  }
}
