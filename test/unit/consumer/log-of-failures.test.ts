import { Consumer, type Logger, MemoryRunner } from "millrace";
import { VirtualClock } from "millrace/testing";
import { expect, it } from "vitest";

it("a handler that fails is seen in the log, with what it threw and without the message", async () => {
  const clock = new VirtualClock();
  const lines: Array<readonly [level: string, line: string, facts?: unknown]> = [];
  const logger = Object.fromEntries(
    ["debug", "info", "warn", "error"].map((level) => [
      level,
      (line: string, facts?: unknown) => void lines.push([level, line, facts]),
    ]),
  ) as unknown as Logger;
  const runner = new MemoryRunner<string>({ maxAttempts: 1, clock });
  const error = new Error("no such customer");
  const handler = (): never => {
    throw error;
  };
  const consumer = new Consumer(handler, { runner, logger, clock });
  const job = runner.enqueue("a secret");
  await clock.runUntil(consumer.start());
  await clock.runUntil(() => job.status === "failed");
  await clock.runUntil(consumer.stop());
  expect(lines.map(([level]) => level)).toEqual(["info", "warn", "info", "info"]);
  expect(lines[1]).toEqual(["warn", "millrace: a handler has failed: retry", { attempt: 1, error }]);
  expect(JSON.stringify(lines)).not.toContain("a secret");
});
