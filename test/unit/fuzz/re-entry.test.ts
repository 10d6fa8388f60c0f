// Calls of a consumer from within what it calls: handlers, listeners, policies, loggers and the like. Whatever is called
// from wherever, nothing is lost, never more run than may, and it stops for good when it is told to from outside.
import { inspect } from "node:util";
import { type Message, PoolWorker, retry, SemaphoreWorker, type SqsConsumerOptions } from "millrace";
import { describe, expect, it } from "vitest";
import { CONSUMER_EVENT_NAMES as EVENT_NAMES } from "../../../src/consumer/events.js";
import { Gauge, SimulatedQueue, type TestConsumer } from "../../support/simulated-queue.js";

const MESSAGES = 15;
const CONCURRENCY = 4;

/** What is called from within. */
const CALLS: Readonly<Record<string, (consumer: TestConsumer) => unknown>> = {
  "stop()": (consumer) => consumer.stop(),
  "stop() without time": (consumer) => consumer.stop({ timeoutMs: 0 }),
  "start()": (consumer) => consumer.start(),
  "stop(), then start()": (consumer) => {
    void consumer.stop();
    return consumer.start();
  },
  "stop() and start(), each awaited": async (consumer) => {
    await consumer.stop({ timeoutMs: 100 });
    await consumer.start();
  },
  "pause() and resume()": (consumer) => {
    consumer.pause();
    consumer.resume();
  },
  "pause(), and resume() a second later": (consumer) => consumer.pause(),
  "fewer slots and more": (consumer) => {
    consumer.setConcurrency(1);
    consumer.setConcurrency(CONCURRENCY);
  },
  "one slot": (consumer) => consumer.setConcurrency(1),
  "other rates": (consumer) => {
    consumer.setRate({ perSecond: 1, burst: 1 });
    consumer.setRate({ perSecond: 100 });
  },
  "listeners that come and go": (consumer) => {
    const listener = (): void => undefined;
    for (const name of EVENT_NAMES) consumer.on(name, listener).off(name, listener).once(name, listener);
  },
  "stats()": (consumer) => consumer.stats(),
};

/** From where it is called. */
interface Place {
  readonly name: string;
  readonly handler?: (call: () => unknown) => unknown;
  readonly options?: (call: () => void) => Partial<SqsConsumerOptions>;
  readonly event?: (typeof EVENT_NAMES)[number];
  /** Whether `setConcurrency` is for its own worker. */
  readonly hasWorker?: boolean;
}

const PLACES: readonly Place[] = [
  { name: "a handler", handler: (call) => void call() },
  { name: "an asynchronous handler", handler: async (call) => void call() },
  {
    name: "a retry policy",
    options: (call) => ({
      retry: () => {
        call();
        return retry({ afterSeconds: 1 });
      },
    }),
  },
  {
    name: "a logger",
    options: (call) => ({ logger: { debug: call, info: call, warn: call, error: call } }),
  },
  {
    name: "the key of tenants",
    options: (call) => ({
      tenants: {
        key: ({ Body }: Message) => {
          call();
          return Body ?? "";
        },
      },
    }),
  },
  {
    name: "the weight of a semaphore",
    hasWorker: true,
    options: (call) => ({
      worker: new SemaphoreWorker({
        permits: CONCURRENCY,
        weight: () => {
          call();
          return 1;
        },
      }),
    }),
  },
  {
    name: "onWorkerStart",
    hasWorker: true,
    options: (call) => ({
      worker: new PoolWorker({ maxWorkers: CONCURRENCY, onWorkerStart: call }),
    }),
  },
  {
    name: "onWorkerStop",
    hasWorker: true,
    options: (call) => ({
      worker: new PoolWorker({ maxWorkers: CONCURRENCY, idleTimeoutMs: 50, onWorkerStop: call }),
    }),
  },
  ...EVENT_NAMES.map((event): Place => ({ name: `a listener of ${event}`, event })),
];

/** Every other message fails once, so that there is something to retry. */
function work(attempt: number, { Body }: Message): void {
  if (attempt === 1 && Number(Body) % 2 === 0) throw new Error("once");
}

async function tryOut(place: Place, call: (consumer: TestConsumer) => unknown): Promise<void> {
  const queue = await SimulatedQueue.create({ messages: MESSAGES });
  const { clock } = queue;
  const gauge = new Gauge();
  let calls = 0;
  const callOnce = (): void => {
    calls += 1;
    if (calls > 3) return; // Otherwise it would go on for ever.
    Promise.resolve(call(consumer)).catch(() => undefined);
    clock.setTimer(() => consumer.resume(), 1_000);
  };
  const consumer: TestConsumer = queue.consume(
    (message, { attempt }) =>
      gauge.during(async () => {
        if (place.handler === undefined) await queue.work(5);
        else await place.handler(callOnce);
        work(attempt, message);
      }),
    { ...(place.hasWorker !== true && { concurrency: CONCURRENCY }), ...place.options?.(callOnce) },
  );
  if (place.event !== undefined) consumer.on(place.event, callOnce);
  await clock.runUntil(consumer.start().catch(() => undefined));
  await clock.advance(40_000);
  // Where it was stopped from within, the rest is done in another life.
  for (let life = 0; life < 5 && queue.size > 0; life += 1) {
    await clock.runUntil(consumer.start().catch(() => undefined));
    await clock.advance(40_000);
  }
  // A listener of its end may start it again.
  for (let stop = 0; stop < 5 && (stop === 0 || consumer.state !== "stopped"); stop += 1) {
    await clock.runUntil(consumer.stop());
    await clock.advance(5_000);
  }
  queue.sqs.close();
  expect([queue.size, consumer.state, clock.pendingTimers, consumer.stats().running]).toEqual([0, "stopped", 0, 0]);
  expect(gauge.most).toBeLessThanOrEqual(CONCURRENCY);
  const unexpected = consumer.reported.filter(
    ({ code }) => code !== "LISTENER_FAILED" && code !== "WORKER_START_FAILED",
  );
  expect(unexpected).toEqual([]);
}

describe.each(PLACES.map((place) => [place.name, place] as const))("from %s", (_name, place) => {
  it("anything can be called", async () => {
    const wrong: string[] = [];
    for (const [what, call] of Object.entries(CALLS)) {
      if (place.hasWorker === true && /slot/u.test(what)) continue;
      try {
        await tryOut(place, call);
      } catch (error) {
        wrong.push(`${what}: ${inspect(error)}`);
      }
    }
    expect(wrong).toEqual([]);
  });
});
