// Every runner does what the contract says.
import { runnerContract, type RunnerSubject } from "millrace/testing";
import { describe, test } from "vitest";
import { memorySubject } from "./runners/memory.js";
import { httpSqsSubject, simulatedSqsSubject } from "./runners/sqs.js";

const subjects: ReadonlyArray<readonly [string, RunnerSubject<never>]> = [
  ["MemoryRunner", memorySubject],
  ["SqsRunner and the simulated SQS", simulatedSqsSubject],
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
