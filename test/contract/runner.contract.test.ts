// Every runner does what the contract says, and the contract finds those that do not.
import { readFileSync } from "node:fs";
import { runnerContract, type RunnerSubject } from "millrace/testing";
import { describe, expect, test } from "vitest";
import type { RunnerDefect } from "./broken-runners.js";
import { brokenSubject } from "./runners/broken.js";
import { folderSubject } from "./runners/folder.js";
import { lambdaSubject } from "./runners/lambda.js";
import { memorySubject } from "./runners/memory.js";
import { httpSqsSubject, simulatedFifoSubject, simulatedSqsSubject } from "./runners/sqs.js";

const subjects: ReadonlyArray<readonly [string, RunnerSubject<never>]> = [
  ["a runner of one's own", brokenSubject("none")],
  ["the runner of docs/custom-runners.md", folderSubject],
  ["LambdaRunner over HTTP", lambdaSubject],
  ["MemoryRunner", memorySubject],
  ["SqsRunner and the simulated SQS", simulatedSqsSubject],
  ["SqsRunner and a simulated FIFO queue", simulatedFifoSubject],
  ["SqsRunner over HTTP", httpSqsSubject],
];

describe.concurrent.each(subjects)("%s", (_name, subject) => {
  const cases = runnerContract(subject).map((contractCase) => [contractCase.name, contractCase] as const);

  test.for(cases)("%s", async ([, { isLeftOut, run }], { skip, expect }) => {
    skip(isLeftOut); // The name says why.
    expect.assertions(0); // The case asserts by itself.
    await run();
  });
});

/** What a case complains of; undefined when it is content. */
async function complaintOf(attempt: Promise<void> | undefined): Promise<unknown> {
  try {
    await attempt;
    return undefined;
  } catch (error) {
    return error instanceof Error ? `${error.name} ${error.stack}` : error;
  }
}

const defects: ReadonlyArray<readonly [RunnerDefect, string]> = [
  ["asks for one more than it has places", "has no more messages here than there are places"],
  ["asks without places", "takes nothing while every place is taken, and goes on when one is free"],
  ["forgets to give places back", "gives back the places for which no message came"],
  ["gives places back twice", "gives back the places for which no message came"],
  ["keeps the places of requests that failed", "keeps its places through failures"],
  ["waits for all that one request brought", "lets a slow message block no other"],
  ["delivers a message twice", "delivers every message once, however many there are"],
  ["does not say how large a message is", "delivers every message once, however many there are"],
  ["confirms twice", "confirms every outcome, and each of them once"],
  ["answers nothing, and confirms later", "confirms every outcome, and each of them once"],
  ["confirms before it has told the source", "confirms nothing that the source was not told"],
  ["tells the source of no release", "release: the message can be had again at once"],
  ["tells the source of no release", "gives back the messages that have not started when it stops"],
  ["takes a drop for a retry", "drop: the source no longer has the message, and it is no dead letter"],
  ["swallows the delay of a retry", "retry with a delay: the message comes again, and not before its time"],
  ["swallows dead letters", "deadLetter: the message is among the dead letters, and nowhere else"],
  ["says that every attempt is the first", "counts attempts from 1, one more with each retry"],
  ["lets leases lapse", "keeps a message for as long as its handler runs"],
  [
    "keeps to itself what was taken back",
    "a message that is taken back while it runs: its signal aborts, it is settled once",
  ],
  ["keeps to itself what was taken back", "a message that is taken back while it waits does not start"],
  ["says nothing of failures", "reports that the source fails, and goes on when it no longer does"],
  ["ends when a request fails", "reports that the source fails, and goes on when it no longer does"],
  ["tries again at once after a failure", "leaves a source alone that fails, instead of trying all the time"],
  ["opens though there is no source", "open rejects when there is no source; nothing half-started remains"],
  ["leaves a timer when it cannot open", "open rejects when there is no source; nothing half-started remains"],
  ["resolves run before its requests have ended", "a message that comes while it stops is done, or can be had again"],
  ["goes on asking after a stop", "takes nothing any more when it has stopped"],
  ["does not end its request at the deadline", "ends its requests at the deadline of the stop"],
  ["forgets to flush in close", "has told the source every outcome when it has stopped"],
  ["takes all the time it wants to close", "ends close when its time is over, though the source confirms nothing"],
  ["cannot be started again", "can be started again, with all its places"],
  ["waits for a timer of an earlier life", "goes on after a restart beside a handler that the stop has given up on"],
  ["waits for a timer of an earlier life", "loses nothing and breaks nothing in a random history (1)"],
  ["leaves its renewals running", "stops before anything came"],
  ["counts settlements for ever", "stats tell what is unconfirmed, and that nothing is left after a stop"],
];

describe("the contract finds a runner that", () => {
  test.each(defects)("%s: it %s", async (defect, caseName) => {
    const contractCase = runnerContract(brokenSubject(defect)).find(({ name }) => name === caseName);
    expect(await complaintOf(contractCase?.run())).toMatch(/^AssertionError/u);
  });
});

test("a case that is left out says why", () => {
  const left = runnerContract({ ...memorySubject, traits: {} }).filter(({ isLeftOut }) => isLeftOut);
  const names = left.map(({ name }) => name);
  expect(names).toContain(
    "retry with a delay: the message comes again, and not before its time (left out: the source has no delays)",
  );
  for (const name of names) expect(name).toMatch(/ \(left out: .+\)$/u);
});

test("a trait that the harness cannot show is an error that names what is missing", async () => {
  const [first] = runnerContract({ ...memorySubject, traits: { canHang: true } });
  await expect(first?.run()).rejects.toThrow("The trait canHang is set, and the harness has no hang.");
});

test("every trait is in docs/custom-runners.md", () => {
  const harness = readFileSync("src/testing/runner/harness.ts", "utf8");
  const traits = /interface RunnerTraits \{(.*?)^\}/msu.exec(harness)?.[1] ?? "";
  const names = [...traits.matchAll(/^ {2}readonly (\w+)\?:/gmu)].map(([, name = ""]) => name);
  expect(names.length).toBeGreaterThan(10);
  const page = readFileSync("docs/custom-runners.md", "utf8");
  expect(names.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
});
