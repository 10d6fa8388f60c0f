// The consumer's process: the only one whose memory, handles and event loop are judged.
import { readFileSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import { Consumer, type ConsumerStats, exponentialRetry, type SqsClient } from "../../src/index.js";
import { createHandler } from "./jobs.js";
import { createFinishes, type Finishes, noteFinish } from "./ledger.js";
import { answerCalls } from "./part.js";
import { mostMessages, type SoakSettings, type SoakTimes, timesOf } from "./settings.js";

/** What the consumer's process can be asked. */
export interface ConsumerCalls {
  /** Makes the consumer, looks at the process before its first start, and starts it. */
  begin(settings: SoakSettings, queueUrl: string): Promise<RestSample>;
  sample(): Promise<ConsumerSample>;
  pause(): void;
  resume(): void;
  /** Changes the concurrency to a part of what it was at first. */
  resize(part: number): void;
  /** Stops, looks at the process at rest, and starts again. */
  restart(): Promise<RestSample>;
  /** Stops for good. */
  finish(): Promise<{ readonly rest: RestSample; readonly finishes: Finishes; readonly errors: ErrorCounts }>;
}

/** The resources that keep a process alive, by kind: timers, sockets. */
export type Handles = Readonly<Record<string, number>>;

/** How many errors were reported, by code. */
export type ErrorCounts = Readonly<Record<string, number>>;

/** What there is to see of the process at any moment. */
export interface ProcessSample {
  /** Heap and what lies outside of it but belongs to objects in it, after a full collection. */
  readonly memoryBytes: number;
  readonly rssBytes: number;
  readonly handles: Handles;
}

/** What there is to see when nothing of the consumer's may be left. */
export interface RestSample extends ProcessSample {
  /** Messages that run, wait or are not confirmed. */
  readonly inHand: number;
  /** Handlers that the stop gave up on. They had ended by the time of the measurement. */
  readonly handlersAbandoned: number;
}

/** What there is to see while it works. */
export interface ConsumerSample extends ProcessSample {
  readonly running: number;
  readonly waiting: number;
  readonly unconfirmed: number;
  /** How late the event loop was since the last sample. */
  readonly delayP99Ms: number;
  readonly delayMostMs: number;
  readonly stats: ConsumerStats;
  readonly cpuMs: number;
  /** How long the event loop's thread was ready to run and had no processor, since the start; 0 where that is not told. */
  readonly processorWaitMs: number;
}

/** How often the event loop is looked at. The histogram counts this in. */
const DELAY_RESOLUTION_MS = 10;
/**
 * Time for sockets to close. A stop destroys those of the default client: that takes a turn of the event loop, on a busy machine
 * a long one. A client that was given stays as it is: a request that was given up keeps its socket for up to 10 s, its own limit.
 */
const LONGEST_CLOSE_MS = { sdk: 5_000, direct: 12_000 } as const;
/** Long handlers need more, in rounds of a minute. */
const VISIBILITY_SECONDS = 6;
const LONGEST_RETRY_SECONDS = 5;

class SoakConsumer {
  readonly #consumer: Consumer;
  readonly #times: SoakTimes;
  readonly #concurrency: number;
  readonly #longestCloseMs: number;
  readonly #finishes: Finishes;
  readonly #errors: Record<string, number> = {};
  readonly #kept: string[] = [];
  readonly #delay = monitorEventLoopDelay({ resolution: DELAY_RESOLUTION_MS });
  #handlesBefore: Handles = {};
  #running = 0;

  constructor(settings: SoakSettings, options: { queueUrl: string; client: SqsClient | undefined }) {
    this.#times = timesOf(settings);
    this.#concurrency = settings.concurrency;
    this.#longestCloseMs = LONGEST_CLOSE_MS[settings.client];
    this.#finishes = createFinishes(mostMessages(settings));
    const handler = createHandler({
      finished: (messageId) => {
        noteFinish(this.#finishes, messageId);
        // Each a string of its own, not one that refers to the same characters.
        if (settings.leakBytes > 0) this.#kept.push(Buffer.alloc(settings.leakBytes, messageId).toString("latin1"));
      },
      changed: (by) => (this.#running += by),
    });
    this.#consumer = new Consumer(handler, {
      queueUrl: options.queueUrl,
      ...(options.client !== undefined && { client: options.client }),
      concurrency: settings.concurrency,
      visibilityTimeoutSeconds: VISIBILITY_SECONDS,
      handlerTimeoutMs: this.#times.handlerTimeoutMs,
      retry: exponentialRetry({ maxSeconds: LONGEST_RETRY_SECONDS }),
    });
    this.#consumer.on("error", ({ code }) => (this.#errors[code] = (this.#errors[code] ?? 0) + 1));
  }

  async begin(): Promise<RestSample> {
    this.#delay.enable();
    const rest = await this.#rest(0);
    this.#handlesBefore = rest.handles;
    await this.#consumer.start();
    return rest;
  }

  async sample(): Promise<ConsumerSample> {
    const { percentile, max } = { percentile: this.#delay.percentile(99), max: this.#delay.max };
    const stats = this.#consumer.stats();
    const { user, system } = process.cpuUsage();
    const sample = {
      ...(await measure()),
      running: stats.running,
      waiting: stats.waiting,
      unconfirmed: stats.settlementsPending,
      delayP99Ms: delayMs(percentile),
      delayMostMs: delayMs(max),
      stats,
      cpuMs: (user + system) / 1_000,
      processorWaitMs: readProcessorWaitMs(),
    };
    await sleep(2 * DELAY_RESOLUTION_MS); // What the collection took is not to be counted.
    this.#delay.reset();
    return sample;
  }

  pause(): void {
    this.#consumer.pause();
  }

  resume(): void {
    this.#consumer.resume();
  }

  resize(part: number): void {
    this.#consumer.setConcurrency(Math.max(1, Math.round(part * this.#concurrency)));
  }

  async restart(): Promise<RestSample> {
    const rest = await this.#stop();
    await this.#consumer.start();
    return rest;
  }

  async finish(): Promise<Awaited<ReturnType<ConsumerCalls["finish"]>>> {
    return { rest: await this.#stop(), finishes: this.#finishes, errors: this.#errors };
  }

  async #stop(): Promise<RestSample> {
    const { handlersAbandoned } = await this.#consumer.stop({ timeoutMs: this.#times.stopTimeoutMs });
    while (this.#running > 0) await sleep(20); // Those that do not hear their signal end by themselves.
    const untilMs = performance.now() + this.#longestCloseMs;
    while (hasMore(countHandles(), this.#handlesBefore) && performance.now() < untilMs) await sleep(20);
    return this.#rest(handlersAbandoned);
  }

  async #rest(handlersAbandoned: number): Promise<RestSample> {
    const { running, waiting, settlementsPending } = this.#consumer.stats();
    return { ...(await measure()), inHand: running + waiting + settlementsPending, handlersAbandoned };
  }
}

function delayMs(nanoseconds: number): number {
  return Math.max(0, nanoseconds / 1e6 - DELAY_RESOLUTION_MS);
}

async function measure(): Promise<ProcessSample> {
  // What a WeakRef was made for stays until the end of the turn, and what the engine still held goes the second time.
  for (let times = 0; times < 2; times += 1) {
    await nextTurn();
    globalThis.gc?.();
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  return { memoryBytes: heapUsed + external, rssBytes: rss, handles: countHandles() };
}

function countHandles(): Handles {
  const handles: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) handles[kind] = (handles[kind] ?? 0) + 1;
  return handles;
}

function hasMore(handles: Handles, before: Handles): boolean {
  return Object.entries(handles).some(([kind, count]) => count > (before[kind] ?? 0));
}

/** Linux tells it for the main thread: time on a processor, time of waiting for one, both in nanoseconds (proc(5)). */
function readProcessorWaitMs(): number {
  try {
    return Number(readFileSync("/proc/self/schedstat", "utf8").split(" ")[1]) / 1e6;
  } catch {
    return 0;
  }
}

/** The client that was asked for; without one the consumer makes its own, and closes it at every stop. */
async function createClient({ client }: SoakSettings): Promise<SqsClient | undefined> {
  if (client === "sdk") return undefined;
  const { directClient } = await import("../../src/direct/index.js");
  return directClient();
}

let consumer: SoakConsumer | undefined;

function theConsumer(): SoakConsumer {
  if (consumer === undefined) throw new Error("begin was not called");
  return consumer;
}

const calls: ConsumerCalls = {
  async begin(settings, queueUrl) {
    consumer = new SoakConsumer(settings, { queueUrl, client: await createClient(settings) });
    return consumer.begin();
  },
  sample: () => theConsumer().sample(),
  pause: () => theConsumer().pause(),
  resume: () => theConsumer().resume(),
  resize: (part) => theConsumer().resize(part),
  restart: () => theConsumer().restart(),
  finish: () => theConsumer().finish(),
};

answerCalls(calls);
