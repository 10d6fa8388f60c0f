// Programs of the docs that claim to work, run as they stand there.
import type { Worker } from "millrace";
import { workerContract } from "millrace/testing";
import { describe, expect, test } from "vitest";
import { loadSnippet } from "../../support/load-snippet.js";

describe("the strategy of docs/custom-workers.md keeps the contract", async () => {
  const { AdjustableWorker } = await loadSnippet<{
    AdjustableWorker: new (limit: number) => Worker<undefined>;
  }>("docs/custom-workers.md", "AdjustableWorker");

  test.each(workerContract)("$name", async ({ run }) => {
    await expect(run(({ places }) => new AdjustableWorker(places))).resolves.toBeUndefined();
  });
});

describe("the test of docs/testing-your-handler.md", async () => {
  await loadSnippet("docs/testing-your-handler.md", "VirtualClock");
});
