// The processes that consume the queue together, each with settings drawn by chance.
import { drawInteger, type RandomSource } from "../../src/testing/random.js";
import { ConsumerProcess } from "./consumer-process.js";
import type { ClientName, ProgramSettings } from "./program-settings.js";

export interface FleetOptions {
  readonly queueUrl: string;
  readonly directory: string;
  /** Processes have them in turn. */
  readonly clients: readonly ClientName[];
  readonly random: RandomSource;
  readonly visibilityTimeoutSeconds: number;
  /** What a SIGTERM leaves handlers. */
  readonly timeoutMs: number;
  /** From the shortest to the longest work, one of which a process has. */
  readonly handlers: ReadonlyArray<ProgramSettings["handler"]>;
}

const CONCURRENCIES = [1, 5, 10, 20, 40];
const SETTLE_MAX_AGES_MS = [0, 250, 250, 1_000];

export class Fleet implements AsyncDisposable {
  readonly #options: FleetOptions;
  readonly #all: ConsumerProcess[] = [];
  readonly #leaving = new Set<ConsumerProcess>();

  constructor(options: FleetOptions) {
    this.#options = options;
  }

  /** Every process that there ever was. */
  get all(): readonly ConsumerProcess[] {
    return this.#all;
  }

  /** Those that run and were not told to end. */
  get members(): readonly ConsumerProcess[] {
    return this.#all.filter((process) => !process.hasEnded && !this.#leaving.has(process));
  }

  /** Starts processes until there are so many. */
  grow(size: number): void {
    while (this.members.length < size) this.add();
  }

  add(): ConsumerProcess {
    const { directory, random } = this.#options;
    const name = `process-${String(this.#all.length + 1)}`;
    const process = new ConsumerProcess({ name, directory, settings: this.#draw(random) });
    this.#all.push(process);
    return process;
  }

  /** @throws Error when one has ended that was not told to: there is no need to go on then. */
  async checkMembers(): Promise<void> {
    const dead = this.#all.find((process) => process.hasEnded && !this.#leaving.has(process));
    if (dead === undefined) return;
    const { exitCode, signal, errorOutput } = await dead.ended;
    throw new Error(`${dead.name} has died (${String(exitCode ?? signal)}): ${errorOutput}`);
  }

  /** A member drawn by chance. */
  pick(): ConsumerProcess {
    const member = pick(this.#options.random, this.members);
    if (member === undefined) throw new Error("The fleet has no process.");
    return member;
  }

  /** Takes one out: whatever is done to it now, it is no member any more. */
  dismiss(process: ConsumerProcess): void {
    this.#leaving.add(process);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#all.map((process) => process[Symbol.asyncDispose]()));
  }

  #draw(random: RandomSource): Omit<ProgramSettings, "ledger"> {
    const { clients, queueUrl, visibilityTimeoutSeconds, timeoutMs, handlers } = this.#options;
    return {
      client: clients[this.#all.length % clients.length] ?? "default",
      consumer: {
        queueUrl,
        visibilityTimeoutSeconds,
        concurrency: pick(random, CONCURRENCIES) ?? 1,
        settleMaxAgeMs: pick(random, SETTLE_MAX_AGES_MS) ?? 0,
      },
      handler: pick(random, handlers) ?? { shortestMs: 0, longestMs: 0, heedsSignal: true },
      timeoutMs,
    };
  }
}

function pick<Item>(random: RandomSource, items: readonly Item[]): Item | undefined {
  return items[drawInteger(random, 0, items.length - 1)];
}
