// The consumer's process of a load: consumers whose handlers wait, and what that costs.
import { setTimeout as sleep } from "node:timers/promises";
import { Consumer, type Message, type SqsClient, type SqsConsumerOptions } from "../../src/index.js";
import { answerCalls } from "../soak/part.js";

/** What the consumer's process can be asked. */
export interface ConsumerCalls {
  /** Starts consumers. What their handlers do is up to `work`. */
  begin(settings: LoadSettings): Promise<void>;
  look(): LoadLook;
  /** Lets the handlers end that wait for it. */
  openGate(): void;
  /** Stops them all; resolves with whether all of them were drained. */
  finish(): Promise<boolean>;
}

/** What runs. */
export interface LoadSettings {
  readonly client: "sdk" | "direct";
  readonly consumers: ReadonlyArray<Omit<SqsConsumerOptions, "client">>;
  /** How long a handler waits, in milliseconds; Infinity until the gate is opened. */
  readonly workMs: number;
}

/** What there is to see since the start. */
export interface LoadLook {
  readonly running: number;
  readonly mostRunning: number;
  readonly handled: number;
  /** Handlers that were called for a message while, or after, another was for the same. */
  readonly handledAgain: number;
  readonly revoked: number;
  /** The errors that were reported, by code. */
  readonly errors: Readonly<Record<string, number>>;
  readonly bytesInFlight: number;
  readonly mostBytesInFlight: number;
  readonly heapBytes: number;
  /** The most that the system ever gave the process. */
  readonly mostRssBytes: number;
  readonly cpuMs: number;
}

const SAMPLE_MS = 50;

class Load {
  readonly #workMs: number;
  readonly #consumers: readonly Consumer[];
  readonly #gate: Promise<void>;
  readonly #seen = new Set<string>();
  readonly #sampling: NodeJS.Timeout;
  readonly #errors: Record<string, number> = {};
  #running = 0;
  #mostRunning = 0;
  #handled = 0;
  #handledAgain = 0;
  #mostBytesInFlight = 0;
  openGate: () => void = () => undefined;

  constructor({ consumers, workMs }: LoadSettings, client: SqsClient | undefined) {
    this.#workMs = workMs;
    this.#gate = new Promise((resolve) => (this.openGate = resolve));
    const handler = (message: Message): Promise<void> => this.#handle(message);
    this.#consumers = consumers.map((options) => new Consumer(handler, { ...options, client }));
    for (const consumer of this.#consumers) {
      consumer.on("error", ({ code }) => (this.#errors[code] = (this.#errors[code] ?? 0) + 1));
    }
    this.#sampling = setInterval(() => this.#sample(), SAMPLE_MS);
  }

  async start(): Promise<void> {
    await Promise.all(this.#consumers.map((consumer) => consumer.start()));
  }

  async stop(): Promise<boolean> {
    clearInterval(this.#sampling);
    const results = await Promise.all(this.#consumers.map((consumer) => consumer.stop()));
    return results.every(({ isDrained }) => isDrained);
  }

  look(): LoadLook {
    const counters = this.#consumers.map((consumer) => consumer.stats().counters);
    const { user, system } = process.cpuUsage();
    return {
      running: this.#running,
      mostRunning: this.#mostRunning,
      handled: this.#handled,
      handledAgain: this.#handledAgain,
      revoked: counters.reduce((sum, { revoked }) => sum + revoked, 0),
      errors: this.#errors,
      bytesInFlight: this.#bytesInFlight,
      mostBytesInFlight: this.#mostBytesInFlight,
      heapBytes: process.memoryUsage().heapUsed,
      mostRssBytes: 1_024 * process.resourceUsage().maxRSS,
      cpuMs: (user + system) / 1_000,
    };
  }

  get #bytesInFlight(): number {
    return this.#consumers.reduce((sum, consumer) => sum + consumer.stats().bytesInFlight, 0);
  }

  #sample(): void {
    this.#mostBytesInFlight = Math.max(this.#mostBytesInFlight, this.#bytesInFlight);
  }

  async #handle({ MessageId = "" }: Message): Promise<void> {
    this.#running += 1;
    this.#mostRunning = Math.max(this.#mostRunning, this.#running);
    if (this.#seen.has(MessageId)) this.#handledAgain += 1;
    this.#seen.add(MessageId);
    await (this.#workMs === Infinity ? this.#gate : sleep(this.#workMs));
    this.#handled += 1;
    this.#running -= 1;
  }
}

async function createClient({ client }: LoadSettings): Promise<SqsClient | undefined> {
  if (client === "sdk") return undefined;
  const { directClient } = await import("../../src/direct/index.js");
  return directClient();
}

let load: Load | undefined;

function theLoad(): Load {
  if (load === undefined) throw new Error("begin was not called");
  return load;
}

const calls: ConsumerCalls = {
  async begin(settings) {
    load = new Load(settings, await createClient(settings));
    await load.start();
  },
  look() {
    globalThis.gc?.();
    return theLoad().look();
  },
  openGate: () => theLoad().openGate(),
  finish: () => theLoad().stop(),
};

answerCalls(calls);
