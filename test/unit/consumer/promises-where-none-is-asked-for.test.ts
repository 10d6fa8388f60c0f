// A function of the user's that is to answer at once may be async all the same: its rejection must not end the process.
import { type Logger, type RetryPolicy, SemaphoreWorker, type SqsConsumerOptions } from "millrace";
import { afterEach, beforeEach, expect, test } from "vitest";
import { SimulatedQueue } from "../../support/simulated-queue.js";

let unhandled: unknown[];
const note = (reason: unknown): void => void unhandled.push(reason);

beforeEach(() => {
  unhandled = [];
  process.on("unhandledRejection", note);
});
afterEach(() => {
  process.off("unhandledRejection", note);
});

const reject = async (): Promise<never> => {
  throw new Error("not at once");
};
const log = reject as () => never;
const logger: Logger = { debug: log, info: log, warn: log, error: log };

test.each<[string, Partial<SqsConsumerOptions>, string[]]>([
  ["retry policy", { retry: reject as unknown as RetryPolicy }, ["RETRY_POLICY_FAILED"]],
  ["weight", { worker: new SemaphoreWorker({ weight: reject as unknown as () => number }) }, ["WEIGHT_FAILED"]],
  ["logger", { logger }, []],
])("an async %s that rejects", async (_name, options, codes) => {
  const queue = await SimulatedQueue.create({ messages: 1 });
  const handler = (): void => {
    throw new Error("a failure");
  };
  const consumer = queue.consume(handler, options);
  await queue.clock.runUntil(consumer.start());
  await queue.clock.advance(10);
  expect(consumer.reported.map(({ code }) => code)).toEqual(codes);
  await queue.clock.runUntil(consumer.stop());
  expect(unhandled).toEqual([]);
});
