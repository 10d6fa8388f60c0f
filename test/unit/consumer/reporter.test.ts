// Errors that no promise carries are counted, logged and told, and reporting them never fails.
import { type Logger, MillraceError } from "millrace";
import { beforeEach, describe, expect, test } from "vitest";
import { createCounters } from "../../../src/consumer/counters.js";
import { Reporter } from "../../../src/consumer/reporter.js";

describe("the reporter", () => {
  let told: MillraceError[];
  let lines: string[];

  function createReporter(log: (line: string) => void = (line) => void lines.push(line)): Reporter {
    const logger: Logger = {
      debug: (message) => log(`debug ${message}`),
      info: (message) => log(`info ${message}`),
      warn: (message) => log(`warn ${message}`),
      error: (message) => log(`error ${message}`),
    };
    return new Reporter({ logger, counters, emit: (error) => told.push(error) });
  }

  let counters = createCounters();
  beforeEach(() => {
    told = [];
    lines = [];
    counters = createCounters();
  });

  test("tells, logs and counts an error of millrace as it is", () => {
    const error = new MillraceError("THROTTLED", "slower");
    createReporter().report(error);
    expect([told, lines, counters.errors]).toEqual([[error], ["error millrace: slower"], 1]);
  });

  test.each([[new Error("boom")], ["boom"], [undefined], [Object.create(null) as unknown], [Symbol("boom")]])(
    "makes whatever else was thrown into one: %o",
    (thrown) => {
      createReporter().report(thrown);
      expect(told).toHaveLength(1);
      expect(told[0]).toMatchObject({ code: "INTERNAL", cause: thrown });
    },
  );

  test("only logs and counts that a listener of errors has failed", () => {
    createReporter().listenerFailed("error", new Error("boom"));
    expect([told, lines.length, counters.errors]).toEqual([[], 1, 1]);
  });

  test("tells that a listener of something else has failed", () => {
    const cause = new Error("boom");
    createReporter().listenerFailed("started", cause);
    expect(told[0]).toMatchObject({ code: "LISTENER_FAILED", cause });
  });

  test("goes on when the logger throws, and without one", () => {
    const broken = createReporter(() => {
      throw new Error("no log");
    });
    broken.report(new MillraceError("THROTTLED", "slower"));
    new Reporter({ logger: undefined, counters, emit: (error) => told.push(error) }).report("boom");
    expect(told).toHaveLength(2);
  });
});
