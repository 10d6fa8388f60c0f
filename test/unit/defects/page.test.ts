// docs/known-defects.md names the tests in these folders: what it says of them stays true.
import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";

const REPOSITORY = new URL("../../../", import.meta.url);
const TESTED = 63;

/** The names of all tests that begin with a number of the page, with the file's path in front. */
function readTestNames(): Set<string> {
  const names = new Set<string>();
  for (const folder of ["test/unit/defects", "test/integration"]) {
    for (const file of readdirSync(new URL(folder, REPOSITORY)).filter((name) => name.endsWith(".test.ts"))) {
      const source = readFileSync(new URL(`${folder}/${file}`, REPOSITORY), "utf8");
      for (const [, name] of source.matchAll(/"(\d+: [^"]*?)(?:: \$name)?"/gu)) {
        names.add(`${folder}/${file}: ${name}`);
      }
    }
  }
  return names;
}

/** The same names, as the page gives them. */
function readNamesOnPage(): Set<string> {
  const page = readFileSync(new URL("docs/known-defects.md", REPOSITORY), "utf8");
  const names = new Set<string>();
  for (const [, number, cells = ""] of page.matchAll(/^\| *(\d+) *\|(.*)\|$/gmu)) {
    for (const [, path, name] of cells.matchAll(/\]\(\.\.\/([^)]*)\): (.*?)(?:<br>| *$)/gu)) {
      names.add(`${path}: ${number}: ${name?.trim()}`);
    }
  }
  return names;
}

it("the page of known defects lists every numbered test, and no other", () => {
  expect([...readNamesOnPage()].toSorted()).toEqual([...readTestNames()].toSorted());
});

it("every defect that can occur has a test", () => {
  const numbers = new Set([...readTestNames()].map((name) => Number(/: (\d+): /u.exec(name)?.[1])));
  expect([...numbers].toSorted((a, b) => a - b)).toEqual(Array.from({ length: TESTED }, (_, index) => index + 1));
});
