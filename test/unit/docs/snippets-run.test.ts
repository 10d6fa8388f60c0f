// Programs of the docs that claim to work, run as they stand there.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Worker } from "millrace";
import { workerContract } from "millrace/testing";
import { describe, expect, test } from "vitest";

const FOLDER = resolve(".cache/docs-run");

/** Writes the TypeScript block of a page that has `mark` in it to a file, and loads that. */
async function load<Module>(page: string, mark: string): Promise<Module> {
  const blocks = [...readFileSync(page, "utf8").matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(([, code = ""]) => code);
  const block = blocks.find((code) => code.includes(mark));
  expect(block, `${page} has a block with ${mark}`).toBeDefined();
  mkdirSync(FOLDER, { recursive: true });
  const file = join(FOLDER, `${mark}.ts`);
  writeFileSync(file, block ?? "");
  return (await import(file)) as Module;
}

describe("the strategy of docs/custom-workers.md keeps the contract", async () => {
  const { OnePerKeyWorker } = await load<{
    OnePerKeyWorker: new (limit: number, keyOf: (message: unknown) => string) => Worker<undefined>;
  }>("docs/custom-workers.md", "OnePerKeyWorker");

  test.each(workerContract)("$name", async ({ run }) => {
    await expect(run(({ places }) => new OnePerKeyWorker(places, String))).resolves.toBeUndefined();
  });
});

describe("the test of docs/testing-your-handler.md", async () => {
  await load("docs/testing-your-handler.md", "VirtualClock");
});
