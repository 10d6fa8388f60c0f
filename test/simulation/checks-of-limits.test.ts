// More of the checks can fail: those of limits, leases, order and stops. Every promise is broken by one of these tests.
import { readdirSync, readFileSync } from "node:fs";
import { type ConsumerStats, PoolWorker, type SqsPort, type StopResult } from "millrace";
import { expect, test } from "vitest";
import type { ConsumerPlan, History } from "./history.js";
import { PLAIN_CONSUMER, plainHistory, plainMessages, startAndStop } from "./plain-history.js";
import { playHistory } from "./playing.js";
import { NO_SABOTAGE, type Sabotage } from "./sabotage.js";
import { PROMISES } from "./violation.js";

async function findBroken(sabotage: Partial<Sabotage>, history: Partial<History> = {}): Promise<string | undefined> {
  const { violations } = await playHistory(plainHistory(history), { sabotage: { ...NO_SABOTAGE, ...sabotage } });
  return violations[0]?.promise;
}

function portWith(breakIt: (port: SqsPort) => Partial<SqsPort>): Pick<Sabotage, "port"> {
  return { port: (port) => ({ ...port, ...breakIt(port) }) };
}

/** What the consumer says of itself is not so. */
function lieAbout(change: (stats: ConsumerStats) => Partial<ConsumerStats>): Pick<Sabotage, "consumer"> {
  return {
    consumer: (consumer) => {
      const stats = consumer.stats.bind(consumer);
      consumer.stats = () => ({ ...stats(), ...change(stats()) });
    },
  };
}

function consumers(plan: Partial<ConsumerPlan>): Pick<History, "consumers"> {
  return { consumers: [{ ...PLAIN_CONSUMER, ...plan }] };
}

function pretend({ Entries }: { Entries: Array<{ Id: string }> }) {
  return Promise.resolve({ Successful: Entries.map(({ Id }) => ({ Id })) });
}

const FIFO: Pick<History, "queues"> = { queues: [{ isFifo: true, maxReceiveCount: undefined }] };

test("a dead letter that is lost", async () => {
  const sabotage: Partial<Sabotage> = {
    service: (service) => {
      const { sqs } = service;
      sqs.sendMessageBatch = ({ Entries }) =>
        pretend({ Entries: [...(Entries ?? [])] as Array<{ Id: string }> }) as never;
    },
  };
  const queues = [{ isFifo: false, maxReceiveCount: 5 }];
  expect(await findBroken(sabotage, { queues, messages: plainMessages(1, { ending: "deadLetter" }) })).toBe("lost");
});

test("a message that is counted twice", async () => {
  const lie = lieAbout(({ counters }) => ({ counters: { ...counters, received: counters.received + 1 } }));
  expect(await findBroken(lie, { commands: startAndStop(5_000, 25_000) })).toBe("miscounted");
});

test("bytes that nobody counts", async () => {
  const messages = plainMessages(3).map((message) => ({ ...message, paddingBytes: 1_000 }));
  const lie = lieAbout(() => ({ bytesInFlight: 0 }));
  expect(await findBroken(lie, { messages, ...consumers({ maxInFlightMessages: 3 }) })).toBe("bytes");
});

test("batches that are too large", async () => {
  const plan = consumers({ batches: { size: 2, waitMs: 50, key: "none" } });
  expect(await findBroken({ batchSize: 3 }, plan)).toBe("batch");
});

test("a group that comes in another order", async () => {
  const reversing = portWith((port) => ({
    async receiveMessage(input, options) {
      const { Messages = [] } = await port.receiveMessage(input, options);
      return { Messages: [...Messages].reverse() };
    },
  }));
  expect(await findBroken(reversing, FIFO)).toBe("outOfOrder");
});

test("a lease that is not renewed", async () => {
  const refusing = portWith(() => ({
    changeMessageVisibilityBatch: () => Promise.reject(new Error("no")),
  }));
  const messages = plainMessages(1, { durationMs: 15_000 });
  expect(await findBroken(refusing, { messages })).toBe("leaseLost");
});

test("a handler that is not told that its lease has lapsed", async () => {
  const messages = plainMessages(1, { durationMs: 25_000 });
  const pretending = portWith(() => ({ changeMessageVisibilityBatch: pretend }));
  const one = consumers({ worker: { kind: "semaphore", permits: 1, isWeighted: false } });
  expect(await findBroken(pretending, { messages, ...one })).toBe("untold");
});

test("a lease beyond twelve hours", async () => {
  const longing = portWith((port) => ({
    changeMessageVisibilityBatch: ({ QueueUrl, Entries }) =>
      port.changeMessageVisibilityBatch({
        QueueUrl,
        Entries: Entries.map((entry) => ({ ...entry, VisibilityTimeout: 43_200 })),
      }),
  }));
  expect(await findBroken(longing, { messages: plainMessages(1, { durationMs: 15_000 }) })).toBe("pastTwelveHours");
});

function lieOfStops(lie: Partial<StopResult>): Pick<Sabotage, "consumer"> {
  return {
    consumer: (consumer) => {
      const on = consumer.on.bind(consumer);
      consumer.on = ((name: "stopped", listener: (result: object) => void) => {
        if (name !== "stopped") return on(name, listener);
        return on(name, (result) => listener({ ...result, ...lie }));
      }) as typeof consumer.on;
    },
  };
}

test("a stop whose result is not the truth", async () => {
  const commands = startAndStop(5_000, 25_000);
  expect(await findBroken(lieOfStops({ handlersAbandoned: 1 }), { commands })).toBe("stopResult");
});

test("a stop that says nothing of what it has given back", async () => {
  const history = { messages: plainMessages(60, { durationMs: 50 }), commands: startAndStop(250, 25_000) };
  expect(await findBroken({}, history)).toBeUndefined();
  expect(await findBroken(lieOfStops({ messagesReleased: 0 }), history)).toBe("stopResult");
  // Also in a pause: what comes when the stop has begun is the stop's to give back.
  const paused = {
    messages: plainMessages(1).map((message) => ({ ...message, sentAtMs: 1_500 })),
    commands: [...startAndStop(1_000, 25_000), { atMs: 1_000, consumer: 0, action: "pause", timeoutMs: 0 } as const],
  };
  paused.commands.reverse(); // The pause first.
  expect(await findBroken({}, paused)).toBeUndefined();
  expect(await findBroken(lieOfStops({ messagesReleased: 0 }), paused)).toBe("stopResult");
});

test("a stop that says nothing of a handler that it has told to end", async () => {
  const messages = plainMessages(1, { durationMs: 5_000 });
  for (const timeoutMs of [0, 100]) {
    const history = { messages, commands: startAndStop(1_000, timeoutMs) };
    expect(await findBroken({}, history)).toBeUndefined();
    const lie = lieOfStops({ handlersAborted: 0, isDrained: false });
    expect(await findBroken(lie, history)).toBe("stopResult");
  }
});

test("a long poll that is given up before its time", async () => {
  const impatient = portWith((port) => ({
    receiveMessage(input) {
      const controller = new AbortController();
      void Promise.resolve().then(() => controller.abort());
      return port.receiveMessage(input, { abortSignal: controller.signal });
    },
  }));
  expect(await findBroken(impatient, { messages: [] })).toBe("pollAborted");
});

test("a stop that takes more time than it has", async () => {
  const slow: Partial<Sabotage> = {
    consumer: (consumer) => {
      const stop = consumer.stop.bind(consumer);
      consumer.stop = () => stop({ timeoutMs: 60_000 });
    },
  };
  const messages = plainMessages(1, { durationMs: 40_000, isHeedful: false });
  expect(await findBroken(slow, { messages, commands: startAndStop(1_000, 100) })).toBe("lateStop");
});

test("a start that is refused without reason", async () => {
  const denied = Object.assign(new Error("no"), { name: "AccessDeniedException" });
  expect(await findBroken(portWith(() => ({ receiveMessage: () => Promise.reject(denied) })))).toBe("startRefused");
});

test("handlers that start in a pause", async () => {
  expect(await findBroken(lieAbout(() => ({ isPaused: true })))).toBe("paused");
});

test("more messages than the rate lets through", async () => {
  const fast: Partial<Sabotage> = { consumer: (consumer) => consumer.setRate({ perSecond: 1_000 }) };
  expect(await findBroken(fast, consumers({ rate: { perSecond: 1, burst: 2 } }))).toBe("rate");
});

test("more handlers of a tenant than it may have", async () => {
  const tenants = { maxRunning: 1, rate: undefined, maxWaitMs: 1_000, keepFromAttempt: 5 };
  expect(await findBroken({ worker: () => new PoolWorker({ maxWorkers: 3 }) }, consumers({ tenants }))).toBe("tenants");
});

test("an attempt that the service knows nothing of", async () => {
  const sabotage: Partial<Sabotage> = {
    handler: (handler) => (message, context) => {
      const { signal, groupId, receivedAt, resource, extend } = context;
      return handler(message, { signal, groupId, receivedAt, resource, extend, attempt: 7 });
    },
  };
  expect(await findBroken(sabotage)).toBe("attempt");
});

test("every promise is seen to be broken by a test", () => {
  const files = readdirSync(import.meta.dirname).filter(
    (name) => name.startsWith("checks") && name.endsWith(".test.ts"),
  );
  const tests = files.map((name) => readFileSync(`${import.meta.dirname}/${name}`, "utf8")).join("\n");
  const untested = Object.keys(PROMISES).filter((name) => !new RegExp(`["|(]${name}["|)]`, "u").test(tests));
  expect(untested).toEqual([]);
});
