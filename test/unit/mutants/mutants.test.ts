// The defects that are put into the source on purpose fit the source as it is, and the page has them all.
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { mutate } from "../../mutants/mutant.js";
import { MUTANTS } from "../../mutants/mutants.js";
import { readMutationTable } from "../../mutants/table.js";

const readSource = (file: string): string => readFileSync(new URL(`../../../src/${file}`, import.meta.url), "utf8");

it.each(MUTANTS.map((mutant) => [mutant.name, mutant] as const))("%s", (_, mutant) => {
  const source = readSource(mutant.file);
  expect(mutate(source, mutant)).not.toBe(source);
});

it("each has a name of its own", () => {
  expect(new Set(MUTANTS.map(({ name }) => name)).size).toBe(MUTANTS.length);
});

it("docs/mutations.md has them all, and no others", () => {
  expect(readMutationTable()).toEqual(MUTANTS.map(({ name, file }) => ({ name, file })));
});
