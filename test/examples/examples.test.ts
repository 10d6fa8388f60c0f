// Each example runs by itself, ends by itself, and prints what it promises.
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { runProgram } from "../support/program.js";

const PROGRAMS = readdirSync("examples").filter((name) => name.endsWith(".ts"));

/** Runs an example, expects that nothing went wrong, and gives the lines that it printed. */
async function run(name: string): Promise<string[]> {
  const { exitCode, output, errorOutput } = await runProgram(`examples/${name}`);
  // A machine that has no time for ten seconds is not the example's fault: nothing is lost by it.
  expect(errorOutput.replaceAll(/^.*REQUEST_TIMEOUT .*\n/gmu, "")).toBe("");
  expect(exitCode).toBe(0);
  return output.trimEnd().split("\n");
}

describe("the examples", () => {
  it("are all described in their README", () => {
    const readme = readFileSync("examples/README.md", "utf8");
    expect(PROGRAMS).not.toHaveLength(0);
    for (const name of PROGRAMS) expect(readme).toContain(`[\`${name}\`](${name})`);
  });

  it("are all run here", () => {
    const tests = [
      "examples/examples",
      "examples/graceful-stop",
      "examples/daemon-on-two-cores",
      "rabbitmq/work-queue",
    ];
    const sources = tests.map((name) => readFileSync(`test/${name}.test.ts`, "utf8"));
    for (const name of PROGRAMS) expect(sources.join()).toContain(name);
  });
});

describe.concurrent("smallest.ts", () => {
  it("handles three messages and acknowledges them", async () => {
    const lines = await run("smallest.ts");
    expect(lines.slice(0, 3).sort()).toEqual(["packed a pear", "packed a plum", "packed an apple"]);
    expect(lines.slice(3)).toEqual(["stopped, everything acknowledged: true; messages left: 0"]);
  });
});

describe.concurrent("direct-client.ts", () => {
  it("handles a thousand messages, and ends by itself with its sockets idle", async () => {
    expect(await run("direct-client.ts")).toEqual(["1000 packed; everything acknowledged: true; messages left: 0"]);
  });
});

describe.concurrent("validated-messages.ts", () => {
  it("handles what fits, retries what fails, and dead-letters what does not fit, with the reason", async () => {
    const lines = await run("validated-messages.ts");
    expect(lines.slice(0, 2).sort()).toEqual([
      "order 1: Ada pays 12.50, attempt 1",
      "order 4: Edsger pays 99.00, attempt 2",
    ]);
    expect(lines).toHaveLength(8);
    expect(lines[lines.indexOf("dead letter: not JSON at all") + 1]).toContain("is not JSON");
    const ofCustomer = lines.findIndex((line) => line.startsWith("dead letter") && line.includes('"id":2'));
    expect(lines[ofCustomer + 1]).toContain("does not fit its schema at customer");
    const ofPence = lines.findIndex((line) => line.startsWith("dead letter") && line.includes('"id":3'));
    expect(lines[ofPence + 1]).toContain("does not fit its schema at pence");
  });
});

describe.concurrent("rate-limited-api.ts", () => {
  it("sends every order, keeps to its rate, and pauses once when the API is busy", async () => {
    const lines = await run("rate-limited-api.ts");
    expect(lines.slice(0, 2)).toEqual(["the API is busy: paused for 1000 ms", "resumed"]);
    expect(lines[2]).toMatch(/^orders sent 150, done 150, refused and retried ([1-9]|1\d|20)$/);
    const [, most] = /^at most (\d+) calls within a second$/.exec(lines[3] ?? "") ?? [];
    expect(Number(most)).toBeLessThan(100);
  });
});

describe.concurrent("owned-connections.ts", () => {
  it("opens at most as many connections as there may be workers, and closes every one", async () => {
    const lines = await run("owned-connections.ts");
    const numbersOf = (what: string): string[] =>
      lines.filter((line) => line.includes(what)).map((line) => line.split(" ")[1] ?? "");
    const opened = numbersOf("has opened a connection");
    expect(opened.length).toBeGreaterThanOrEqual(8);
    expect(numbersOf("has closed its connection").sort()).toEqual(opened.sort());
    expect(lines).toContain("nothing to do: workers left: 1");
    expect(lines.at(-1)).toBe(`400 labels for 400 messages over ${opened.length} connections, at most 8 at once`);
  });
});

describe.concurrent("bulk-insert.ts", () => {
  it("inserts a hundred rows a statement, and has an outcome for each message", async () => {
    const [failure, rows, outcomes, statements = ""] = await run("bulk-insert.ts");
    expect(failure).toBe("a statement has failed, its rows come again: Error: deadlock");
    expect(rows).toBe("temperature 1495, pressure 500");
    expect(outcomes).toMatch(/^acknowledged 2005, dead letters 5, tried again \d+$/);
    const [, count, largest] = /^statements (\d+), the largest of (\d+) rows$/.exec(statements) ?? [];
    expect(Number(count)).toBeLessThan(100);
    expect(Number(largest)).toBe(100);
  });
});

describe.concurrent("thumbnails-on-threads.ts", () => {
  it("makes every thumbnail but the one that never ends, and leaves no thread", async () => {
    const lines = await run("thumbnails-on-threads.ts");
    expect(lines.slice(0, -1).sort()).toEqual([
      "picture 5: RangeError: picture 5 cannot be read (retry)",
      "picture 7: MillraceError: The handler has not ended 500 ms after its signal had aborted: its thread was ended. (deadLetter)",
    ]);
    expect(lines.at(-1)).toBe("23 thumbnails of 150 × 100 pixels, dead letters: 1, threads left: 0");
  });
});

describe.concurrent("lambda-managed.ts", () => {
  it("reports what has failed, what the deadline has cut off, and a FIFO group from its failure on", async () => {
    expect(await run("lambda-managed.ts")).toEqual([
      "failed: no greeting in xx",
      "Hello, Ada!",
      '3 messages: {"batchItemFailures":[{"itemIdentifier":"message-2"}]}',
      "Buongiorno, Grace!",
      "failed: The operation was aborted",
      '2 messages: {"batchItemFailures":[{"itemIdentifier":"message-2"}]}',
      "failed: no greeting in xx",
      "Hello, first of b!",
      '3 messages: {"batchItemFailures":[{"itemIdentifier":"message-1"},{"itemIdentifier":"message-2"}]}',
    ]);
  });
});

describe.concurrent("lambda-container.ts", () => {
  it("answers one event after the other, hundreds of messages at once, and ends with SIGTERM", async () => {
    expect(await run("lambda-container.ts")).toEqual([
      '10 messages: {"batchItemFailures":[]}',
      "message 13 has failed",
      '1000 messages: {"batchItemFailures":[{"itemIdentifier":"message-13"}]}',
      '0 messages: {"batchItemFailures":[]}',
      "handled 1010, at most 200 at once",
    ]);
  });
});

describe.concurrent("custom-runner.ts", () => {
  it("settles each file as its handler said, and stops when there are none left", async () => {
    const lines = await run("custom-runner.ts");
    const failures = ["job-10", "job-20", "job-30"].flatMap((job) =>
      [1, 2].map((attempt) => `${job} has failed, attempt ${attempt}`),
    );
    expect(lines.slice(0, -2).sort()).toEqual(failures);
    expect(lines.slice(-2)).toEqual([
      "done 28, retried 6, dropped 1, dead letters 1",
      "jobs/failed: job-7, job-7.reason",
    ]);
  });
});

describe.concurrent("noisy-tenant.ts", () => {
  it("limits and pauses the loud tenant, and the others go on", async () => {
    expect(await run("noisy-tenant.ts")).toEqual([
      "acme: 1000 done, at most 5 at once",
      "the others: 60 done, 60 of them before acme was through",
      "while acme was paused, the others went on: true",
    ]);
  });
});

describe.concurrent("fifo-ledger.ts", () => {
  it("books every account in order, the failing one a second later, and the others meanwhile", async () => {
    const lines = await run("fifo-ledger.ts");
    expect(lines.slice(0, 2).sort()).toEqual([
      "bob: entry 3 has failed: Error: the bank does not answer",
      "cyd: entry 10 went to the dead letters: 5oo is not an amount",
    ]);
    expect(lines.slice(2, 7)).toEqual([
      "ada: 1 2 3 4 5 6 7 8 9 10, balance 0.00",
      "bob: 1 2 3 4 5 6 7 8 9 10, balance 0.00",
      "cyd: 1 2 3 4 5 6 7 8 9, balance 5.00",
      "dee: 1 2 3 4 5 6 7 8 9 10, balance 0.00",
      "eve: 1 2 3 4 5 6 7 8 9 10, balance 0.00",
    ]);
    const [, meanwhile, atOnce] =
      /^while bob waited, (\d+) entries of others were booked; at most (\d+) accounts at once$/.exec(lines[7] ?? "") ??
      [];
    expect(Number(meanwhile)).toBeGreaterThan(10);
    expect(Number(atOnce)).toBeGreaterThan(2);
    expect(lines.slice(8)).toEqual(["dead letters: 1"]);
  });
});

describe.concurrent("embedded-jobs.ts", () => {
  it("tells results, statuses, attempts and failures, and halts one job and all", async () => {
    const lines = await run("embedded-jobs.ts");
    const masked = lines.map((line) => line.replace(/ran \d+ ms$/, "ran … ms"));
    expect(masked).toEqual([
      "job 1 is waiting",
      "its result: cat-small.png",
      "job 1  cat.png     succeeded  attempts 1  ran … ms",
      "job 2  dog.png     succeeded  attempts 1  ran … ms",
      "job 3  flaky.png   succeeded  attempts 3  ran … ms",
      "job 4  broken.png  failed  attempts 3  ran … ms",
      "job 5  bird.png    succeeded  attempts 1  ran … ms",
      "JOB_FAILED: Job 4 has failed. Attempts made: 3. It threw: Error: not a picture",
      "running 3, not ended 5",
      "MillraceError: Job 6 was halted. It would take too long.",
      "others: halted, halted, halted, halted; not ended 0",
    ]);
  });
});

describe.concurrent("daemon.ts", () => {
  it("does every job once, hundreds at a time, and prints what its author watches", async () => {
    const lines = await run("daemon.ts");
    const [summary = "", figures = ""] = lines.slice(-2);
    expect(summary).toMatch(/^done 4000 of 4000, retried \d+, everything acknowledged: true$/);
    const [, posted, atOnce, perMessage] = /^posted (\d+), at most (\d+) requests .*, ([\d.]+) per message$/.exec(
      figures,
    ) ?? ["", "", "", ""];
    expect(Number(posted)).toBe(4_000);
    expect(Number(atOnce)).toBeGreaterThan(200);
    expect(Number(atOnce)).toBeLessThanOrEqual(300);
    expect(Number(perMessage)).toBeLessThan(0.3);
    expect(lines[0]).toMatch(/^\d+\/s {2}running \d+ .* empty \d+ of \d+ {2}queue \d+ {2}\d+ MB$/);
  });
});

// Not beside the others: it keeps a core busy.
describe("120-queues.ts", () => {
  it("gives each class of queues its part, leaves none without, and takes up a message of an idle queue", async () => {
    const lines = await run("120-queues.ts");
    expect(lines[0]).toBe("120 queues, 50 handlers at once");
    // How close the parts are to the weights is for the tests in virtual time: here the machine has a say.
    const parts = lines
      .slice(1, 4)
      .map((line) => /had +([\d.]+) %; the least done by a queue: (\d+) messages$/u.exec(line));
    const [high = 0, middle = 0, low = 0] = parts.map((part) => Number(part?.[1]));
    expect([high > middle, middle > low]).toEqual([true, true]);
    for (const part of parts) expect(Number(part?.[2])).toBeGreaterThan(0);
    expect(lines[4]).toMatch(/^a message on the idle orders-high-1 started after \d+ ms$/u);
    expect(lines[5]).toMatch(/^stopped, everything acknowledged: true; given back unstarted: [1-9]\d*$/u);
  });
});
