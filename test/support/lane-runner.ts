// A source whose messages have an order: what it delivers is told by its name, "a2" being the second of lane a.
import { Consumer, type Delivery, type Intake, type Outcome, type Runner, type RunnerConsumerOptions } from "millrace";
import { VirtualClock } from "millrace/testing";

interface Pending {
  readonly delivery: Delivery<string>;
  readonly outcome: Outcome;
}

/** Delivers what it is told to, and confirms outcomes when it is told to. */
export class LaneRunner implements Runner<string> {
  /** What was settled, in order, such as "a1 ack". */
  readonly settled: string[] = [];
  readonly #pending = new Map<string, Pending>();
  readonly #deliveries = new Map<string, Delivery<string>>();
  #intake: Intake<string> | undefined;
  /** A place that is waited for; there is no asking without waiting. */
  #taking: Promise<number> | undefined;
  /** Whether outcomes are confirmed as soon as they are told. */
  confirmsAtOnce = false;

  async run(intake: Intake<string>): Promise<void> {
    this.#intake = intake;
    await new Promise((resolve) => {
      intake.signal.addEventListener("abort", resolve);
    });
  }

  /** Takes a place for each message and delivers it. Answers those for which there was a place. */
  async deliver(...names: string[]): Promise<string[]> {
    const delivered: string[] = [];
    for (const name of names) {
      this.#taking ??= this.intake.take(1);
      const places = await Promise.race([this.#taking, Promise.resolve().then(() => undefined)]);
      if (places === undefined) break;
      this.#taking = undefined;
      delivered.push(name);
      this.#deliver(name);
    }
    return delivered;
  }

  /** Takes places for all, and delivers as many as it got without waiting in between. Answers how many that were. */
  async deliverAtOnce(...names: string[]): Promise<number> {
    const places = await this.intake.take(names.length);
    for (const name of names.slice(0, places)) this.#deliver(name);
    return places;
  }

  /** Delivers for places that were taken before. */
  deliverTaken(...names: string[]): void {
    for (const name of names) this.#deliver(name);
  }

  #deliver(name: string): void {
    const delivery: Delivery<string> = {
      message: name,
      attempt: 1,
      receivedAt: new Date(),
      lane: name.startsWith("-") ? undefined : name.slice(0, 1),
      settle: (outcome) => {
        this.settled.push(`${name} ${outcome.kind}`);
        if (this.confirmsAtOnce) return undefined;
        this.#pending.set(name, { delivery, outcome });
        return "later";
      },
    };
    this.#deliveries.set(name, delivery);
    this.intake.deliver(delivery);
  }

  /** The source has confirmed what it was told, or with an error cannot. */
  confirm(name: string, error?: Error): void {
    const pending = this.#pending.get(name);
    if (pending === undefined) throw new Error(`${name} is not settled`);
    this.#pending.delete(name);
    this.intake.settled(pending.delivery, error);
  }

  /** The source has taken a message back. */
  revoke(name: string): void {
    const delivery = this.#deliveries.get(name);
    if (delivery === undefined) throw new Error(`${name} was not delivered`);
    this.intake.revoke(delivery, new Error("taken back"));
  }

  get intake(): Intake<string> {
    if (this.#intake === undefined) throw new Error("not started");
    return this.#intake;
  }

  async close(): Promise<void> {
    for (const name of this.#pending.keys()) this.confirm(name);
  }
}

/** A consumer of such a source, whose handlers end when they are told to. */
export class LaneBench {
  readonly clock: VirtualClock = new VirtualClock();
  readonly runner: LaneRunner = new LaneRunner();
  readonly consumer: Consumer<string>;
  readonly started: string[] = [];
  readonly errors: string[] = [];
  readonly #ends = new Map<string, (answer: unknown) => void>();

  constructor(options: Omit<RunnerConsumerOptions<string>, "runner"> = {}) {
    const handler = (name: string): Promise<unknown> =>
      new Promise((resolve, reject) => {
        this.started.push(name);
        this.#ends.set(name, (answer) => (answer instanceof Error ? reject(answer) : resolve(answer)));
      });
    this.consumer = new Consumer(handler, { clock: this.clock, ...options, runner: this.runner });
    this.consumer.on("error", ({ code }) => this.errors.push(code));
  }

  static async start(options: Omit<RunnerConsumerOptions<string>, "runner"> = {}): Promise<LaneBench> {
    const bench = new LaneBench(options);
    await bench.clock.runUntil(bench.consumer.start());
    await bench.clock.advance(0);
    return bench;
  }

  get running(): readonly string[] {
    return [...this.#ends.keys()];
  }

  /** Ends a handler: with what it returns, or, given an error, what it throws. */
  async end(name: string, answer?: unknown): Promise<void> {
    const end = this.#ends.get(name);
    if (end === undefined) throw new Error(`${name} does not run`);
    this.#ends.delete(name);
    end(answer);
    await this.clock.advance(0);
  }

  /** Ends a handler and has its outcome confirmed. */
  async finish(name: string, answer?: unknown): Promise<void> {
    await this.end(name, answer);
    this.runner.confirm(name);
    await this.clock.advance(0);
  }
}
