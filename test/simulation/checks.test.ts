// The checks can fail: each promise is broken on purpose, and the history says which it was.
import { ack, PoolWorker, SemaphoreWorker, type SqsPort } from "millrace";
import { expect, test } from "vitest";
import type { History } from "./history.js";
import { PLAIN_CONSUMER, PLAIN_POOL, plainHistory, plainMessages, startAndStop } from "./plain-history.js";
import { describeFailure } from "./report.js";
import { NO_SABOTAGE, type Sabotage } from "./sabotage.js";
import { shrinkHistory } from "./shrink.js";
import { playHistory } from "./playing.js";

async function findBroken(sabotage: Partial<Sabotage>, history: Partial<History> = {}): Promise<string | undefined> {
  const { violations } = await playHistory(plainHistory(history), { sabotage: { ...NO_SABOTAGE, ...sabotage } });
  return violations[0]?.promise;
}

/** Breaks some calls of the port; the others go through. */
function portWith(breakIt: (port: SqsPort) => Partial<SqsPort>): Pick<Sabotage, "port"> {
  return { port: (port) => ({ ...port, ...breakIt(port) }) };
}

/** Answers a batch as done without doing it. */
function pretend({ Entries }: { Entries: Array<{ Id: string }> }) {
  return Promise.resolve({ Successful: Entries.map(({ Id }) => ({ Id })) });
}

/** A port that pretends to do the first batch of deletes. */
function dropOneDelete(): Pick<Sabotage, "port"> {
  let isFirst = true;
  return portWith((port) => ({
    deleteMessageBatch(input) {
      if (!isFirst) return port.deleteMessageBatch(input);
      isFirst = false;
      return pretend(input);
    },
  }));
}

/** For a moment old handles work: what is said to be done is not held against the service in such a history. */
const OLD_HANDLES: History["faultPeriods"] = [
  { fromMs: 0, toMs: 1, isOutage: false, isDenied: false, faults: { oldReceiptHandlesWork: true } },
];

async function repeat(times: number, call: () => Promise<unknown>): Promise<void> {
  for (let index = 0; index < times; index += 1) await call().catch(() => undefined);
}

test("nothing is broken when nothing is sabotaged", async () => {
  expect(await findBroken({})).toBeUndefined();
});

test("a message deleted though its handler failed", async () => {
  const messages = plainMessages(3, { ending: "throwError" });
  expect(await findBroken({ retry: () => ack() }, { messages })).toBe("deletedUnsaid");
});

test("a handler that runs twice for one message", async () => {
  const sabotage: Partial<Sabotage> = {
    handler: (handler) => (message, context) => Promise.all([handler(message, context), handler(message, context)]),
  };
  expect(await findBroken(sabotage)).toBe("twiceAtOnce");
});

test("more handlers at once than there are slots", async () => {
  expect(await findBroken({ worker: () => new PoolWorker({ maxWorkers: 10 }) })).toMatch(/^(concurrency|overasked)$/u);
  const permits = () => new SemaphoreWorker({ permits: 4 });
  expect(await findBroken({ worker: permits })).toBe("concurrency");
});

test("a slot idle while messages wait", async () => {
  const worker = () => new PoolWorker({ maxWorkers: 1, waitingRoom: 50, waitingRoomMs: 60_000 });
  expect(await findBroken({ worker })).toBe("idleSlot");
});

test("messages asked for without places", async () => {
  const greedy = portWith((port) => ({
    receiveMessage: (input, options) => port.receiveMessage({ ...input, MaxNumberOfMessages: 10 }, options),
  }));
  const consumers = [{ ...PLAIN_CONSUMER, worker: { ...PLAIN_POOL, waitingRoom: 0 } }];
  expect(await findBroken(greedy, { consumers })).toBe("overasked");
});

test("a start on a lapsed lease", async () => {
  const late = portWith((port) => ({
    async receiveMessage(input, options) {
      const answer = await port.receiveMessage(input, options);
      // Refused requests of 2.5 ms each: what came is kept back for 12 s, which is longer than its lease.
      const isHeldBack = (answer.Messages ?? []).length > 0;
      if (isHeldBack) await repeat(4_800, () => port.sendMessageBatch({ QueueUrl: input.QueueUrl, Entries: [] }));
      return answer;
    },
  }));
  const messages = plainMessages(2).map((message) => ({ ...message, sentAtMs: 100 }));
  // With a fault, however small, messages may be hidden for a while without anybody knowing of them.
  const faultPeriods = [{ fromMs: 0, toMs: 1, isOutage: false, isDenied: false, faults: { throttling: 1e-9 } }];
  expect(await findBroken(late, { messages, faultPeriods })).toBe("lapsedStart");
});

test("a message that was received and forgotten", async () => {
  const forgetful = portWith((port) => ({
    async receiveMessage(input, options) {
      const { Messages = [] } = await port.receiveMessage(input, options);
      return { Messages: Messages.slice(1) };
    },
  }));
  expect(await findBroken(forgetful)).toBe("forgotten");
});

test("an acknowledgement that is said to be done and is not", async () => {
  expect(await findBroken(dropOneDelete())).toBe("falselyConfirmed");
});

test("a return that is said to be done and is not", async () => {
  const pretending = portWith(() => ({ changeMessageVisibilityBatch: pretend }));
  const messages = plainMessages(1, { ending: "release" });
  expect(await findBroken(pretending, { messages })).toBe("falselyConfirmed");
});

test("a return that comes later than is said", async () => {
  const late = portWith((port) => ({
    changeMessageVisibilityBatch: ({ QueueUrl, Entries }) =>
      port.changeMessageVisibilityBatch({
        QueueUrl,
        Entries: Entries.map((entry) => ({ ...entry, VisibilityTimeout: (entry.VisibilityTimeout ?? 0) + 30 })),
      }),
  }));
  const messages = plainMessages(1, { ending: "release" });
  expect(await findBroken(late, { messages })).toBe("falselyConfirmed");
});

test("an acknowledgement dropped before a stop", async () => {
  const history = { commands: startAndStop(2_000, 25_000), faultPeriods: OLD_HANDLES };
  expect(await findBroken(dropOneDelete(), history)).toBe("unacknowledgedAfterStop");
});

test("a queue that never becomes empty", async () => {
  const history = { messages: plainMessages(1), finale: "goOn", faultPeriods: OLD_HANDLES } as const;
  expect(
    await findBroken(
      portWith(() => ({ deleteMessageBatch: pretend })),
      history,
    ),
  ).toBe("stuck");
});

test("messages that were not started and stay hidden after a stop", async () => {
  const greedy = portWith(() => ({ changeMessageVisibilityBatch: pretend }));
  const messages = plainMessages(60, { durationMs: 500 });
  const history = { messages, commands: startAndStop(2_000, 25_000), faultPeriods: OLD_HANDLES };
  expect(await findBroken(greedy, history)).toBe("hiddenAfterStop");
});

test("requests after the stop", async () => {
  const restless = portWith((port) => ({
    receiveMessage(input, options) {
      void repeat(1_000, () => port.sendMessageBatch({ QueueUrl: input.QueueUrl, Entries: [] }));
      return port.receiveMessage(input, options);
    },
  }));
  const history = { messages: [], commands: startAndStop(1_000, 25_000) };
  expect(await findBroken(restless, history)).toBe("leftAfterStop");
});

test("a handler that throws where nobody catches it", async () => {
  const sabotage: Partial<Sabotage> = {
    handler: () => () => {
      void Promise.resolve().then(() => {
        process.emit("unhandledRejection", new Error("lost"), Promise.resolve());
      });
    },
  };
  expect(await findBroken(sabotage)).toBe("crash");
});

test("a consumer that hammers a service which is down", async () => {
  const hammering = portWith((port) => ({
    async receiveMessage(input, options) {
      await repeat(20, () => port.receiveMessage({ ...input, WaitTimeSeconds: 0 }, options));
      return port.receiveMessage(input, options);
    },
  }));
  const faultPeriods = [{ fromMs: 0, toMs: 20_000, isOutage: true, isDenied: false, faults: { connectionResets: 1 } }];
  expect(await findBroken(hammering, { messages: [], faultPeriods })).toBe("outage");
});

test("a consumer that keeps asking an empty queue", async () => {
  const impatient = portWith((port) => ({
    async receiveMessage(input, options) {
      await repeat(50, () => port.receiveMessage({ ...input, WaitTimeSeconds: 0 }, options));
      return port.receiveMessage(input, options);
    },
  }));
  expect(await findBroken(impatient, { messages: [] })).toBe("requests");
});

test("the smallest variant of a failing history still fails, and is smaller", async () => {
  const messages = [...plainMessages(30), ...plainMessages(1, { ending: "throwError" })];
  const sabotage = { ...NO_SABOTAGE, retry: () => ack() };
  const smallest = await shrinkHistory(plainHistory({ messages }), "deletedUnsaid", { sabotage });
  expect(smallest.messages.length).toBe(1);
  const { violations } = await playHistory(smallest, { sabotage });
  expect(violations[0]?.promise).toBe("deletedUnsaid");
});

test("a failure is told with its seed, its promise and its trace", async () => {
  const sabotage = { ...NO_SABOTAGE, handler: () => () => Promise.reject(new Error("never")), retry: () => ack() };
  const text = await describeFailure(3, { sabotage });
  expect(text).toContain("npm run simulate -- --seed 3 --runs 1");
  expect(text).toContain("a message is deleted only after its handler said so");
  expect(text).toMatch(/consumer \d +▷ DeleteMessageBatch m\d+ r\d+/u);
});
