// What docs/reliability.md names as proof is there: the files, and the scripts.
import { existsSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";

const page = readFileSync("docs/reliability.md", "utf8");
const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as { scripts: Record<string, string> };

it("every test that the page names exists", () => {
  const files = [...page.matchAll(/`(test\/[^`]+)`/gu)].map(([, file = ""]) => file);
  expect(files.length).toBeGreaterThan(10);
  expect(files.filter((file) => !existsSync(file))).toEqual([]);
});

it("every script that the page names exists", () => {
  const names = [...page.matchAll(/`npm run ([\w:-]+)/gu)].map(([, name = ""]) => name);
  expect(names.length).toBeGreaterThan(5);
  expect(names.filter((name) => !(name in scripts))).toEqual([]);
});
