// Runs a soak: two processes, a round of events every minute, and a look at both every few seconds.
import { setTimeout as sleep } from "node:timers/promises";
import type { ConsumerCalls } from "./consumer-process.js";
import { AWS_ENVIRONMENT, Part } from "./part.js";
import type { QueueCalls } from "./queue-process.js";
import type { Rest, Sample, SoakRecord } from "./record.js";
import { ROUND, type RoundEvent, SLOTS_PART, type SoakSettings, type SoakTimes, timesOf } from "./settings.js";

/** Hears how it goes. */
export interface SoakWatcher {
  sampled(sample: Sample): void;
  happened(event: RoundEvent | "end"): void;
  rested(rest: Rest): void;
}

/** When no message was deleted for so long, those that are left are stuck: longer than any handler, retry or lease takes. */
const LONGEST_DRAIN_PAUSE_SECONDS = 90;

/** Runs it to its end, or until the signal aborts: what was measured until then is judged. */
export async function runSoak(settings: SoakSettings, watcher: SoakWatcher, signal: AbortSignal): Promise<SoakRecord> {
  await using queue = new Part<QueueCalls>(new URL("./queue-process.ts", import.meta.url));
  await using consumer = new Part<ConsumerCalls>(new URL("./consumer-process.ts", import.meta.url), AWS_ENVIRONMENT);
  return await new Soak({ settings, watcher, signal, queue, consumer }).run();
}

interface SoakParts {
  readonly settings: SoakSettings;
  readonly watcher: SoakWatcher;
  readonly signal: AbortSignal;
  readonly queue: Part<QueueCalls>;
  readonly consumer: Part<ConsumerCalls>;
}

class Soak {
  readonly #parts: SoakParts;
  readonly #times: SoakTimes;
  readonly #samples: Sample[] = [];
  readonly #rests: Rest[] = [];
  #startedAt = 0;
  #nextSampleAt = 0;

  constructor(parts: SoakParts) {
    this.#parts = parts;
    this.#times = timesOf(parts.settings);
  }

  async run(): Promise<SoakRecord> {
    const { settings, queue, consumer, watcher } = this.#parts;
    const { queueUrl } = await queue.call("begin", settings);
    const { handles: handlesBefore } = await consumer.call("begin", settings, queueUrl);
    this.#startedAt = performance.now();
    await this.#load();
    watcher.happened("end");
    await queue.call("endLoad");
    const remaining = await this.#drain();
    const { rest, finishes, errors } = await consumer.call("finish");
    this.#addRest(rest);
    const account = await queue.call("account", finishes);
    return { settings, handlesBefore, samples: this.#samples, rests: this.#rests, account, remaining, errors };
  }

  get #seconds(): number {
    return (performance.now() - this.#startedAt) / 1_000;
  }

  /** Round after round. On a busy machine they take longer, and none is left out. */
  async #load(): Promise<void> {
    const rounds = Math.round(this.#parts.settings.seconds / this.#times.roundSeconds);
    for (let round = 0; round < rounds; round += 1) {
      const startedAt = this.#seconds;
      for (const { at, what } of ROUND) {
        await this.#watchUntil(startedAt + at * this.#times.roundSeconds);
        if (this.#parts.signal.aborted) return;
        await this.#cause(what);
      }
      await this.#watchUntil(startedAt + this.#times.roundSeconds);
    }
  }

  /** Waits, with a look whenever one is due. */
  async #watchUntil(seconds: number): Promise<void> {
    const { sampleSeconds } = this.#times;
    while (!this.#parts.signal.aborted && this.#seconds < seconds) {
      await this.#sleepUntil(Math.min(seconds, this.#nextSampleAt));
      if (this.#seconds < this.#nextSampleAt) continue;
      await this.#sample();
      this.#nextSampleAt = Math.max(this.#nextSampleAt + sampleSeconds, this.#seconds);
    }
  }

  async #sleepUntil(seconds: number): Promise<void> {
    const ms = Math.max(0, (seconds - this.#seconds) * 1_000);
    await sleep(ms, undefined, { signal: this.#parts.signal }).catch(() => undefined);
  }

  async #sample(): Promise<void> {
    const atSeconds = this.#seconds;
    const { queue, consumer, watcher } = this.#parts;
    const sample = { atSeconds, consumer: await consumer.call("sample"), queue: await queue.call("sample") };
    this.#samples.push(sample);
    watcher.sampled(sample);
  }

  async #cause(event: RoundEvent): Promise<void> {
    const { queue, consumer, watcher } = this.#parts;
    watcher.happened(event);
    if (event === "burst" || event === "steady") await queue.call("burst", event === "burst");
    else if (event === "outage" || event === "outageOver") await queue.call("outage", event === "outage");
    else if (event === "pause" || event === "resume") await consumer.call(event);
    else if (event === "restart") this.#addRest(await consumer.call("restart"));
    else await consumer.call("resize", SLOTS_PART[event]);
  }

  #addRest(rest: Omit<Rest, "atSeconds">): void {
    const timed = { ...rest, atSeconds: this.#seconds };
    this.#rests.push(timed);
    this.#parts.watcher.rested(timed);
  }

  /** Waits until the queue is empty. Resolves with how many messages are left in it when nothing is deleted any more. */
  async #drain(): Promise<number> {
    const { queue, consumer } = this.#parts;
    await consumer.call("resume");
    let lastDeleted = -1;
    let lastAt = this.#seconds;
    for (;;) {
      const { visible, inFlight, deleted } = await queue.call("sample");
      if (deleted !== lastDeleted) lastAt = this.#seconds;
      lastDeleted = deleted;
      const isStuck = this.#seconds - lastAt > LONGEST_DRAIN_PAUSE_SECONDS;
      if (visible + inFlight === 0 || isStuck) return visible + inFlight;
      await sleep(100);
    }
  }
}
