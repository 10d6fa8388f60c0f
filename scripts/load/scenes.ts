// The loads: bodies of a mebibyte, as much in flight as SQS allows, and ten thousand handlers at once.
import { setTimeout as sleep } from "node:timers/promises";
import { AWS_ENVIRONMENT, Part } from "../soak/part.js";
import type { ConsumerCalls, LoadLook, LoadSettings } from "./consumer-process.js";
import type { QueueCalls, QueueLook } from "./queue-process.js";

/** What came of a load. */
export interface LoadResult {
  readonly what: string;
  readonly isGood: boolean;
  readonly figures: readonly string[];
}

export type Client = LoadSettings["client"];

const MIB = 1_048_576;
const LOOK_MS = 200;
/** A load that takes longer than that is stuck. */
const LONGEST_WAIT_SECONDS = 900;
/** The limit of a standard queue. */
const MOST_IN_FLIGHT = 120_000;

/** The two processes of a load. */
class Stage implements AsyncDisposable {
  readonly queue: Part<QueueCalls> = new Part(new URL("./queue-process.ts", import.meta.url));
  readonly consumer: Part<ConsumerCalls> = new Part(new URL("./consumer-process.ts", import.meta.url), AWS_ENVIRONMENT);

  /** Fills a queue, and resolves with its URL. */
  async fill(count: number, bytes: number): Promise<string> {
    await this.queue.call("begin");
    return this.queue.call("fill", count, bytes);
  }

  /** Looks at the queue until it is as it should be, and resolves with the seconds that it took. */
  async until(queueUrl: string, condition: (look: QueueLook) => boolean): Promise<number> {
    const startedAt = performance.now();
    for (;;) {
      const look = await this.queue.call("look", queueUrl);
      const seconds = (performance.now() - startedAt) / 1_000;
      if (condition(look)) return seconds;
      if (seconds > LONGEST_WAIT_SECONDS) {
        const consumer = await this.consumer.call("look");
        throw new Error(`nothing has come of it: ${JSON.stringify({ queue: look, consumer })}`);
      }
      await sleep(LOOK_MS);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.queue[Symbol.asyncDispose](), this.consumer[Symbol.asyncDispose]()]);
  }
}

function isEmpty({ visible, inFlight }: QueueLook): boolean {
  return visible + inFlight === 0;
}

/** Bodies of 1 MiB at concurrency 100; with a budget, never more bytes than it says. */
export async function largeBodies(client: Client, budgetMib: number | undefined): Promise<LoadResult> {
  const count = 1_000;
  await using stage = new Stage();
  const queueUrl = await stage.fill(count, MIB);
  const budget = budgetMib === undefined ? {} : { maxInFlightBytes: budgetMib * MIB };
  const consumers = [{ queueUrl, concurrency: 100, ...budget }];
  const before = await begin(stage, { client, consumers, workMs: 50 });
  const seconds = await stage.until(queueUrl, isEmpty);
  const look = await stage.consumer.call("look");
  const isDrained = await stage.consumer.call("finish");
  const isWithin = budgetMib === undefined || look.mostBytesInFlight <= budgetMib * MIB;
  return {
    what: `${count} bodies of 1 MiB, concurrency 100, ${budgetMib === undefined ? "no budget" : `maxInFlightBytes ${budgetMib} MiB`}`,
    isGood: isDrained && look.handled === count && look.handledAgain === 0 && isWithin,
    figures: [
      `${(count / seconds).toFixed(0)} MiB a second`,
      `at most ${look.mostRunning} handlers at once`,
      ...(budgetMib === undefined ? [] : [`at most ${(look.mostBytesInFlight / MIB).toFixed(0)} MiB in flight`]),
      `resident memory at most ${mib(look.mostRssBytes)}`,
      cpu(before, look, seconds),
    ],
  };
}

/** As much in flight as a standard queue allows, and more in the queue; held for two visibility timeouts. */
export async function mostInFlight(client: Client, visibilityTimeoutSeconds: number): Promise<LoadResult> {
  const count = MOST_IN_FLIGHT + 10_000;
  await using stage = new Stage();
  const queueUrl = await stage.fill(count, 100);
  // The most handlers of one consumer are 100,000.
  const consumers = [100_000, 30_000].map((concurrency) => ({ queueUrl, concurrency, visibilityTimeoutSeconds }));
  await begin(stage, { client, consumers, workMs: Infinity });
  const fillSeconds = await stage.until(queueUrl, ({ inFlight }) => inFlight >= MOST_IN_FLIGHT);
  const [atFirst, queueAtFirst] = [await stage.consumer.call("look"), await stage.queue.call("look", queueUrl)];
  const holdSeconds = 2 * visibilityTimeoutSeconds;
  const fewestHeld = await leastInFlight(stage, queueUrl, holdSeconds);
  const [held, queueHeld] = [await stage.consumer.call("look"), await stage.queue.call("look", queueUrl)];
  await stage.consumer.call("openGate");
  const drainSeconds = await stage.until(queueUrl, isEmpty);
  const look = await stage.consumer.call("look");
  const isDrained = await stage.consumer.call("finish");
  const renewals = queueHeld.visibilityChanges - queueAtFirst.visibilityChanges;
  return {
    what: `${MOST_IN_FLIGHT.toLocaleString("en-US")} in flight, ${holdSeconds} s, visibilityTimeoutSeconds ${visibilityTimeoutSeconds}`,
    isGood:
      isDrained &&
      look.handled === count &&
      look.handledAgain + look.revoked === 0 &&
      fewestHeld >= MOST_IN_FLIGHT &&
      queueHeld.received === MOST_IN_FLIGHT,
    figures: [
      `in flight after ${fillSeconds.toFixed(0)} s, ${fewestHeld.toLocaleString("en-US")} at least from then on`,
      `${look.handledAgain} came again, ${look.revoked} leases lost, ${errorsOf(look)}`,
      `${(renewals / holdSeconds).toFixed(0)} renewals of ten a second`,
      `while they are held: ${cpu(atFirst, held, holdSeconds)}`,
      `heap ${mib(held.heapBytes)}, resident memory at most ${mib(look.mostRssBytes)}`,
      `all ${count.toLocaleString("en-US")} deleted ${drainSeconds.toFixed(0)} s after the handlers may end`,
    ],
  };
}

/** The fewest that were in flight over a time. */
async function leastInFlight(stage: Stage, queueUrl: string, seconds: number): Promise<number> {
  let least = Infinity;
  for (const endsAt = performance.now() + seconds * 1_000; performance.now() < endsAt; await sleep(LOOK_MS)) {
    const { inFlight } = await stage.queue.call("look", queueUrl);
    least = Math.min(least, inFlight);
  }
  return least;
}

/** Ten thousand handlers at once, of ten seconds each. */
export async function manyHandlers(client: Client): Promise<LoadResult> {
  const [count, concurrency, workMs] = [50_000, 10_000, 10_000];
  await using stage = new Stage();
  const queueUrl = await stage.fill(count, 100);
  const before = await begin(stage, { client, consumers: [{ queueUrl, concurrency }], workMs });
  await stage.until(queueUrl, ({ received }) => received >= concurrency);
  const full = await stage.consumer.call("look");
  const seconds = await stage.until(queueUrl, isEmpty);
  const look = await stage.consumer.call("look");
  const isDrained = await stage.consumer.call("finish");
  return {
    what: "10,000 handlers at once, of 10 s each, 50,000 messages",
    isGood: isDrained && look.handled === count && look.handledAgain === 0 && look.mostRunning === concurrency,
    figures: [
      `at most ${look.mostRunning.toLocaleString("en-US")} running`,
      `${(seconds / ((count * workMs) / concurrency / 1_000)).toFixed(2)} of the time that full slots take`,
      cpu(before, look, seconds),
      `heap with all of them running ${mib(full.heapBytes)}, resident memory at most ${mib(look.mostRssBytes)}`,
    ],
  };
}

async function begin({ consumer }: Stage, settings: LoadSettings): Promise<LoadLook> {
  await consumer.call("begin", settings);
  return consumer.call("look");
}

function mib(bytes: number): string {
  return `${(bytes / MIB).toFixed(0)} MiB`;
}

function cpu(before: LoadLook, after: LoadLook, seconds: number): string {
  return `${((after.cpuMs - before.cpuMs) / (10 * seconds)).toFixed(0)} % of a core`;
}

function errorsOf({ errors }: LoadLook): string {
  const counts = Object.entries(errors).map(([code, count]) => `${code} ${count}`);
  return counts.length === 0 ? "no errors" : counts.join(", ");
}
