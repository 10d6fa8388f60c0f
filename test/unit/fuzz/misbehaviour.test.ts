// Functions that users give, each with every misbehaviour: the consumer goes on, stops when it is told to, and nothing is
// lost. A rejection that nobody handles would fail the run.
import { inspect } from "node:util";
import {
  type ConsumerGroupEvents,
  ConsumerGroup,
  constantRetry,
  exponentialRetry,
  inBatches,
  PoolWorker,
  SemaphoreWorker,
  type SqsConsumerOptions,
  withSchema,
} from "millrace";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CONSUMER_EVENT_NAMES as EVENT_NAMES } from "../../../src/consumer/events.js";
import { SimulatedQueue, type TestConsumer } from "../../support/simulated-queue.js";

import { type Misbehaviour, misbehaviours } from "./misbehaviours.js";

/** A function that misbehaves. */
type Act = Misbehaviour["act"];

const MESSAGES = 12;
const GROUP_EVENTS: ReadonlyArray<keyof ConsumerGroupEvents> = ["queueAdded", "queueRemoved", "settled", "error"];

const fail = (): never => {
  throw new Error("the handler fails");
};
const failOnce = (_message: unknown, { attempt }: { attempt: number }): void => {
  if (attempt === 1) fail();
};

/** A function that the user gives, and whether all messages are done however it misbehaves. */
interface Point {
  readonly name: string;
  readonly consume: (queue: SimulatedQueue, act: Act) => TestConsumer;
}

const withOptions =
  (optionsOf: (act: Act) => Partial<SqsConsumerOptions>, handler: (...parts: never) => unknown = () => undefined) =>
  (queue: SimulatedQueue, act: Act): TestConsumer =>
    queue.consume(handler as never, optionsOf(act));

/** Functions without which messages are done all the same. */
const HARMLESS: readonly Point[] = [
  { name: "the retry policy", consume: withOptions((act) => ({ retry: act as never }), failOnce) },
  {
    name: "random of the retry policy",
    consume: withOptions((act) => ({ retry: exponentialRetry({ random: act as never }) }), failOnce),
  },
  { name: "random of the runner", consume: withOptions((act) => ({ random: act as never })) },
  {
    name: "the logger",
    consume: withOptions(
      (act) => ({
        logger: { debug: act, info: act, warn: act, error: act },
        retry: constantRetry({ delaySeconds: 1 }),
      }),
      failOnce,
    ),
  },
  {
    name: "weight of a semaphore",
    consume: withOptions((act) => ({ worker: new SemaphoreWorker({ weight: act as never }) })),
  },
  { name: "key of tenants", consume: withOptions((act) => ({ tenants: { key: act as never, maxRunning: 20 } })) },
  {
    name: "onWorkerStop of a pool",
    consume: withOptions((act) => ({ worker: new PoolWorker({ onWorkerStop: act as never, idleTimeoutMs: 100 }) })),
  },
  {
    name: "a listener of every event",
    consume: (queue, act) => {
      const consumer = queue.consume(failOnce, { retry: constantRetry({ delaySeconds: 1 }) });
      for (const name of EVENT_NAMES) {
        consumer.on(name, act);
        consumer.once(name, act);
      }
      return consumer;
    },
  },
];

let unhandled: unknown[];
const note = (reason: unknown): void => void unhandled.push(reason);

beforeEach(() => {
  unhandled = [];
  process.on("unhandledRejection", note);
});

afterEach(() => {
  process.off("unhandledRejection", note);
});

/** Stops it, and looks at what is left. */
async function expectEnd(queue: SimulatedQueue, consumer: TestConsumer): Promise<void> {
  await queue.clock.runUntil(consumer.stop({ timeoutMs: 1_000 }));
  queue.sqs.close(); // Polls that were aborted wait there.
  await queue.clock.settle();
  expect([consumer.state, queue.clock.pendingTimers, unhandled]).toEqual(["stopped", 0, []]);
}

/** Has each misbehaviour tried on a queue of its own, and says which went wrong. */
async function assertAll(attempt: (queue: SimulatedQueue, misbehaviour: Misbehaviour) => Promise<void>): Promise<void> {
  const wrong: string[] = [];
  for (const misbehaviour of misbehaviours) {
    unhandled = [];
    try {
      await attempt(await SimulatedQueue.create({ messages: MESSAGES }), misbehaviour);
    } catch (error) {
      wrong.push(`${misbehaviour.name}: ${inspect(error)}`);
    }
  }
  expect(wrong).toEqual([]);
}

describe.each(HARMLESS.map((point) => [point.name, point] as const))("%s", (_name, { consume }) => {
  it("all messages are done, and it stops", async () => {
    await assertAll(async (queue, { act }) => {
      const consumer = consume(queue, act);
      await queue.clock.runUntil(consumer.start());
      await queue.clock.runUntil(() => queue.size === 0, { timeoutMs: 3_600_000 });
      await expectEnd(queue, consumer);
    });
  });
});

describe.each([
  ["a handler", (act: Act) => act],
  ["an asynchronous handler", (act: Act) => async () => act()],
  ["a validator", (act: Act) => withSchema(createSchema(act), () => undefined)],
  [
    "a handler behind a validator",
    (act: Act) =>
      withSchema(
        createSchema((value) => ({ value })),
        act,
      ),
  ],
] as const)("%s", (place, wrap) => {
  it("its slot is free again, and its message done or tried again", async () => {
    await assertAll(async (queue, { name, act, asHandler }) => {
      let calls = 0;
      const options = { retry: constantRetry({ delaySeconds: 1 }), handlerTimeoutMs: 60_000, concurrency: 3 };
      const handler = wrap(() => {
        calls += 1;
        return calls <= MESSAGES ? act() : place === "a validator" ? { value: 5 } : undefined;
      });
      const consumer = queue.consume(handler, options);
      await queue.clock.runUntil(consumer.start());
      if (asHandler === "endless") await queue.clock.advance(70_000);
      else await queue.clock.runUntil(() => queue.size === 0, { timeoutMs: 3_600_000 });
      const { failed, timedOut, settled } = consumer.stats().counters;
      const expected = asHandler === "endless" ? { timedOut: 3, ack: 0 } : { timedOut: 0, ack: MESSAGES };
      expect({ timedOut, ack: settled.ack }).toEqual(expected);
      const failures = { failed: MESSAGES, done: 0, endless: 3 }[asHandler];
      // A validator that answers with an object finds no issues.
      const isEither = place === "a validator" && asHandler !== "endless" && name.startsWith("returns");
      expect(isEither ? [0, MESSAGES] : [failures]).toContain(failed);
      await expectEnd(queue, consumer);
    });
  });
});

describe("a handler of batches", () => {
  it("each message is done or tried again", async () => {
    await assertAll(async (queue, { act, asHandler }) => {
      let calls = 0;
      const handler = inBatches(
        () => {
          calls += 1;
          return (calls <= 4 ? act() : undefined) as undefined;
        },
        { size: 3, waitMs: 10, key: () => "a" },
      );
      const options = { retry: constantRetry({ delaySeconds: 1 }), handlerTimeoutMs: 60_000, concurrency: 3 };
      const consumer = queue.consume(handler, options);
      await queue.clock.runUntil(consumer.start());
      if (asHandler === "endless") await queue.clock.advance(70_000);
      else await queue.clock.runUntil(() => queue.size === 0, { timeoutMs: 3_600_000 });
      await expectEnd(queue, consumer);
    });
  });
});

describe("the key of batches", () => {
  it("its message is tried again", async () => {
    await assertAll(async (queue, { act }) => {
      let calls = 0;
      const key = (): string => ((calls += 1) <= MESSAGES ? (act() as string) : "a");
      const consumer = queue.consume(
        inBatches(() => undefined, { size: 3, waitMs: 10, key }),
        {
          retry: constantRetry({ delaySeconds: 1 }),
        },
      );
      await queue.clock.runUntil(consumer.start());
      await queue.clock.runUntil(() => queue.size === 0, { timeoutMs: 3_600_000 });
      await expectEnd(queue, consumer);
    });
  });
});

describe("onWorkerStart", () => {
  it("is tried again, or the stop does not wait for it", async () => {
    await assertAll(async (queue, { act, asHandler }) => {
      let calls = 0;
      const onWorkerStart = (): unknown => ((calls += 1) <= 3 ? act() : undefined);
      const consumer = queue.consume(() => undefined, {
        worker: new PoolWorker({ onWorkerStart }),
      });
      await queue.clock.runUntil(consumer.start());
      if (asHandler === "endless") await queue.clock.advance(70_000);
      else await queue.clock.runUntil(() => queue.size === 0, { timeoutMs: 3_600_000 });
      await expectEnd(queue, consumer);
    });
  });
});

describe.each(["receiveMessage", "deleteMessageBatch", "changeMessageVisibilityBatch"] as const)(
  "%s of a client",
  (name) => {
    it("is called again, and all messages are done", async () => {
      await assertAll(async (queue, { act }) => {
        let calls = 0;
        const call = queue.portWith({})[name] as (...parts: unknown[]) => unknown;
        const odd = (...parts: unknown[]): unknown => ((calls += 1) <= 2 ? act() : call(...parts));
        const client = queue.portWith({ [name]: odd });
        const consumer = queue.consume(failOnce, { client, retry: constantRetry({ delaySeconds: 1 }) });
        await queue.clock.runUntil(consumer.start());
        await queue.clock.runUntil(() => queue.size === 0, { timeoutMs: 3_600_000 });
        await expectEnd(queue, consumer);
      });
    });
  },
);

describe("a group", () => {
  it("goes on whatever its listeners and its function of discover do", async () => {
    await assertAll(async (queue, { act }) => {
      const group = new ConsumerGroup(() => undefined, {
        queues: [{ queueUrl: queue.url }],
        discover: { queueNamePrefix: "jobs-", queue: act as never },
        client: queue.sqs,
        clock: queue.clock,
      });
      for (const name of GROUP_EVENTS) group.on(name, act);
      await queue.clock.runUntil(group.start());
      await queue.clock.runUntil(() => queue.size === 0, { timeoutMs: 3_600_000 });
      await queue.clock.runUntil(group.stop({ timeoutMs: 1_000 }));
      queue.sqs.close();
      expect(queue.clock.pendingTimers).toBe(0);
      await queue.clock.settle();
      expect(unhandled).toEqual([]);
    });
  });
});

function createSchema(validate: (value: unknown) => unknown): Parameters<typeof withSchema<unknown>>[0] {
  return { "~standard": { version: 1, vendor: "own", validate: validate as never } };
}
