// Every runner does what the contract says.
import { runnerContract, type RunnerSubject } from "millrace/testing";
import { beforeEach, describe, expect, test } from "vitest";
import { isolateAwsEnvironment } from "../support/http-queue.js";
import { memorySubject } from "./runners/memory.js";
import { httpSqsSubject, simulatedSqsSubject } from "./runners/sqs.js";

const subjects: ReadonlyArray<readonly [string, RunnerSubject<never>]> = [
  ["MemoryRunner", memorySubject],
  ["SqsRunner and the simulated SQS", simulatedSqsSubject],
  ["SqsRunner over HTTP", httpSqsSubject],
];

beforeEach(() => isolateAwsEnvironment());

describe.each(subjects)("%s", (_name, subject) => {
  const cases = runnerContract(subject).map((contractCase) => [contractCase.name, contractCase] as const);

  test.for(cases)("%s", async ([, { isLeftOut, run }], { skip }) => {
    skip(isLeftOut); // The name says why.
    expect.assertions(0); // The case asserts by itself.
    await run();
  });
});
