// Loads programs of the docs, as they stand there.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

const FOLDER = resolve(".cache/docs-run");

/** Writes the TypeScript block of a page that has `mark` in it to a file, and loads that. */
export async function loadSnippet<Module>(page: string, mark: string): Promise<Module> {
  const blocks = [...readFileSync(page, "utf8").matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(([, code = ""]) => code);
  const block = blocks.find((code) => code.includes(mark));
  if (block === undefined) throw new Error(`${page} has no block with ${mark}`);
  mkdirSync(FOLDER, { recursive: true });
  const file = join(FOLDER, `${mark.replace(/\W+/gu, "-")}.ts`);
  writeFileSync(file, block);
  return (await import(file)) as Module;
}
